package stores

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/store"
)

// A frozen store answers no call until it thaws.
type frozen struct {
	s    store.Store
	thaw chan struct{} // closed when the store answers calls
}

func freeze(s store.Store) *frozen { return &frozen{s, make(chan struct{})} }

func (f *frozen) Read(ctx context.Context, name, version string, p []byte, off int64) (store.Object, error) {
	<-f.thaw
	return f.s.Read(ctx, name, version, p, off)
}

func (f *frozen) Put(ctx context.Context, name string, body io.Reader, size int64) (store.Object, error) {
	<-f.thaw
	return f.s.Put(ctx, name, body, size)
}

func (f *frozen) PutIfAbsent(ctx context.Context, name string, body io.Reader, size int64) (store.Object, error) {
	<-f.thaw
	return f.s.PutIfAbsent(ctx, name, body, size)
}

func (f *frozen) Replace(ctx context.Context, name, version string, body io.Reader, size int64) (store.Object, error) {
	<-f.thaw
	return f.s.Replace(ctx, name, version, body, size)
}

func (f *frozen) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	<-f.thaw
	return f.s.List(ctx, prefix)
}

func (f *frozen) Delete(ctx context.Context, name string) error {
	<-f.thaw
	return f.s.Delete(ctx, name)
}

// An asynchronous save does not call the store before it returns. This is true for a Manager, for a Checkpoint that has saved
// into the directory before, and for a write under a given name.
func TestAsyncInStoreMakesNoCall(t *testing.T) {
	ctx := t.Context()
	for name, test := range map[string]struct {
		before func(s store.Store, c *ckpt.Checkpoint) (save func() (string, error), err error)
		want   string
	}{
		"Save": {func(_ store.Store, c *ckpt.Checkpoint) (func() (string, error), error) {
			_, err := c.Save(ctx, "run/ckpt")
			return func() (string, error) { return c.Save(ctx, "run/ckpt", ckpt.Async()) }, err
		}, "run/ckpt-2"},
		"Save in another store": {func(s store.Store, c *ckpt.Checkpoint) (func() (string, error), error) {
			_, err := c.Save(ctx, "run/ckpt", ckpt.In(s))
			return func() (string, error) { return c.Save(ctx, "run/ckpt", ckpt.In(s), ckpt.Async()) }, err
		}, "run/ckpt-2"},
		"Manager": {func(_ store.Store, c *ckpt.Checkpoint) (func() (string, error), error) {
			m, err := ckpt.NewManager(c, "run", ckpt.KeepLast(1))
			return func() (string, error) { return m.Save(ctx, ckpt.Async()) }, err
		}, "run/ckpt-1"},
		"Write": {func(_ store.Store, c *ckpt.Checkpoint) (func() (string, error), error) {
			return func() (string, error) { return c.Write(ctx, "run/w", ckpt.Async()) }, nil
		}, "run/w"},
	} {
		t.Run(name, func(t *testing.T) {
			s := freeze(store.Memory())
			close(s.thaw)
			m := newStoredModel(1)
			c, err := ckpt.New(m, ckpt.In(s))
			require.NoError(t, err)
			save, err := test.before(s, c)
			require.NoError(t, err)
			s.thaw = make(chan struct{})
			path, err := save() // blocks if it calls the store
			require.NoError(t, err)
			require.Equal(t, test.want, path)
			*m = *newStoredModel(9)
			close(s.thaw)
			require.NoError(t, c.Sync(ctx))
			var got storedModel
			require.NoError(t, ckpt.LoadWeights(ctx, path, &got, ckpt.In(s), ckpt.Partial()))
			requireStored(t, 1, &got)
			if path != "run/w" {
				latest, err := ckpt.Latest("run", ckpt.In(s))
				require.NoError(t, err)
				require.Equal(t, path, latest)
			}
		})
	}
}

// A Manager saves asynchronously into a directory into which another program has saved, or with a damaged state file. The next
// call returns the error, and nothing was written.
func TestAsyncManagersInOneStore(t *testing.T) {
	ctx := t.Context()
	for name, test := range map[string]struct {
		meanwhile func(s store.Store) error
		want      func(err error) bool
	}{
		"another program saves": {func(s store.Store) error {
			c, err := ckpt.New(newStoredModel(2), ckpt.In(s))
			if err != nil {
				return err
			}
			_, err = c.Save(ctx, "run/ckpt")
			return err
		}, func(err error) bool { return errors.Is(err, ckpt.ErrInUse) }},
		"the state file is damaged": {func(s store.Store) error {
			if err := ckpt.SaveWeights(ctx, "run/other", newStoredModel(2), ckpt.In(s)); err != nil {
				return err
			}
			_, err := s.Put(ctx, "run/checkpoint", strings.NewReader("model_check"), 11)
			return err
		}, func(err error) bool { return err != nil }},
	} {
		t.Run(name, func(t *testing.T) {
			s := store.Memory()
			c, err := ckpt.New(newStoredModel(1), ckpt.In(s))
			require.NoError(t, err)
			m, err := ckpt.NewManager(c, "run")
			require.NoError(t, err)
			require.NoError(t, test.meanwhile(s))
			before := objects(t, s, "")
			_, err = m.Save(ctx, ckpt.Async())
			require.NoError(t, err)
			err = m.Sync(ctx)
			require.True(t, test.want(err), "%v", err)
			require.Equal(t, before, objects(t, s, ""))
			require.Zero(t, c.SaveCounter(), "the save counter is reset")
		})
	}
}

// A background save that knows only the state file of its previous save does not overwrite a newer state file.
func TestAsyncInStoreAfterAnother(t *testing.T) {
	ctx, s := t.Context(), store.Memory()
	older, err := ckpt.New(newStoredModel(1), ckpt.In(s))
	require.NoError(t, err)
	_, err = older.Save(ctx, "run/ckpt")
	require.NoError(t, err)
	newer, err := ckpt.New(newStoredModel(7), ckpt.In(s))
	require.NoError(t, err)
	manager, err := ckpt.NewManager(newer, "run")
	require.NoError(t, err)
	_, err = manager.Save(ctx, ckpt.Number(7))
	require.NoError(t, err)
	_, err = older.Save(ctx, "run/ckpt", ckpt.Async())
	require.NoError(t, err)
	require.NoError(t, older.Sync(ctx))
	latest, err := ckpt.Latest("run", ckpt.In(s))
	require.NoError(t, err)
	require.Equal(t, "run/ckpt-7", latest)
}
