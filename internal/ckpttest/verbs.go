package ckpttest

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
)

// New is ckpt.New for tests that do not expect errors. The functions below do not expect errors either.
func New(t testing.TB, root any, opts ...ckpt.Option) *ckpt.Checkpoint {
	t.Helper()
	c, err := ckpt.New(root, opts...)
	require.NoError(t, err)
	return c
}

// Written writes a checkpoint of root in a new directory and returns its path.
func Written(t testing.TB, root any, opts ...ckpt.Option) string {
	t.Helper()
	path, err := New(t, root, opts...).Write(t.Context(), filepath.Join(t.TempDir(), "ckpt"))
	require.NoError(t, err)
	return path
}

// Saved saves a checkpoint of root in a new directory and returns its path.
func Saved(t testing.TB, root any, opts ...ckpt.Option) string {
	t.Helper()
	path, err := New(t, root, opts...).Save(t.Context(), filepath.Join(t.TempDir(), "ckpt"))
	require.NoError(t, err)
	return path
}

// Read reads the checkpoint called path.
func Read(t testing.TB, c *ckpt.Checkpoint, path string, opts ...ckpt.RestoreOption) *ckpt.Status {
	t.Helper()
	s, err := c.Read(t.Context(), path, opts...)
	require.NoError(t, err)
	return s
}

// Open opens a checkpoint until the end of the test.
func Open(t testing.TB, path string) *ckpt.Reader {
	t.Helper()
	r, err := ckpt.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	return r
}

// Latest returns the latest checkpoint in dir.
func Latest(t testing.TB, dir string, opts ...ckpt.OpenOption) string {
	t.Helper()
	path, err := ckpt.Latest(dir, opts...)
	require.NoError(t, err)
	return path
}

// Manage returns a Manager.
func Manage(t testing.TB, c *ckpt.Checkpoint, dir string, opts ...ckpt.ManagerOption) *ckpt.Manager {
	t.Helper()
	m, err := ckpt.NewManager(c, dir, opts...)
	require.NoError(t, err)
	return m
}

// Save saves with a Manager and returns the checkpoint's path.
func Save(t testing.TB, m *ckpt.Manager, opts ...ckpt.ManagerSaveOption) string {
	t.Helper()
	path, err := m.Save(t.Context(), opts...)
	require.NoError(t, err)
	return path
}

// Saver returns a Saver of root.
func Saver(t testing.TB, root any, opts ...ckpt.SaverOption) *ckpt.Saver {
	t.Helper()
	s, err := ckpt.NewSaver(root, opts...)
	require.NoError(t, err)
	return s
}

// ItemPaths returns the paths of a report's items, with their problems.
func ItemPaths(items []ckpt.Item) []string {
	paths := make([]string, len(items))
	for i, it := range items {
		paths[i] = it.Path
		if it.Problem != "" {
			paths[i] += " (" + it.Problem + ")"
		}
	}
	return paths
}
