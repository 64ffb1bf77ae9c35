package faults

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

type weights struct{ V tensor.Tensor[float32] }

func newWeights(v float32) *weights {
	w := &weights{V: *tensor.New[float32](1)}
	w.V.Set(v, 0)
	return w
}

// writeFile writes text to a file below dir.
func writeFile(t *testing.T, dir, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
}

// save writes checkpoints with these names in dir. Their values count from 1.
func save(t *testing.T, dir string, names ...string) {
	t.Helper()
	for i, name := range names {
		c, err := ckpt.New(newWeights(float32(i + 1)))
		require.NoError(t, err)
		_, err = c.Write(t.Context(), filepath.Join(dir, name))
		require.NoError(t, err)
	}
}

func TestStateFilesOfOtherSystems(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o777))
	save(t, dir, "ckpt-1", "ckpt-2", "sub/ckpt-3")
	for _, tt := range []struct {
		named string
		want  string
	}{
		{`/home/other/run/ckpt-2`, "ckpt-2"},
		{`C:\Users\me\run\ckpt-2`, "ckpt-2"},
		{`C:/Users/me/run/ckpt-2`, "ckpt-2"},
		{`\\server\share\run\ckpt-2`, "ckpt-2"},
		{`.\ckpt-2`, "./ckpt-2"},
		{`sub\ckpt-3`, "sub/ckpt-3"},
		{`gs://bucket/run/ckpt-2`, "ckpt-2"},
		{`file:///home/other/run/ckpt-2`, "ckpt-2"},
		{`hdfs://node:8020/run/ckpt-2`, "ckpt-2"},
	} {
		t.Run(tt.named, func(t *testing.T) {
			writeFile(t, dir, "checkpoint", "model_checkpoint_path: \""+strings.ReplaceAll(tt.named, `\`, `\\`)+"\"\n")
			latest, err := ckpt.Latest(dir)
			require.NoError(t, err)
			require.Equal(t, dir+"/"+tt.want, filepath.ToSlash(latest))
			var w weights
			require.NoError(t, ckpt.LoadWeights(t.Context(), dir, &w))
		})
	}
	for _, named := range []string{`..\ckpt-2`, `C:\run\..`, `gs://bucket/..`} {
		t.Run(named+" leads out", func(t *testing.T) {
			writeFile(t, dir, "checkpoint", "model_checkpoint_path: \""+strings.ReplaceAll(named, `\`, `\\`)+"\"\n")
			_, err := ckpt.Latest(dir)
			require.ErrorContains(t, err, "leads out of the directory")
		})
	}
}

func TestLatestThatIsGone(t *testing.T) {
	t.Run("the error lists the checkpoints in the directory", func(t *testing.T) {
		dir := t.TempDir()
		save(t, dir, "ckpt-9", "ckpt-10", "weights")
		writeFile(t, dir, "checkpoint", `model_checkpoint_path: "ckpt-11"`)
		for _, path := range []string{dir, filepath.Join(dir, "checkpoint")} {
			_, err := ckpt.Open(path)
			require.ErrorIs(t, err, ckpt.ErrNotFound)
			require.ErrorContains(t, err, filepath.Join(dir, "checkpoint")+" names "+filepath.Join(dir, "ckpt-11"))
			require.ErrorContains(t, err, "there is no file")
			require.ErrorContains(t, err, "the checkpoints ckpt-9, ckpt-10, weights")
		}
	})
	t.Run("a missing index with existing data", func(t *testing.T) {
		dir := t.TempDir()
		save(t, dir, "ckpt-1")
		writeFile(t, dir, "checkpoint", `model_checkpoint_path: "ckpt-1"`)
		require.NoError(t, os.Remove(filepath.Join(dir, "ckpt-1.index")))
		_, err := ckpt.Open(dir)
		require.ErrorContains(t, err, "ckpt-1.data-00000-of-00001 exists, but its index ckpt-1.index does not")
	})
	t.Run("a directory without a state file", func(t *testing.T) {
		dir := t.TempDir()
		save(t, dir, "weights")
		_, err := ckpt.Open(dir)
		require.ErrorIs(t, err, ckpt.ErrNotFound)
		require.ErrorContains(t, err, "the directory has the checkpoint weights")
	})
	t.Run("a prefix without its number", func(t *testing.T) {
		dir := t.TempDir()
		save(t, dir, "ckpt-1", "ckpt-2")
		_, err := ckpt.Open(filepath.Join(dir, "ckpt"))
		require.ErrorIs(t, err, ckpt.ErrNotFound)
		require.ErrorContains(t, err, "the directory has the checkpoints ckpt-1, ckpt-2")
	})
}

// A truncated state file does not count as absent if a save would then overwrite checkpoints.
func TestDamagedStateFile(t *testing.T) {
	whole := "model_checkpoint_path: \"ckpt-1\"\nall_model_checkpoint_paths: \"ckpt-1\"\n"
	for name, text := range map[string]string{"cut": whole[:26], "a longer truncated state file": whole[:50], "empty": "", "zeros": "\x00\x00\x00\x00"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			save(t, dir, "ckpt-1")
			writeFile(t, dir, "checkpoint", text)
			before, err := os.ReadFile(filepath.Join(dir, "ckpt-1.index"))
			require.NoError(t, err)
			c, err := ckpt.New(newWeights(7))
			require.NoError(t, err)
			m, err := ckpt.NewManager(c, dir)
			if err == nil {
				_, err = m.RestoreOrInitialize(t.Context())
				require.ErrorContains(t, err, "ckpt-1")
				_, err = m.Save(t.Context())
			}
			require.ErrorIs(t, err, ckpt.ErrCorrupt)
			_, err = c.Save(t.Context(), filepath.Join(dir, "ckpt"))
			require.ErrorIs(t, err, ckpt.ErrCorrupt)
			require.ErrorContains(t, err, "IgnoreDamagedState")
			require.Zero(t, c.SaveCounter(), "a rejected save is not counted")
			after, err := os.ReadFile(filepath.Join(dir, "ckpt-1.index"))
			require.NoError(t, err)
			require.Equal(t, before, after)

			m, err = ckpt.NewManager(c, dir, ckpt.IgnoreDamagedState())
			require.NoError(t, err)
			path, err := m.RestoreOrInitialize(t.Context())
			require.NoError(t, err)
			require.Empty(t, path)
			_, err = m.Save(t.Context(), ckpt.Number(5))
			require.NoError(t, err)
			writeFile(t, dir, "checkpoint", text)
			c, err = ckpt.New(newWeights(7))
			require.NoError(t, err)
			_, err = c.Save(t.Context(), filepath.Join(dir, "ckpt"), ckpt.IgnoreDamagedState())
			require.NoError(t, err)
		})
	}
	t.Run("a directory without checkpoints", func(t *testing.T) {
		dir := t.TempDir()
		writeFile(t, dir, "checkpoint", whole[:26])
		c, err := ckpt.New(newWeights(7))
		require.NoError(t, err)
		_, err = c.Save(t.Context(), filepath.Join(dir, "ckpt"))
		require.NoError(t, err)
	})
}

// As in TensorFlow, a name may consist only of a number.
func TestSaveWithoutName(t *testing.T) {
	t.Chdir(t.TempDir())
	c, err := ckpt.New(newWeights(3))
	require.NoError(t, err)
	for i, tt := range []struct{ prefix, dir, want string }{{"", ".", "-1"}, {"run/", "run", "run/-2"}} {
		path, err := c.Save(t.Context(), tt.prefix)
		require.NoError(t, err)
		require.Equal(t, tt.want, path)
		latest, err := ckpt.Latest(tt.dir)
		require.NoError(t, err)
		require.Equal(t, filepath.Clean(path), filepath.Clean(latest))
		for _, from := range []string{path, tt.dir} {
			var w weights
			require.NoError(t, ckpt.LoadWeights(t.Context(), from, &w), "%d", i)
			require.EqualValues(t, 3, w.V.At(0))
		}
	}
	_, err = c.Write(t.Context(), "")
	require.ErrorContains(t, err, "the path is empty", "a restore rejects it")
	require.ErrorContains(t, ckpt.SaveWeights(t.Context(), "", newWeights(1)), "the path is empty")
}

func TestMissingShard(t *testing.T) {
	dir := t.TempDir()
	type four struct{ A, B, C, D tensor.Tensor[float32] }
	model := &four{*tensor.New[float32](4), *tensor.New[float32](4), *tensor.New[float32](4), *tensor.New[float32](4)}
	prefix := filepath.Join(dir, "weights")
	require.NoError(t, ckpt.SaveWeights(t.Context(), prefix, model, ckpt.MaxShardSize(32)))
	shards, err := filepath.Glob(prefix + ".data-*")
	require.NoError(t, err)
	require.Len(t, shards, 2)
	require.NoError(t, os.Remove(shards[0]))
	err = ckpt.LoadWeights(t.Context(), prefix, &four{B: *tensor.New[float32](5)}) // the shape is also wrong
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Equal(t, 1, strings.Count(err.Error(), shards[0]), "%v", err)
	require.Less(t, strings.Index(err.Error(), shards[0]), strings.Index(err.Error(), "incompatible"), "%v", err)
}
