package stats

import (
	"context"
	"math"
	"sync"

	"github.com/gockpt/ckpt/tensor"
)

// Histogram counts t's finite values in n bins of equal width between low and high, both included. It ignores values outside.
func Histogram(ctx context.Context, t tensor.Any, low, high float64, n int) ([]int64, error) {
	bins := make([]int64, n)
	if n == 0 || !(low <= high) {
		return bins, nil
	}
	var mu sync.Mutex
	err := eachChunk(ctx, t, func(_ int, part []float32, values []float64) {
		some := make([]int64, n+1) // the last bin counts high itself
		if part != nil {
			count(some, part, low, high)
		} else {
			count(some, values, low, high)
		}
		mu.Lock()
		defer mu.Unlock()
		for i, k := range some {
			bins[min(i, n-1)] += k
		}
	})
	return bins, err
}

// count adds values to the bins between low and high. There is an additional bin for high itself.
func count[F float32 | float64](bins []int64, values []F, low, high float64) {
	halves := 1.0 // the difference of two large numbers may overflow, but not that of their halves
	if math.IsInf(high-low, 0) {
		halves = 0.5
	}
	scale := 0.0
	if high > low {
		scale = min(float64(len(bins)-1)/(halves*high-halves*low), math.MaxFloat64)
	}
	for _, f := range values {
		if v := float64(f); v >= low && v <= high && v-v == 0 {
			if i := int((halves*v - halves*low) * scale); i < len(bins) {
				bins[i]++
			}
		}
	}
}
