package kernel

import (
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParallelCoversEveryItemOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, cost := rapid.IntRange(0, 1000).Draw(t, "n"), rapid.OneOf(rapid.IntRange(0, 1<<20), rapid.Just(math.MaxInt/2+1)).Draw(t, "cost")
		runs := Ranges(n, cost)
		require.LessOrEqual(t, runs, runtime.GOMAXPROCS(0))
		times, items := make([]int, n), make([]int, runs)
		Parallel(n, cost, func(run, lo, hi int) {
			for i := lo; i < hi; i++ {
				times[i]++
			}
			items[run] = hi - lo
		})
		require.NotContains(t, items, 0, "every run has items")
		require.Equal(t, slices.Repeat([]int{1}, n), times)
	})
}
