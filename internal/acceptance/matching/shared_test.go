package matching

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
)

// If two edges of a program share a stored object, both receive its values, even if they are lists, maps or have different types.
func TestSharedStoredObjects(t *testing.T) {
	type one struct{ W ckpttest.Variable }
	type two struct{ W ckpttest.Variable }
	type source struct {
		A, B any
	}
	list, table, object := &[]ckpttest.Variable{ckpttest.Scalar(1), ckpttest.Scalar(2)}, &map[string]ckpttest.Variable{"k": ckpttest.Scalar(3)}, &one{ckpttest.Scalar(4)}
	numbers := &[]float32{5, 6}
	dir := t.TempDir()
	save := func(name string, shared any) string {
		path := filepath.Join(dir, name)
		require.NoError(t, ckpt.SaveWeights(ctx, path, &source{shared, shared}))
		return path
	}
	lists, tables, objects := save("lists", list), save("tables", table), save("objects", object)

	var l struct{ A, B []ckpttest.Variable }
	require.NoError(t, ckpt.LoadWeights(ctx, lists, &l))
	require.Equal(t, *list, l.A)
	require.Equal(t, *list, l.B)
	require.Same(t, l.A[0], l.B[0])
	var mixed struct {
		A []ckpttest.Variable
		B []*ckpttest.Variable
		C [2]ckpttest.Variable `ckpt:",optional"`
	}
	require.NoError(t, ckpt.LoadWeights(ctx, lists, &mixed))
	require.Equal(t, ckpttest.Scalar(2), mixed.A[1])
	require.Equal(t, ckpttest.Scalar(2), *mixed.B[1])

	var m struct{ A, B map[string]ckpttest.Variable }
	require.NoError(t, ckpt.LoadWeights(ctx, tables, &m))
	require.Equal(t, *table, m.A)
	require.Equal(t, *table, m.B)

	var o struct {
		A *one
		B *two
	}
	require.NoError(t, ckpt.LoadWeights(ctx, objects, &o))
	require.Equal(t, ckpttest.Scalar(4), o.A.W)
	require.Equal(t, ckpttest.Scalar(4), o.B.W)

	var alloc struct {
		A []ckpttest.Variable `ckpt:"a,alloc"`
		B []ckpttest.Variable `ckpt:"b,alloc"`
	}
	require.NoError(t, ckpttest.Read(t, ckpttest.New(t, &alloc), lists).AssertConsumed())
	require.Equal(t, *list, alloc.B)

	path := filepath.Join(dir, "numbers")
	require.NoError(t, ckpt.SaveWeights(ctx, path, &struct {
		A *[]float32 `ckpt:"a"`
		B *[]float32 `ckpt:"b"`
	}{numbers, numbers}))
	var n struct {
		A []float32 `ckpt:"a"`
		B []float32 `ckpt:"b"`
	}
	require.NoError(t, ckpt.LoadWeights(ctx, path, &n))
	require.Equal(t, *numbers, n.A)
	require.Equal(t, *numbers, n.B)

	ring := new(link2)
	ring.Next, ring.W = ring, ckpttest.Scalar(7)
	require.NoError(t, ckpt.SaveWeights(ctx, filepath.Join(dir, "ring"), ring))
	var f first
	require.NoError(t, ckpt.LoadWeights(ctx, filepath.Join(dir, "ring"), &f))
	require.Equal(t, ckpttest.Scalar(7), f.Next.Next.W)
	require.Same(t, f.Next, f.Next.Next.Next, "one stored object becomes one object per type")
}

// Each of these types leads to another one.
type (
	link2 struct {
		Next *link2
		W    ckpttest.Variable
	}
	first struct {
		Next *second
		W    ckpttest.Variable
	}
	second struct {
		Next *third
		W    ckpttest.Variable
	}
	third struct {
		Next *second
		W    ckpttest.Variable
	}
)
