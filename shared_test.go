package ckpt

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Two edges of a program that share a stored object get it both, also where they are lists, maps or of two types.
func TestSharedStoredObjects(t *testing.T) {
	type one struct{ W variable }
	type two struct{ W variable }
	type source struct {
		A, B any
	}
	list, table, object := &[]variable{scalar(1), scalar(2)}, &map[string]variable{"k": scalar(3)}, &one{scalar(4)}
	numbers := &[]float32{5, 6}
	dir := t.TempDir()
	save := func(name string, shared any) string {
		path := filepath.Join(dir, name)
		require.NoError(t, SaveWeights(ctx, path, &source{shared, shared}))
		return path
	}
	lists, tables, objects := save("lists", list), save("tables", table), save("objects", object)

	var l struct{ A, B []variable }
	require.NoError(t, LoadWeights(ctx, lists, &l))
	require.Equal(t, *list, l.A)
	require.Equal(t, *list, l.B)
	require.Same(t, l.A[0], l.B[0])
	var mixed struct {
		A []variable
		B []*variable
		C [2]variable `ckpt:",optional"`
	}
	require.NoError(t, LoadWeights(ctx, lists, &mixed))
	require.Equal(t, scalar(2), mixed.A[1])
	require.Equal(t, scalar(2), *mixed.B[1])

	var m struct{ A, B map[string]variable }
	require.NoError(t, LoadWeights(ctx, tables, &m))
	require.Equal(t, *table, m.A)
	require.Equal(t, *table, m.B)

	var o struct {
		A *one
		B *two
	}
	require.NoError(t, LoadWeights(ctx, objects, &o))
	require.Equal(t, scalar(4), o.A.W)
	require.Equal(t, scalar(4), o.B.W)

	var alloc struct {
		A []variable `ckpt:"a,alloc"`
		B []variable `ckpt:"b,alloc"`
	}
	require.NoError(t, mustRead(t, mustNew(t, &alloc), lists).AssertConsumed())
	require.Equal(t, *list, alloc.B)

	path := filepath.Join(dir, "numbers")
	require.NoError(t, SaveWeights(ctx, path, &struct {
		A *[]float32 `ckpt:"a"`
		B *[]float32 `ckpt:"b"`
	}{numbers, numbers}))
	var n struct {
		A []float32 `ckpt:"a"`
		B []float32 `ckpt:"b"`
	}
	require.NoError(t, LoadWeights(ctx, path, &n))
	require.Equal(t, *numbers, n.A)
	require.Equal(t, *numbers, n.B)

	ring := new(link2)
	ring.Next, ring.W = ring, scalar(7)
	require.NoError(t, SaveWeights(ctx, filepath.Join(dir, "ring"), ring))
	var f first
	require.NoError(t, LoadWeights(ctx, filepath.Join(dir, "ring"), &f))
	require.Equal(t, scalar(7), f.Next.Next.W)
	require.Same(t, f.Next, f.Next.Next.Next, "one object of a type for one stored object")
}

// Of these types each leads to another.
type (
	link2 struct {
		Next *link2
		W    variable
	}
	first struct {
		Next *second
		W    variable
	}
	second struct {
		Next *third
		W    variable
	}
	third struct {
		Next *second
		W    variable
	}
)
