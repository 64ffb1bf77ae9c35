package kernel

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScratchIsAStack(t *testing.T) {
	var w Scratch
	outer := w.Mark()
	a := w.Floats(100)
	inner := w.Mark()
	b := w.Floats(3 * minBlock) // more than fits into the first block
	c := w.Floats(10)
	for _, s := range [][]float32{a, b, c} {
		for i := range s {
			s[i] = float32(len(s))
		}
	}
	require.Equal(t, float32(100), a[99], "taken memory does not overlap")
	require.Equal(t, float32(3*minBlock), b[len(b)-1])
	w.Release(inner)
	require.Same(t, &b[0], &w.Floats(2 * minBlock)[0], "released memory is used again")
	w.Release(outer)
	require.Same(t, &a[0], &w.Floats(1)[0])

	t.Run("it does not allocate after it has grown", func(t *testing.T) {
		require.Zero(t, testing.AllocsPerRun(10, func() {
			m := w.Mark()
			w.Floats(50)
			w.Floats(2 * minBlock)
			w.Release(m)
		}))
	})
	t.Run("a nil Scratch allocates", func(t *testing.T) {
		var none *Scratch
		m := none.Mark()
		require.Len(t, none.Floats(5), 5)
		none.Release(m)
	})
}
