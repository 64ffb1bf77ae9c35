package ckpt_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// Every operation that assigns values can be repeated after it failed. Values that were waiting still wait.
func TestRetry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ckpt")
	c := ckpttest.New(t, ckpt.Group{"model": ckpttest.NodeOf("a", ckpttest.Scalar(1), "b", ckpttest.Scalar(2))})
	path, err := c.Save(ctx, path)
	require.NoError(t, err)
	newRefuser := func() *ckpttest.Refuser {
		return &ckpttest.Refuser{Value: *tensor.Scalar(float32(0)), Err: errors.New("not now")}
	}

	t.Run("Track", func(t *testing.T) {
		model, b := ckpttest.NodeOf("a", ckpttest.Scalar(0)), newRefuser()
		c := ckpttest.New(t, ckpt.Group{"model": model})
		s, err := c.Restore(ctx, path)
		require.NoError(t, err)
		require.ErrorIs(t, model.Track("b", b), b.Err)
		require.Len(t, s.Report().Waiting, 1, "b still waits")
		require.ErrorIs(t, model.Track("b", b), b.Err, "the same call of Track tries again")
		b.Err = nil
		require.NoError(t, model.Track("b", b))
		require.Equal(t, []float32{2}, b.Value.Data())
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("Checkpoint.Track and Update", func(t *testing.T) {
		model := ckpttest.NodeOf("a", ckpttest.Scalar(0), "b", newRefuser())
		c := ckpttest.New(t, ckpt.Group{})
		s, err := c.Restore(ctx, path)
		require.NoError(t, err)
		b := model.Tracked("b").(*ckpttest.Refuser)
		require.ErrorIs(t, c.Track("model", model), b.Err)
		require.ErrorIs(t, s.Update(ctx), b.Err)
		require.Len(t, s.Report().Waiting, 2)
		b.Err = nil
		require.NoError(t, s.Update(ctx))
		checkValues(t, model, map[string]any{"a": 1})
		require.Equal(t, []float32{2}, b.Value.Data())
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("RunRestoreOps", func(t *testing.T) {
		b := newRefuser()
		model := ckpttest.NodeOf("a", ckpttest.Scalar(0), "b", b)
		c := ckpttest.New(t, ckpt.Group{"model": model})
		s, err := c.Restore(ctx, path, ckpt.Planned())
		require.NoError(t, err)
		require.ErrorIs(t, s.RunRestoreOps(ctx), b.Err)
		b.Err = nil
		require.NoError(t, s.RunRestoreOps(ctx), "the restore is still pending")
		require.Equal(t, []float32{2}, b.Value.Data())
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("a counted save", func(t *testing.T) {
		broken := &openedFS{FS: os.DirFS(filepath.Dir(path)), opened: make(map[string]int)}
		c := ckpttest.New(t, ckpt.Group{"model": ckpttest.NodeOf("a", ckpttest.Scalar(0), "b", ckpttest.Scalar(0))}, ckpt.WithFS(broken))
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
		c := ckpttest.New(t, ckpt.Group{"model": ckpttest.NodeOf("a", ckpttest.Scalar(0), "b", b)})
		_, err := c.Restore(ctx, path)
		require.ErrorIs(t, err, b.Err)
		require.Nil(t, c.Counter(), "the counter is removed again")
		require.Zero(t, c.Restorations())
		b.Err = nil
		s, err := c.Restore(ctx, path)
		require.NoError(t, err)
		require.NoError(t, s.AssertConsumed())
		require.EqualValues(t, 1, c.SaveCounter())
	})
}

// A restore opens the index once, with or without the save counter.
func TestRestoreOpensTheIndexOnce(t *testing.T) {
	dir := t.TempDir()
	path, err := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)}).Save(ctx, filepath.Join(dir, "ckpt"))
	require.NoError(t, err)
	counting := &openedFS{FS: os.DirFS(dir), opened: make(map[string]int)}
	c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(0)}, ckpt.WithFS(counting))
	_, err = c.Restore(ctx, filepath.Base(path))
	require.NoError(t, err)
	require.EqualValues(t, 1, c.SaveCounter())
	require.Equal(t, map[string]int{"ckpt-1.index": 1, "ckpt-1.data-00000-of-00001": 1}, counting.opened)
}

// An openedFS counts the opens of files, or makes them fail.
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
