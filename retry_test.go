package ckpt

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

// refuser is a variable that refuses values while err is set.
type refuser struct {
	value tensor.Tensor[float32]
	err   error
}

func (r *refuser) CheckpointTensor() (tensor.Any, error) { return &r.value, nil }

func (r *refuser) SetCheckpointTensor(t tensor.Any) error {
	if r.err != nil {
		return r.err
	}
	return tensor.Assign(&r.value, t)
}

// Every operation that assigns values can be tried again after it failed: values that were waiting still wait.
func TestRetry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ckpt")
	c := mustNew(t, Group{"model": groupOf("a", scalar(1), "b", scalar(2))})
	path, err := c.Save(ctx, path)
	require.NoError(t, err)
	newRefuser := func() *refuser {
		return &refuser{value: *tensor.Scalar(float32(0)), err: errors.New("not now")}
	}

	t.Run("Track", func(t *testing.T) {
		model, b := groupOf("a", scalar(0)), newRefuser()
		c := mustNew(t, Group{"model": model})
		s, err := c.Restore(ctx, path)
		require.NoError(t, err)
		require.ErrorIs(t, model.Track("b", b), b.err)
		require.Len(t, s.Report().Waiting, 1, "b still waits")
		require.ErrorIs(t, model.Track("b", b), b.err, "the same Track tries again")
		b.err = nil
		require.NoError(t, model.Track("b", b))
		require.Equal(t, []float32{2}, b.value.Data())
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("Checkpoint.Track and Update", func(t *testing.T) {
		model := groupOf("a", scalar(0), "b", newRefuser())
		c := mustNew(t, Group{})
		s, err := c.Restore(ctx, path)
		require.NoError(t, err)
		b := model.Tracked("b").(*refuser)
		require.ErrorIs(t, c.Track("model", model), b.err)
		require.ErrorIs(t, s.Update(ctx), b.err)
		require.Len(t, s.Report().Waiting, 2)
		b.err = nil
		require.NoError(t, s.Update(ctx))
		checkValues(t, model, map[string]any{"a": 1})
		require.Equal(t, []float32{2}, b.value.Data())
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("RunRestoreOps", func(t *testing.T) {
		b := newRefuser()
		model := groupOf("a", scalar(0), "b", b)
		c := mustNew(t, Group{"model": model})
		s, err := c.Restore(ctx, path, Planned())
		require.NoError(t, err)
		require.ErrorIs(t, s.RunRestoreOps(ctx), b.err)
		b.err = nil
		require.NoError(t, s.RunRestoreOps(ctx), "it is still planned")
		require.Equal(t, []float32{2}, b.value.Data())
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("a counted save", func(t *testing.T) {
		broken := &openedFS{FS: os.DirFS(filepath.Dir(path)), opened: make(map[string]int)}
		c := mustNew(t, Group{"model": groupOf("a", scalar(0), "b", scalar(0))}, WithFS(broken))
		_, err := c.Read(ctx, filepath.Base(path)) // the counter waits
		require.NoError(t, err)
		broken.err = errors.New("no file")
		to := filepath.Join(t.TempDir(), "ckpt")
		_, err = c.Save(ctx, to)
		require.ErrorIs(t, err, broken.err)
		broken.err = nil
		next, err := c.Save(ctx, to)
		require.NoError(t, err)
		require.Equal(t, "ckpt-2", filepath.Base(next), "the counter has the checkpoint's value")
	})
	t.Run("Restore", func(t *testing.T) {
		b := newRefuser()
		c := mustNew(t, Group{"model": groupOf("a", scalar(0), "b", b)})
		_, err := c.Restore(ctx, path)
		require.ErrorIs(t, err, b.err)
		require.Nil(t, c.counter, "the counter is gone again")
		require.Empty(t, c.restorations)
		b.err = nil
		s, err := c.Restore(ctx, path)
		require.NoError(t, err)
		require.NoError(t, s.AssertConsumed())
		require.EqualValues(t, 1, c.SaveCounter())
	})
}

// One restore opens the index once, with the save counter and without.
func TestRestoreOpensTheIndexOnce(t *testing.T) {
	dir := t.TempDir()
	path, err := mustNew(t, Group{"v": scalar(1)}).Save(ctx, filepath.Join(dir, "ckpt"))
	require.NoError(t, err)
	counting := &openedFS{FS: os.DirFS(dir), opened: make(map[string]int)}
	c := mustNew(t, Group{"v": scalar(0)}, WithFS(counting))
	_, err = c.Restore(ctx, filepath.Base(path))
	require.NoError(t, err)
	require.EqualValues(t, 1, c.SaveCounter())
	require.Equal(t, map[string]int{"ckpt-1.index": 1, "ckpt-1.data-00000-of-00001": 1}, counting.opened)
}

// An openedFS counts how often files were opened, or fails to open them.
type openedFS struct {
	fs.FS
	opened map[string]int
	err    error
}

func (f *openedFS) Open(name string) (fs.File, error) {
	if f.err != nil {
		return nil, f.err
	}
	f.opened[name]++
	return f.FS.Open(name)
}

func (f *openedFS) Stat(name string) (fs.FileInfo, error) { return fs.Stat(f.FS, name) }
