package ckpt_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/state"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
)

// touch makes empty files and their directories. Latest does not read the contents of these files.
func touch(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		name = filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o777))
		require.NoError(t, os.WriteFile(name, nil, 0o666))
	}
}

func TestLatest(t *testing.T) {
	t.Run("K-13 without a state file or a directory, the result is empty", func(t *testing.T) {
		dir := t.TempDir()
		require.Empty(t, ckpttest.Latest(t, dir))
		require.Empty(t, ckpttest.Latest(t, filepath.Join(dir, "none")))
		touch(t, dir, "file", "sub/checkpoint/x")
		require.Empty(t, ckpttest.Latest(t, filepath.Join(dir, "file")), "a file is not a directory")
		require.Empty(t, ckpttest.Latest(t, filepath.Join(dir, "sub")), "a directory is not a state file")
	})
	t.Run("K-14 if the files are missing, the result is empty and logged: an older checkpoint is not the latest", func(t *testing.T) {
		dir := t.TempDir()
		touch(t, dir, "ckpt-1.index")
		ckpttest.WriteState(t, dir, &state.State{Latest: "ckpt-2", All: []string{"ckpt-1", "ckpt-2"}})
		logger, lines := ckpttest.Logged()
		require.Empty(t, ckpttest.Latest(t, dir, ckpt.WithLogger(logger)))
		require.Equal(t, []string{`msg="Couldn't match files for checkpoint"`}, lines())
	})
	t.Run("K-16 a file of the older format is found", func(t *testing.T) {
		dir := t.TempDir()
		touch(t, dir, "old", "both", "both.index")
		for _, name := range []string{"old", "both"} {
			ckpttest.WriteState(t, dir, &state.State{Latest: name})
			require.Equal(t, filepath.Join(dir, name), ckpttest.Latest(t, dir))
		}
	})
	t.Run("K-08 stored paths are joined with the directory and not cleaned", func(t *testing.T) {
		dir := t.TempDir()
		touch(t, dir, "model.ckpt-1.index", "sub/ckpt.index")
		for _, path := range []string{"./model.ckpt-1", "sub/ckpt", "sub/../model.ckpt-1"} {
			ckpttest.WriteState(t, dir, &state.State{Latest: path})
			require.Equal(t, dir+string(filepath.Separator)+path, ckpttest.Latest(t, dir))
		}
	})
	t.Run("K-05 a path that leads out of the directory is an error", func(t *testing.T) {
		dir := t.TempDir()
		touch(t, dir, "ckpt.index", "train/x")
		for _, path := range []string{"../ckpt", filepath.Join(dir, "ckpt")} {
			ckpttest.WriteState(t, filepath.Join(dir, "train"), &state.State{Latest: path})
			_, err := ckpt.Latest(filepath.Join(dir, "train"))
			require.ErrorContains(t, err, path)
			require.ErrorContains(t, err, filepath.Join(dir, "train", "checkpoint"))
		}
	})
	t.Run("an absolute path may lead elsewhere if the caller allows it", func(t *testing.T) {
		dir := t.TempDir()
		train := filepath.Join(dir, "train")
		elsewhere, err := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(7)}).Write(ctx, filepath.Join(dir, "ckpt"))
		require.NoError(t, err)
		touch(t, train, "ckpt.index") // another file with the same base name
		ckpttest.WriteState(t, train, &state.State{Latest: elsewhere, All: []string{elsewhere}, Timestamps: []float64{1}})
		require.Equal(t, filepath.Join(train, "ckpt"), ckpttest.Latest(t, train))
		require.Equal(t, elsewhere, ckpttest.Latest(t, train, ckpt.AbsolutePaths()))
		v := ckpttest.Scalar(0)
		require.NoError(t, ckpt.LoadWeights(ctx, train, ckpt.Group{"v": v}, ckpt.AbsolutePaths()))
		require.Equal(t, float32(7), ckpttest.Value(v))
		require.Equal(t, elsewhere, ckpttest.Must(ckpt.WaitForNew(ctx, train, "", ckpt.AbsolutePaths())))
		m := ckpttest.Manage(t, ckpttest.New(t, ckpt.Group{"v": v}), train, ckpt.KeepLast(1), ckpt.AbsolutePaths())
		require.Equal(t, elsewhere, ckpttest.Must(m.RestoreOrInitialize(ctx)))
		ckpttest.Save(t, m)
		ckpttest.Save(t, m)
		require.FileExists(t, elsewhere+".index", "files elsewhere are not deleted")

		ckpttest.WriteState(t, train, &state.State{Latest: "../ckpt"})
		_, err = ckpt.Latest(train, ckpt.AbsolutePaths())
		require.ErrorContains(t, err, "../ckpt", "a relative path does not lead out of the directory")
		ckpttest.WriteState(t, train, &state.State{Latest: filepath.Join(dir, "gone", "ckpt")})
		require.Equal(t, filepath.Join(train, "ckpt"), ckpttest.Latest(t, train, ckpt.AbsolutePaths()))
	})
	t.Run("K-06 an absolute path is used if it leads into the directory, or does not exist any more", func(t *testing.T) {
		dir := t.TempDir()
		touch(t, dir, "ckpt.index")
		for _, path := range []string{filepath.Join(dir, "ckpt"), filepath.Join(dir, "gone", "ckpt")} {
			ckpttest.WriteState(t, dir, &state.State{Latest: path})
			require.Equal(t, filepath.Join(dir, "ckpt"), ckpttest.Latest(t, dir))
		}
	})
	t.Run("K-11 a state file without a latest checkpoint is an error", func(t *testing.T) {
		dir := t.TempDir()
		touch(t, dir, "checkpoint")
		_, err := ckpt.Latest(dir)
		require.ErrorIs(t, err, ckpt.ErrCorrupt)
		require.ErrorContains(t, err, "Invalid checkpoint state loaded from "+dir)
	})
	t.Run("K-12 a state file that cannot be parsed is logged and ignored", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "checkpoint"), []byte("\x00\x01"), 0o666))
		logger, lines := ckpttest.Logged()
		require.Empty(t, ckpttest.Latest(t, dir, ckpt.WithLogger(logger)))
		require.Len(t, lines(), 1)
		require.Contains(t, lines()[0], "Checkpoint ignored")
	})
	t.Run("K-17 a state file of another name", func(t *testing.T) {
		dir := t.TempDir()
		c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)})
		path, err := c.Save(ctx, filepath.Join(dir, "ckpt"), ckpt.StateFile("eval"))
		require.NoError(t, err)
		require.NoError(t, ckpt.SaveWeights(ctx, filepath.Join(dir, "weights"), &struct{}{}, ckpt.StateFile("weights.txt"), ckpt.AllowEmpty()))
		require.NoFileExists(t, filepath.Join(dir, "checkpoint"))
		require.Empty(t, ckpttest.Latest(t, dir))
		require.Equal(t, path, ckpttest.Latest(t, dir, ckpt.StateFile("eval")))
		require.Equal(t, filepath.Join(dir, "weights"), ckpttest.Latest(t, dir, ckpt.StateFile("weights.txt")))
		r, err := ckpt.Open(dir, ckpt.StateFile("eval"))
		require.NoError(t, err)
		require.Equal(t, path, r.Prefix())
		require.NoError(t, r.Close())
	})
	t.Run("K-20 K-21 directories relative to the working directory", func(t *testing.T) {
		t.Chdir(t.TempDir())
		c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)})
		_, err := c.Save(ctx, "noslash")
		require.NoError(t, err)
		require.Equal(t, "."+string(filepath.Separator)+"noslash-1", ckpttest.Latest(t, "."))
		require.Equal(t, "noslash-1", ckpttest.Latest(t, ""))
		require.Equal(t, []string{"noslash-1"}, ckpttest.StateOf(t, "").All)
		path, err := c.Save(ctx, filepath.Join("train", "ckpt"))
		require.NoError(t, err)
		require.Equal(t, path, ckpttest.Latest(t, "train"))
	})
	t.Run("Q-05 in any filesystem", func(t *testing.T) {
		fsys := fstest.MapFS{"a/checkpoint": {Data: []byte("model_checkpoint_path: 'ckpt-1'")}, "a/ckpt-1.index": {}}
		require.Equal(t, filepath.Join("a", "ckpt-1"), ckpttest.Latest(t, "a", ckpt.WithFS(fsys)))
	})
}

func TestLatestAsTensorFlow(t *testing.T) {
	dir := filepath.Join("testdata", "golden", "state-files")
	data, err := os.ReadFile(filepath.Join(dir, "expect.json"))
	require.NoError(t, err)
	var expect struct{ Latest map[string]*string }
	require.NoError(t, json.Unmarshal(data, &expect))
	require.Len(t, expect.Latest, 16)
	// These cases differ from TensorFlow, for these reasons.
	others := map[string]string{
		"elsewhere":     "ckpt",  // if an absolute path is gone, its base name is looked up in the directory
		"outside":       "error", // no path leads out of the directory
		"unknown-field": "ckpt",  // a later version may have more fields
		"not-utf8":      "",      // a file that cannot be parsed is ignored, for any reason
	}
	for name, path := range expect.Latest {
		t.Run("K-12 "+name, func(t *testing.T) {
			want, differ := others[name]
			if !differ && path != nil {
				want = strings.TrimPrefix(*path, "./")
			}
			got, err := ckpt.Latest(dir, ckpt.StateFile(name+".checkpoint"))
			if strings.HasPrefix(want, "error") {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			if want != "" {
				want = filepath.Join(dir, want)
			}
			require.Equal(t, want, got)
		})
	}
}

func TestStateFileOfSave(t *testing.T) {
	t.Run("K-04 W-02 W-03 K-05 two lines, paths relative to the file, and nothing is deleted", func(t *testing.T) {
		dir := t.TempDir()
		c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)})
		for range 10 {
			_, err := c.Save(ctx, filepath.Join(dir, "ckpt"))
			require.NoError(t, err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
		require.NoError(t, err)
		require.Equal(t, "model_checkpoint_path: \"ckpt-10\"\nall_model_checkpoint_paths: \"ckpt-10\"\n", string(text))
		require.Len(t, ckpttest.OnDisk(t, dir), 10)
	})
	t.Run("K-18 a checkpoint cannot have the name of the state file", func(t *testing.T) {
		dir := t.TempDir()
		err := ckpt.SaveWeights(ctx, filepath.Join(dir, "checkpoint"), &struct{}{})
		require.ErrorContains(t, err, "conflicts with path used for checkpoint state")
		_, err = ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)}).Save(ctx, filepath.Join(dir, "ckpt"), ckpt.StateFile("ckpt-1"))
		require.ErrorContains(t, err, "conflicts with path used for checkpoint state")
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, entries, "it is rejected before anything is written")
	})
	t.Run("K-19 the state file is written under another name and renamed", func(t *testing.T) {
		disk := errfs.New()
		_, err := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)}, ckpttest.On(disk)).Save(ctx, "train/ckpt")
		require.NoError(t, err)
		var ops []string
		for _, op := range disk.Log() {
			if strings.Contains(op.Name, "checkpoint.") {
				ops = append(ops, string(op.Kind))
				require.Regexp(t, `^train.checkpoint\.tmp[0-9a-f]{32}$`, op.Name)
			}
		}
		require.Equal(t, []string{"create", "write", "sync", "close", "stat", "rename"}, ops)
	})
	t.Run("W-28 weights without a base name are found again", func(t *testing.T) {
		dir := t.TempDir() + string(filepath.Separator)
		w := struct{ V any }{ckpttest.Scalar(3)}
		require.NoError(t, ckpt.SaveWeights(ctx, dir, &w))
		require.FileExists(t, dir+".index")
		r, err := ckpt.Open(ckpttest.Latest(t, dir))
		require.NoError(t, err)
		require.True(t, r.Has("v/.ATTRIBUTES/VARIABLE_VALUE"))
		require.NoError(t, r.Close())
	})
}

func TestCheckpointFiles(t *testing.T) {
	save := func(t *testing.T, prefix string) string {
		path, err := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)}).Write(ctx, prefix)
		require.NoError(t, err)
		return path
	}
	t.Run("K-22 K-16 a checkpoint exists when its index does, or a file of the older format", func(t *testing.T) {
		dir := t.TempDir()
		path := save(t, filepath.Join(dir, "ckpt"))
		require.True(t, ckpt.Exists(path))
		require.False(t, ckpt.Exists(path+"-2"))
		require.NoError(t, os.Remove(path+".index"))
		require.False(t, ckpt.Exists(path))
		touch(t, dir, "old")
		require.True(t, ckpt.Exists(filepath.Join(dir, "old")))
	})
	t.Run("K-22 removing deletes the index, the data files and the .meta file, and no others", func(t *testing.T) {
		dir := t.TempDir()
		path := save(t, filepath.Join(dir, "ckpt-1"))
		touch(t, dir, "ckpt-1.meta", "ckpt-1.data-00003-of-00004", "ckpt-1.data-x", "ckpt-10.index", "checkpoint")
		require.NoError(t, ckpt.Remove(path))
		require.NoError(t, ckpt.Remove(path), "again")
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		var left []string
		for _, e := range entries {
			left = append(left, e.Name())
		}
		require.Equal(t, []string{"checkpoint", "ckpt-1.data-x", "ckpt-10.index"}, left)
	})
	t.Run("K-22 the shards of a Saver share one .meta file", func(t *testing.T) {
		dir := t.TempDir()
		touch(t, dir, "model-7.meta", "model-7-00000-of-00002.index")
		require.NoError(t, ckpt.Remove(filepath.Join(dir, "model-7-?????-of-00002")))
		require.NoFileExists(t, filepath.Join(dir, "model-7.meta"))
		require.FileExists(t, filepath.Join(dir, "model-7-00000-of-00002.index"), "a name is not a pattern")
	})
	t.Run("K-22 with an empty base name", func(t *testing.T) {
		dir := t.TempDir() + string(filepath.Separator)
		save(t, dir)
		require.NoError(t, ckpt.Remove(dir))
		require.NoFileExists(t, dir+".index")
		require.ErrorContains(t, ckpt.Remove(""), "the path is empty")
	})
	t.Run("K-22 a file of the older format is not removed", func(t *testing.T) {
		dir := t.TempDir()
		touch(t, dir, "old")
		require.ErrorContains(t, ckpt.Remove(filepath.Join(dir, "old")), "V1")
		require.FileExists(t, filepath.Join(dir, "old"))
	})
	t.Run("K-22 later saves do not have earlier times, and a missing checkpoint does not have a time", func(t *testing.T) {
		dir := t.TempDir()
		var last time.Time
		for _, name := range []string{"a", "b", "c"} {
			at, err := ckpt.ModTime(save(t, filepath.Join(dir, name)))
			require.NoError(t, err)
			require.False(t, at.Before(last))
			last = at
		}
		_, err := ckpt.ModTime(filepath.Join(dir, "d"))
		require.ErrorIs(t, err, ckpt.ErrNotFound)
		touch(t, dir, "old")
		_, err = ckpt.ModTime(filepath.Join(dir, "old"))
		require.NoError(t, err)
	})
}
