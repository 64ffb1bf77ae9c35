package kernel

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestResults(t *testing.T) {
	var r Results
	outer := r.Begin()
	a, b := r.Floats(100), r.Floats(10)
	r.Hold(a)
	r.Hold(a[:3]) // another tensor over its first part
	r.Hold(b)
	require.True(t, r.Has(a[:1]))
	require.False(t, r.Has(make([]float32, 3)))
	r.Drop(a, outer)
	require.True(t, r.Has(a), "one holder is left")

	inner := r.Begin()
	r.Hold(a)
	r.Drop(a, inner)
	r.Drop(a, inner)
	require.True(t, r.Has(a), "an inner run does not give back memory that was taken before it")
	c, out, left := r.Floats(20), r.Floats(20), r.Floats(20)
	r.Hold(c)
	r.End(inner, out)
	require.True(t, r.Has(c))
	require.True(t, r.Has(out), "the memory is kept")
	require.False(t, r.Has(left), "the memory does not have holders")

	r.Drop(b, outer)
	require.Same(t, &b[0], &r.Floats(9)[0], "the smallest memory that is large enough")
	require.Same(t, &left[0], &r.Floats(11)[0])
	require.Len(t, r.Floats(0), 0)
	r.Drop(c, outer)
	r.End(outer)
	require.False(t, r.Has(a))
	require.Len(t, r.free, 5)

	next := r.Begin()
	require.Same(t, &a[0], &r.Floats(50)[0])
	r.End(next)
	require.Len(t, r.free, 1, "memory that a run does not use is released")
}
