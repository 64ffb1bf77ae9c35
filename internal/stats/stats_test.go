package stats_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/stats"
	"github.com/gockpt/ckpt/tensor"
)

func of(t *testing.T, v tensor.Any) *stats.Summary {
	t.Helper()
	s, err := stats.Of(t.Context(), v)
	require.NoError(t, err)
	return s
}

func vector[T tensor.Element](t *testing.T, values ...T) tensor.Any {
	t.Helper()
	v, err := tensor.FromSlice(values, len(values))
	require.NoError(t, err)
	return v
}

func TestOf(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		name                   string
		values                 tensor.Any
		zeros, nans, infs      int64
		mean, dev, least, most float64
	}{
		{"float32", vector[float32](t, 1, 2, 3, 6), 0, 0, 0, 3, math.Sqrt(3.5), 1, 6},
		{"what is not finite is counted apart", vector(t, nan, inf, -inf, 0, 4), 1, 1, 2, 2, 2, 0, 4},
		{"bools", vector(t, true, false, true, true), 1, 0, 0, 0.75, math.Sqrt(0.1875), 0, 1},
		{"int8", vector[int8](t, -128, 127), 0, 0, 0, -0.5, 127.5, -128, 127},
		{"uint64 beyond int64", vector[uint64](t, 1<<63, 1<<63), 0, 0, 0, 1 << 63, 0, 1 << 63, 1 << 63},
		{"bfloat16", vector(t, tensor.BFloat16FromFloat32(2), tensor.BFloat16FromFloat32(4)), 0, 0, 0, 3, 1, 2, 4},
		{"float8", vector(t, tensor.Float8E4M3FNFromFloat32(2), tensor.Float8E4M3FNFromFloat32(4)), 0, 0, 0, 3, 1, 2, 4},
		{"complex numbers by magnitude", vector[complex64](t, 3+4i, 0), 1, 0, 0, 2.5, 2.5, 0, 5},
		{"small values far from zero", vector[float64](t, 1e9, 1e9+1, 1e9+2), 0, 0, 0, 1e9 + 1, math.Sqrt(2. / 3), 1e9, 1e9 + 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := of(t, c.values)
			require.EqualValues(t, c.values.Len(), s.Count)
			require.Equal(t, []int64{c.zeros, c.nans, c.infs}, []int64{s.Zeros, s.NaNs, s.Infs})
			require.InDelta(t, c.mean, s.Mean, 1e-9*max(1, math.Abs(c.mean)))
			require.InDelta(t, c.dev, s.Deviation, 1e-9*max(1, c.dev))
			require.Equal(t, []float64{c.least, c.most}, []float64{s.Min, s.Max})
		})
	}
	t.Run("no values", func(t *testing.T) {
		s := of(t, tensor.New[float32](0, 3))
		require.Zero(t, s.Count)
		require.True(t, math.IsNaN(s.Mean) && math.IsNaN(s.Min))
	})
	t.Run("strings", func(t *testing.T) {
		_, err := stats.Of(t.Context(), vector(t, "a"))
		require.ErrorContains(t, err, "values of string are not numbers")
	})
	t.Run("an ended context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := stats.Of(ctx, tensor.New[float32](1<<16))
		require.ErrorIs(t, err, context.Canceled)
	})
}

// TestPartsAddUp compares the sum over many chunks with the sum over all values at once.
func TestPartsAddUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	v := tensor.New[float32](1<<17 + 13)
	mean := 0.0
	for i := range v.Data() {
		v.Data()[i] = float32(r.NormFloat64()*3 + 100)
		mean += float64(v.Data()[i])
	}
	mean /= float64(v.Len())
	squares := 0.0
	for _, x := range v.Data() {
		squares += (float64(x) - mean) * (float64(x) - mean)
	}
	s := of(t, v)
	require.InDelta(t, mean, s.Mean, 1e-9)
	require.InDelta(t, math.Sqrt(squares/float64(v.Len())), s.Deviation, 1e-9)
}

func TestHistogram(t *testing.T) {
	v := vector(t, 0, 0.4, 0.5, 1, 1, float32(math.NaN()), 7)
	bins, err := stats.Histogram(t.Context(), v, 0, 1, 2)
	require.NoError(t, err)
	require.Equal(t, []int64{2, 3}, bins)
	bins, err = stats.Histogram(t.Context(), vector[float32](t, 5, 5), 5, 5, 3)
	require.NoError(t, err)
	require.Equal(t, []int64{2, 0, 0}, bins, "all values are one")
}
