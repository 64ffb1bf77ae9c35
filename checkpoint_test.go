package ckpt

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

var ctx = context.Background()

type net struct {
	Dense  dense
	Blocks []*block
	Table  map[string]tensor.Tensor[int32]
	Any    any
	Step   int64      `ckpt:"step"`
	Names  []string   `ckpt:"names"`
	Rows   [][]uint8  `ckpt:"rows"`
	Pair   [2]float64 `ckpt:"pair"`
	Next   *net
}

func newNet(k float32) *net {
	n := &net{
		Dense: dense{Kernel: *tensor.New[float32](2, 3), Bias: *tensor.New[float32](3)}, Blocks: []*block{{*f32(k)}, {*f32(k, k)}},
		Table: map[string]tensor.Tensor[int32]{"a": *tensor.Scalar(int32(k)), "b": *tensor.Scalar(int32(k) + 1)}, Any: block{*f32(k, k, k)},
		Step: int64(k), Names: []string{"x", ""}, Rows: [][]uint8{{1, 2}, {3, uint8(k)}}, Pair: [2]float64{float64(k), 2},
	}
	for i := range n.Dense.Kernel.Data() {
		n.Dense.Kernel.Data()[i] = k + float32(i)
	}
	return n
}

func TestSaveAndRestore(t *testing.T) {
	dir := t.TempDir()
	want := newNet(7)
	want.Next = newNet(8)
	want.Next.Next = want
	c, err := New(Group{"net": want})
	require.NoError(t, err)
	path, err := c.Save(ctx, filepath.Join(dir, "ckpt"))
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "ckpt-1"), path)

	got := newNet(0)
	got.Next = newNet(0)
	got.Next.Next = got
	c2, err := New(Group{"net": got})
	require.NoError(t, err)
	s, err := c2.Restore(ctx, path)
	require.NoError(t, err)
	require.NoError(t, s.AssertConsumed(), s.Report())
	require.NoError(t, s.Assert(ExistingObjectsMatched, NontrivialMatch))
	require.Equal(t, want, got)
	require.EqualValues(t, 1, c2.SaveCounter())

	var zero net
	require.ErrorContains(t, LoadWeights(ctx, dir, &zero, At("net")), "Next.Any holds nil, and interface {} is not a type that can be made")
	require.NoError(t, LoadWeights(ctx, dir, &zero, At("net"), IgnoreUnknown()))
	require.Same(t, &zero, zero.Next.Next)
	zero.Any = want.Any
	zero.Next.Any = want.Next.Any
	require.Equal(t, want, &zero)

	second, err := c2.Save(ctx, filepath.Join(dir, "ckpt"))
	require.NoError(t, err)
	latest, err := Latest(dir)
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
