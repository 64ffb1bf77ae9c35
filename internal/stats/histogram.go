package stats

import (
	"context"
	"math"

	"github.com/gockpt/ckpt/tensor"
)

// Histogram counts t's finite values in n bins of equal width between low and high, both included; values beyond them are left out.
func Histogram(ctx context.Context, t tensor.Any, low, high float64, n int) ([]int64, error) {
	bins := make([]int64, n)
	if n == 0 || !(low <= high) {
		return bins, nil
	}
	scale := float64(n) / (high - low)
	values := make([]float64, min(chunk, t.Len()))
	for from := 0; from < t.Len(); from += chunk {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		part := values[:min(chunk, t.Len()-from)]
		if err := Floats(part, t, from); err != nil {
			return nil, err
		}
		for _, v := range part {
			if v < low || v > high || v != v || math.IsInf(v, 0) {
				continue
			}
			bin := 0
			if high > low {
				bin = min(int((v-low)*scale), n-1)
			}
			bins[bin]++
		}
	}
	return bins, nil
}
