package ckpt_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
)

var ctx = context.Background()

func TestSaveAndRestore(t *testing.T) {
	dir := t.TempDir()
	want := ckpttest.NewNet(7)
	want.Next = ckpttest.NewNet(8)
	want.Next.Next = want
	c, err := ckpt.New(ckpt.Group{"net": want})
	require.NoError(t, err)
	path, err := c.Save(ctx, filepath.Join(dir, "ckpt"))
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "ckpt-1"), path)

	got := ckpttest.NewNet(0)
	got.Next = ckpttest.NewNet(0)
	got.Next.Next = got
	c2, err := ckpt.New(ckpt.Group{"net": got})
	require.NoError(t, err)
	s, err := c2.Restore(ctx, path)
	require.NoError(t, err)
	require.NoError(t, s.AssertConsumed(), s.Report())
	require.NoError(t, s.Assert(ckpt.ExistingObjectsMatched, ckpt.NontrivialMatch))
	require.Equal(t, want, got)
	require.EqualValues(t, 1, c2.SaveCounter())

	var zero ckpttest.Net
	require.ErrorContains(t, ckpt.LoadWeights(ctx, dir, &zero, ckpt.At("net")), "Next.Any is nil, and its type interface {} cannot be allocated")
	require.NoError(t, ckpt.LoadWeights(ctx, dir, &zero, ckpt.At("net"), ckpt.IgnoreUnknown()))
	require.Same(t, &zero, zero.Next.Next)
	zero.Any = want.Any
	zero.Next.Any = want.Next.Any
	require.Equal(t, want, &zero)

	second, err := c2.Save(ctx, filepath.Join(dir, "ckpt"))
	require.NoError(t, err)
	latest, err := ckpt.Latest(dir)
	require.NoError(t, err)
	require.Equal(t, second, latest)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	require.Equal(t, []string{"checkpoint", "ckpt-1.data-00000-of-00001", "ckpt-1.index", "ckpt-2.data-00000-of-00001", "ckpt-2.index"}, names)
}
