package races

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

func TestManagerAsync(t *testing.T) {
	t.Run("R-25 after Sync the state and the deletions of overlapping saves are done", func(t *testing.T) {
		dir := t.TempDir()
		m := ckpttest.ManageIn(t, dir, ckpt.KeepLast(2))
		for range 5 {
			ckpttest.Save(t, m, ckpt.Async())
		}
		require.NoError(t, m.Sync(ctx))
		require.Equal(t, []string{"ckpt-4", "ckpt-5"}, ckpttest.Bases(m.Checkpoints()))
		require.Equal(t, []string{"ckpt-4", "ckpt-5"}, ckpttest.OnDisk(t, dir))
		require.Equal(t, []string{"ckpt-4", "ckpt-5"}, ckpttest.StateOf(t, dir).All)
	})
	t.Run("R-25 until then the previous checkpoint is the latest", func(t *testing.T) {
		m := ckpttest.ManageIn(t, t.TempDir())
		first := ckpttest.Save(t, m)
		write := make(chan struct{})
		second := ckpttest.Save(t, m, ckpt.Async(), ckpt.OnWrite(func(context.Context, string) error { <-write; return nil }))
		require.Equal(t, first, m.Latest())
		close(write)
		require.NoError(t, m.Sync(ctx))
		require.Equal(t, second, m.Latest())
	})
	t.Run("a call that the interval skips does not wait for a running save", func(t *testing.T) {
		var step int64
		m := ckpttest.ManageIn(t, t.TempDir(), ckpt.SaveInterval(2, func() int64 { return step }))
		write := make(chan struct{})
		ckpttest.Save(t, m, ckpt.Async(), ckpt.OnWrite(func(context.Context, string) error { <-write; return nil }))
		for _, step = range []int64{0, 1} {
			require.Empty(t, ckpttest.Save(t, m))
		}
		close(write)
		require.NoError(t, m.Sync(ctx))
		require.Empty(t, ckpttest.Save(t, m))
	})
	t.Run("the next call returns the error of a failed save, and the step is saved then", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			m := ckpttest.ManageIn(t, dir, ckpt.SaveInterval(2, func() int64 { return 0 }))
			broken := errors.New("broken")
			ckpttest.Save(t, m, ckpt.Async(), ckpt.OnWrite(func(context.Context, string) error { return broken }))
			synctest.Wait()
			_, err := m.Save(ctx)
			require.ErrorIs(t, err, broken)
			require.Equal(t, filepath.Join(dir, "ckpt-1"), ckpttest.Save(t, m), "the number of the failed save is free again")
		})
	})
	t.Run("RestoreOrInitialize waits for the save", func(t *testing.T) {
		m := ckpttest.ManageIn(t, t.TempDir(), ckpt.InitFunc(func(context.Context) error { return errors.New("called") }))
		path := ckpttest.Save(t, m, ckpt.Async())
		got, err := m.RestoreOrInitialize(ctx)
		require.NoError(t, err)
		require.Equal(t, path, got)
	})
}

func TestManagerCallbacks(t *testing.T) {
	t.Run("R-23 the callbacks of one save run before its state is recorded, and not at the next save", func(t *testing.T) {
		dir := t.TempDir()
		m := ckpttest.ManageIn(t, dir)
		var paths []string
		opts := []ckpt.ManagerSaveOption{ckpt.OnWrite(func(_ context.Context, path string) error {
			require.True(t, ckpt.Exists(path))
			require.NoFileExists(t, filepath.Join(dir, "checkpoint"))
			paths = append(paths, path)
			return nil
		})}
		path := ckpttest.Save(t, m, opts...)
		require.Len(t, opts, 1)
		ckpttest.Save(t, m)
		require.Equal(t, []string{path}, paths)
	})
	t.Run("R-23 the callbacks of New and NewManager run for every save", func(t *testing.T) {
		calls, last := 0, ckpt.Progress{}
		c := ckpttest.New(t, ckpt.Group{"v": tensor.New[float32](100)}, ckpt.OnWrite(func(context.Context, string) error { calls++; return nil }))
		m := ckpttest.Manage(t, c, t.TempDir(), ckpt.WithProgress(func(p ckpt.Progress) { last = p }))
		ckpttest.Save(t, m)
		ckpttest.Save(t, m)
		require.Equal(t, 2, calls)
		require.Equal(t, last.Total, last.Done)
		require.Greater(t, last.Done, int64(400))
	})
}
