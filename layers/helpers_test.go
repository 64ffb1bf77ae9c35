package layers

import (
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestWorkspaceIsAStack(t *testing.T) {
	var w Workspace
	outer := w.mark()
	a := w.floats(100)
	inner := w.mark()
	b := w.floats(3 * minBlock) // more than the first block holds
	c := w.floats(10)
	for _, s := range [][]float32{a, b, c} {
		for i := range s {
			s[i] = float32(len(s))
		}
	}
	require.Equal(t, float32(100), a[99], "what is taken does not overlap")
	require.Equal(t, float32(3*minBlock), b[len(b)-1])
	w.release(inner)
	require.Same(t, &b[0], &w.floats(2 * minBlock)[0], "what was released is given out again")
	w.release(outer)
	require.Same(t, &a[0], &w.floats(1)[0])

	t.Run("it allocates nothing once it has grown", func(t *testing.T) {
		require.Zero(t, testing.AllocsPerRun(10, func() {
			m := w.mark()
			w.floats(50)
			w.floats(2 * minBlock)
			w.release(m)
		}))
	})
	t.Run("no Workspace gives memory too", func(t *testing.T) {
		var none *Workspace
		m := none.mark()
		require.Len(t, none.floats(5), 5)
		none.release(m)
		require.Len(t, (*Context)(nil).workspace().floats(7), 7)
	})
}

func TestParallelCoversEveryItemOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, cost := rapid.IntRange(0, 1000).Draw(t, "n"), rapid.OneOf(rapid.IntRange(0, 1<<20), rapid.Just(math.MaxInt/2+1)).Draw(t, "cost")
		runs := ranges(n, cost)
		require.LessOrEqual(t, runs, runtime.GOMAXPROCS(0))
		times, items := make([]int, n), make([]int, runs)
		parallel(n, cost, func(run, lo, hi int) {
			for i := lo; i < hi; i++ {
				times[i]++
			}
			items[run] = hi - lo
		})
		require.NotContains(t, items, 0, "no run is empty")
		require.Equal(t, slices.Repeat([]int{1}, n), times)
	})
}

func TestTranspose(t *testing.T) {
	t.Run("a matrix", func(t *testing.T) {
		got := make([]float32, 6)
		transpose(got, []float32{1, 2, 3, 4, 5, 6}, tensor.Shape{2, 3}, []int{1, 0})
		require.Equal(t, []float32{1, 4, 2, 5, 3, 6}, got)
	})
	t.Run("a value moves as its index does, and comes back", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			shape := tensor.Shape(rapid.SliceOfN(rapid.IntRange(0, 5), 0, 5).Draw(t, "shape"))
			axes := make([]int, len(shape))
			for i := range axes {
				axes[i] = i
			}
			perm := rapid.Permutation(axes).Draw(t, "perm")
			x := tensor.New[float32](shape...)
			for i := range x.Data() {
				x.Data()[i] = float32(i)
			}
			y := tensor.New[float32](permuted(shape, perm)...)
			transpose(y.Data(), x.Data(), shape, perm)
			index, moved := make([]int, len(shape)), make([]int, len(shape))
			for i := range x.Data() {
				for axis, rest := len(shape)-1, i; axis >= 0; axis-- {
					index[axis], rest = rest%shape[axis], rest/shape[axis]
				}
				for axis, from := range perm {
					moved[axis] = index[from]
				}
				require.Equal(t, x.Data()[i], y.At(moved...))
			}
			back := make([]float32, x.Len())
			transpose(back, y.Data(), y.Shape(), inverse(perm))
			require.Equal(t, x.Data(), back)
		})
	})
}

func TestCheckWeight(t *testing.T) {
	w := tensor.New[float32](3, 4)
	who := id{"conv2d", "stem"}
	require.NoError(t, checkWeight(who, "kernel", w, "", 3, -1))
	require.EqualError(t, checkWeight(who, "kernel", w, "for input shape [2 5]", 5, -1),
		`layers: conv2d "stem": kernel shape [3 4], want [5 …] for input shape [2 5]`)
	require.EqualError(t, checkWeight(who, "kernel", new(Tensor), "for a window of 5", 5), `layers: conv2d "stem": kernel has no values, want [5] for a window of 5`)
}

func TestResolveAxis(t *testing.T) {
	s := tensor.Shape{2, 3, 4}
	for axis, want := range map[int]int{0: 0, 2: 2, -1: 2, -3: 0} {
		got, err := resolveAxis(id{"dot", ""}, axis, s)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := resolveAxis(id{"dot", ""}, 3, s)
	require.EqualError(t, err, "layers: dot: input shape [2 3 4], want an axis 3")
}
