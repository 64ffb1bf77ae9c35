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
		{"values that are not finite are counted separately", vector(t, nan, inf, -inf, 0, 4), 1, 1, 2, 2, 2, 0, 4},
		{"bools", vector(t, true, false, true, true), 1, 0, 0, 0.75, math.Sqrt(0.1875), 0, 1},
		{"half precision", vector(t, tensor.Float16FromFloat32(2), tensor.Float16FromFloat32(4), tensor.Float16FromFloat32(65504)), 0, 0, 0, 65510. / 3, 30877.467527128723, 2, 65504},
		{"uint16", vector[uint16](t, 0, 65535), 1, 0, 0, 32767.5, 32767.5, 0, 65535},
		{"int32", vector[int32](t, -1<<31, 1<<31-1), 0, 0, 0, -0.5, 2147483647.5, -1 << 31, 1<<31 - 1},
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
	require.Equal(t, []int64{2, 0, 0}, bins, "all values are equal")
	bins, err = stats.Histogram(t.Context(), vector(t, 0, 5e-324), 0, 5e-324, 3)
	require.NoError(t, err)
	require.EqualValues(t, 2, bins[0]+bins[1]+bins[2], "values with the smallest distance")
	const most = math.MaxFloat64
	bins, err = stats.Histogram(t.Context(), vector(t, -most, -1, 0, 1, most), -most, most, 3)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 3, 1}, bins, "values with the largest distance")
}

// TestFloat32 compares the code for float32 values with the code for all others.
func TestFloat32(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	for _, n := range []int{0, 1, 7, 8, 9, 10, 11, 1000, 1<<15 + 5} {
		for name, some := range map[string][]float32{"numbers": nil, "zeros": {0, float32(math.Copysign(0, -1))}, "not finite": {nan, inf}, "large": {math.MaxFloat32, -math.MaxFloat32}, "small": {math.SmallestNonzeroFloat32}} {
			narrow, wide := tensor.New[float32](n), tensor.New[float64](n)
			for i := range narrow.Data() {
				v := float32(r.NormFloat64())
				if len(some) > 0 && r.IntN(3) == 0 {
					v = some[r.IntN(len(some))]
				}
				narrow.Data()[i], wide.Data()[i] = v, float64(v)
			}
			got, want := of(t, narrow), of(t, wide)
			require.Equal(t, []int64{want.Count, want.Zeros, want.NaNs, want.Infs}, []int64{got.Count, got.Zeros, got.NaNs, got.Infs}, name)
			if want.Count == want.NaNs+want.Infs {
				continue
			}
			require.Equal(t, []float64{want.Min, want.Max}, []float64{got.Min, got.Max}, name)
			require.InEpsilon(t, 1+want.Deviation, 1+got.Deviation, 1e-9, name)
			require.InDelta(t, want.Mean, got.Mean, 1e-9*max(1, want.Deviation), name)
			a, err := stats.Histogram(t.Context(), narrow, want.Min, want.Max, 20)
			require.NoError(t, err)
			b, err := stats.Histogram(t.Context(), wide, want.Min, want.Max, 20)
			require.NoError(t, err)
			require.Equal(t, b, a, name)
		}
	}
}

func BenchmarkOf(b *testing.B) {
	v := tensor.New[float32](1 << 24)
	for i := range v.Data() {
		v.Data()[i] = float32(i%1000) - 500.5
	}
	b.SetBytes(4 << 24)
	b.Run("summary", func(b *testing.B) {
		for b.Loop() {
			if _, err := stats.Of(b.Context(), v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("histogram", func(b *testing.B) {
		for b.Loop() {
			if _, err := stats.Histogram(b.Context(), v, -500.5, 499.5, 48); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestNarrow compares dtypes that float32 can represent with the same numbers as float64.
func TestNarrow(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{1, 15, 16, 17, 1<<15 + 21} {
		b, h, wide, wideH := tensor.New[tensor.BFloat16](n), tensor.New[tensor.Float16](n), tensor.New[float64](n), tensor.New[float64](n)
		for i := range n {
			b.Data()[i], h.Data()[i] = tensor.BFloat16(r.Uint32()), tensor.Float16(r.Uint32())
			if r.IntN(4) == 0 {
				b.Data()[i], h.Data()[i] = 0, 1<<15
			}
			wide.Data()[i], wideH.Data()[i] = float64(b.Data()[i].Float32()), float64(h.Data()[i].Float32())
		}
		for _, c := range [][2]tensor.Any{{b, wide}, {h, wideH}} {
			got, want := of(t, c[0]), of(t, c[1])
			require.Equal(t, []int64{want.Count, want.Zeros, want.NaNs, want.Infs}, []int64{got.Count, got.Zeros, got.NaNs, got.Infs})
			if want.Count > want.NaNs+want.Infs {
				require.Equal(t, []float64{want.Min, want.Max}, []float64{got.Min, got.Max})
				require.InEpsilon(t, 1+want.Deviation, 1+got.Deviation, 1e-9)
			}
		}
	}
}
