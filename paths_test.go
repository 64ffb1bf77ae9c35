package ckpt_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// savedModule is the module of the golden case saved-model-module.
type savedModule struct {
	W     tensor.Tensor[float32]
	Parts []tensor.Tensor[float32] `ckpt:"parts,alloc"`
}

func TestSavedModelDirectories(t *testing.T) {
	dir := filepath.Join("testdata", "golden", "saved-model-module", "saved")
	check := func(t *testing.T, m *savedModule) {
		t.Helper()
		require.Equal(t, savedModule{*ckpttest.Must(tensor.FromSlice([]float32{1, 2}, 2, 1)), []tensor.Tensor[float32]{*ckpttest.Vector(0.5), *ckpttest.Vector(0.25)}}, *m)
	}
	t.Run("M-01 Restore finds the variables of a SavedModel, Read does not", func(t *testing.T) {
		var m savedModule
		_, err := ckpttest.New(t, &m).Restore(ctx, dir)
		require.NoError(t, err)
		check(t, &m)
		_, err = ckpttest.New(t, &m).Read(ctx, dir)
		require.ErrorIs(t, err, ckpt.ErrNotFound)
		require.ErrorContains(t, err, "a directory")
	})
	t.Run("M-01 a saved_model.pbtxt also makes a SavedModel, and variables alone are enough", func(t *testing.T) {
		variables := ckpttest.FilesOf(t, filepath.Join(dir, "variables", "variables"))
		for _, name := range []string{"saved_model.pbtxt", "saved_model.pb", "keras_metadata.pb"} {
			fsys := fstest.MapFS{"dir/" + name: {}}
			for end, data := range variables {
				fsys["dir/variables/variables"+end] = &fstest.MapFile{Data: []byte(data)}
			}
			var m savedModule
			_, err := ckpttest.New(t, &m).Restore(ctx, "dir", ckpt.WithFS(fsys))
			require.NoError(t, err, name)
			check(t, &m)
		}
	})
	t.Run("M-02 its object graph has nodes for functions, without values, and neither counter nor root edge", func(t *testing.T) {
		g := ckpttest.Must(ckpttest.Open(t, dir).Graph())
		edges := make(map[string]int)
		for _, c := range g.Nodes[0].Children {
			edges[c.Name] = c.ID
		}
		require.Equal(t, []string{"__call__", "parts", "signatures", "w"}, ckpttest.SortedKeys(edges))
		for name, function := range map[string]string{"__call__": "trace_0", "signatures": "serving_default"} {
			n := g.Nodes[edges[name]]
			require.Equal(t, function, n.Children[0].Name)
			require.False(t, *n.HasValues)
			require.False(t, *g.Nodes[n.Children[0].ID].HasValues)
		}
	})
	t.Run("M-03 objects that are attached later are restored too, and only the counter is missing", func(t *testing.T) {
		root := ckpttest.NodeOf("w", new(tensor.Tensor[float32]))
		c := ckpttest.New(t, root)
		s, err := c.Restore(ctx, dir)
		require.NoError(t, err)
		list := []ckpttest.Variable{ckpttest.Vector(0), ckpttest.Vector(0)}
		require.NoError(t, root.Track("parts", list))
		require.Equal(t, []float32{0.5, 0.25}, []float32{ckpttest.Value(list[0]), ckpttest.Value(list[1])})
		var m *ckpt.MismatchError
		require.ErrorAs(t, s.AssertConsumed(), &m)
		require.Equal(t, []string{"save_counter"}, m.Missing)
		require.Empty(t, m.Unused)
		require.NoError(t, s.ExpectPartial().AssertNontrivialMatch())
	})
	t.Run("M-04 an element of a tuple has its index, as in a checkpoint", func(t *testing.T) {
		dir := t.TempDir()
		ckpttest.Must(ckpttest.New(t, ckpttest.NodeOf("t", []any{1, ckpttest.Scalar(2)})).Write(ctx, filepath.Join(dir, "variables", "variables")))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "saved_model.pb"), nil, 0o666))
		require.Equal(t, []string{"t/1/.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, dir))
		v := ckpttest.Scalar(0)
		_, err := ckpttest.New(t, ckpttest.NodeOf("t", []any{nil, v})).Restore(ctx, dir)
		require.NoError(t, err)
		require.EqualValues(t, 2, ckpttest.Value(v))
	})
	t.Run("M-05 a SavedModel does not have a latest checkpoint, but Open and LoadWeights read it", func(t *testing.T) {
		require.Empty(t, ckpttest.Must(ckpt.Latest(dir)))
		require.Equal(t, filepath.Join(dir, "variables", "variables"), ckpttest.Open(t, dir).Prefix())
		var m savedModule
		require.NoError(t, ckpt.LoadWeights(ctx, dir, &m, ckpt.Strict()))
		check(t, &m)
	})
	t.Run("M-06 a directory without a SavedModel is not found, and the error mentions the suffix", func(t *testing.T) {
		for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none")} {
			_, err := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(0)}).Restore(ctx, dir)
			require.ErrorIs(t, err, ckpt.ErrNotFound)
			require.ErrorContains(t, err, "Error when restoring from checkpoint or SavedModel at "+dir)
			require.ErrorContains(t, err, "You may be missing the checkpoint suffix")
		}
	})
}

// TestPathForms passes every form of a path to each function that takes a path.
func TestPathForms(t *testing.T) {
	dir := t.TempDir()
	c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)})
	prefix := ckpttest.Must(c.Save(ctx, filepath.Join(dir, "run", "ckpt")))
	ckpttest.Must(c.Write(ctx, filepath.Join(dir, "bare")+"/"))
	ckpttest.Must(c.Write(ctx, filepath.Join(dir, "saved", "variables", "variables")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "saved", "saved_model.pb"), nil, 0o666))
	ckpttest.Must(c.Write(ctx, filepath.Join(dir, "stripped", "variables", "variables")))
	ckpttest.Must(c.Write(ctx, filepath.Join(dir, "looks.index")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "empty"), 0o777))

	const (
		restore = "Restore"
		read    = "Read"
		open    = "Open"
		load    = "LoadWeights"
	)
	for _, tt := range []struct {
		name, path string
		takes      []string
	}{
		{"a prefix", prefix, []string{restore, read, open, load}},
		{"a prefix that is not clean", dir + "/./run//ckpt-1", []string{restore, read, open, load}},
		{"its index", prefix + ".index", []string{restore, open, load}},
		{"its data file", prefix + ".data-00000-of-00001", []string{restore, open, load}},
		{"a prefix that looks like an index", filepath.Join(dir, "looks.index"), []string{restore, read, open, load}},
		{"a directory with a state file", filepath.Join(dir, "run"), []string{restore, open, load}},
		{"the same with a slash", filepath.Join(dir, "run") + "/", []string{restore, open, load}},
		{"an empty base name", filepath.Join(dir, "bare") + "/", []string{restore, read, open, load}},
		{"the same without the slash", filepath.Join(dir, "bare"), []string{restore, open, load}},
		{"a SavedModel", filepath.Join(dir, "saved"), []string{restore, open, load}},
		{"a SavedModel's variables", filepath.Join(dir, "saved", "variables", "variables"), []string{restore, read, open, load}},
		{"a SavedModel without its graph", filepath.Join(dir, "stripped"), []string{restore, open, load}},
		{"the state file", filepath.Join(dir, "run", "checkpoint"), []string{restore, open, load}},
		{"a directory without checkpoints", filepath.Join(dir, "empty"), nil},
		{"a prefix without its number", filepath.Join(dir, "run", "ckpt"), nil},
		{"a missing data file", prefix + ".data-00001-of-00002", nil},
		{"nothing", filepath.Join(dir, "nothing"), nil},
	} {
		v := ckpttest.Scalar(0)
		calls := map[string]func() error{
			restore: func() error { _, err := ckpttest.New(t, ckpt.Group{"v": v}).Restore(ctx, tt.path); return err },
			read:    func() error { _, err := ckpttest.New(t, ckpt.Group{"v": v}).Read(ctx, tt.path); return err },
			open: func() error {
				r, err := ckpt.Open(tt.path)
				if err != nil {
					return err
				}
				v = ckpttest.Must(r.Tensor("v/.ATTRIBUTES/VARIABLE_VALUE")).(ckpttest.Variable)
				return r.Close()
			},
			load: func() error { return ckpt.LoadWeights(ctx, tt.path, ckpt.Group{"v": v}) },
		}
		for _, name := range ckpttest.SortedKeys(calls) {
			t.Run(fmt.Sprintf("%s of %s", name, tt.name), func(t *testing.T) {
				v = ckpttest.Scalar(0)
				err := calls[name]()
				for _, takes := range tt.takes {
					if takes == name {
						require.NoError(t, err)
						require.EqualValues(t, 1, ckpttest.Value(v))
						return
					}
				}
				require.Error(t, err)
				require.True(t, errors.Is(err, ckpt.ErrNotFound) || errors.Is(err, ckpt.ErrCorrupt) || errors.Is(err, ckpt.ErrFormat), "%v", err)
				require.ErrorContains(t, err, filepath.Clean(tt.path))
			})
		}
	}
}

// TestFromOtherFilesystems reads from an fs.FS. Its paths have no root, and use slashes on every system.
func TestFromOtherFilesystems(t *testing.T) {
	fsys := fs.FS(os.DirFS(filepath.Join("testdata", "golden")))
	for _, path := range []string{"saved-numbered/train", "saved-numbered/train/ckpt-3", "./saved-numbered//train/ckpt-3.index"} {
		r, err := ckpt.Open(path, ckpt.WithFS(fsys))
		require.NoError(t, err, path)
		require.Equal(t, tensor.Scalar(int64(30)), ckpttest.Must(r.Tensor("step/.ATTRIBUTES/VARIABLE_VALUE")))
		require.NoError(t, r.Close())
	}
	require.Equal(t, filepath.Join("saved-numbered", "train", "ckpt-3"), ckpttest.Must(ckpt.Latest("saved-numbered/train", ckpt.WithFS(fsys))))
	var step int64
	c := ckpttest.New(t, ckpt.Group{"step": &step, "w": ckpttest.Vector(0, 0)}, ckpt.WithFS(fsys))
	s, err := c.Restore(ctx, "saved-numbered/train/ckpt-2")
	require.NoError(t, err)
	require.NoError(t, s.AssertConsumed())
	require.EqualValues(t, 20, step)
	for _, path := range []string{"../golden/saved-numbered/train/ckpt-3", "/etc/passwd"} {
		_, err := ckpt.Open(path, ckpt.WithFS(fsys))
		require.Error(t, err, "%s leaves the filesystem", path)
	}
}
