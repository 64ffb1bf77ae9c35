package vmath

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

var lengths = []int{1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, chunk, chunk + 5, 3*chunk + 17}

func normal(n int) []float32 {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(3*r.NormFloat64() + 1)
	}
	return x
}

func requireNear(t *testing.T, want float64, got float32, relative float64) {
	t.Helper()
	require.InDelta(t, want, float64(got), relative*math.Abs(want)+1e-30)
}

func TestPlaceDoesNotMatter(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		x := normal(100)
		for _, f := range functions {
			all := slices.Clone(x)
			f.f.apply(all)
			for n := range 40 {
				part := slices.Clone(x[n : 2*n])
				f.f.apply(part)
				require.Equal(t, all[n:2*n], part, "%s of %d values", f.name, n)
			}
		}
	})
}

func TestSoftmax(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	eachSet(t, func(t *testing.T) {
		for _, n := range lengths {
			x := normal(n)
			got := slices.Clone(x)
			Softmax(got)
			top, sum := float64(slices.Max(x)), 0.0
			for _, v := range x {
				sum += math.Exp(float64(v) - top)
			}
			for i, v := range x {
				requireNear(t, math.Exp(float64(v)-top)/sum, got[i], 4e-6)
			}
		}
		Softmax(nil)
		one := []float32{-inf, 0, -inf}
		Softmax(one)
		require.Equal(t, []float32{0, 1, 0}, one)
		for _, row := range [][]float32{{nan, 1, 2}, {inf, 1}, {-inf, -inf}, append(make([]float32, 40), nan)} {
			Softmax(row)
			for _, v := range row {
				require.True(t, math.IsNaN(float64(v)))
			}
		}
	})
}

func TestReductions(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		for _, n := range lengths {
			x := normal(n)
			sum, squares := 0.0, 0.0
			for _, v := range x {
				sum += float64(v)
				squares += (float64(v) - 0.75) * (float64(v) - 0.75)
			}
			require.Equal(t, slices.Max(x), Max(x))
			require.InDelta(t, sum, Sum(x), 1e-6*float64(n)*4)
			require.InEpsilon(t, squares, SumSquares(x, 0.75), 1e-6)
		}
	})
}

func TestArithmetic(t *testing.T) {
	nan := float32(math.NaN())
	eachSet(t, func(t *testing.T) {
		for _, n := range lengths {
			x, y := normal(n), normal(n + 1)[1:]
			gamma, beta := normal(n + 2)[2:], normal(n + 3)[3:]
			affine := make([]float32, n)
			Affine(affine, x, gamma, beta)
			added, larger, scaled, normalized := slices.Clone(y), slices.Clone(y), slices.Clone(y), slices.Clone(y)
			Add(added, x)
			Maximum(larger, x)
			Scale(scaled, 3)
			Normalize(normalized, 0.5, 2, gamma, beta)
			for i, v := range y {
				require.Equal(t, v+x[i], added[i])
				require.Equal(t, max(v, x[i]), larger[i])
				require.Equal(t, 3*v, scaled[i])
				require.InDelta(t, float64(x[i])*float64(gamma[i])+float64(beta[i]), affine[i], 1e-5)
				require.InDelta(t, (float64(v)-0.5)*2*float64(gamma[i])+float64(beta[i]), normalized[i], 1e-5)
			}
			for i := 0; i < n; i += 2*(n/128) + 1 { // in every lane
				for _, with := range [][2]float32{{nan, 1}, {1, nan}} {
					x, y := slices.Clone(x), slices.Clone(x)
					x[i], y[i] = with[0], with[1]
					Maximum(y, x)
					require.True(t, math.IsNaN(float64(y[i])))
				}
			}
		}
		require.Panics(t, func() { Add(make([]float32, 9), make([]float32, 8)) })
		require.Panics(t, func() { Maximum(make([]float32, 9), make([]float32, 8)) })
		require.Panics(t, func() { Normalize(make([]float32, 9), 0, 0, make([]float32, 8), make([]float32, 9)) })
		require.Panics(t, func() { SumExp(make([]float32, 7), make([]float32, 8), 0) })
	})
}

func TestRecurrentSteps(t *testing.T) {
	s := func(x float32) float64 { return exactSigmoid(float64(x)) }
	eachSet(t, func(t *testing.T) {
		for _, n := range []int{1, 7, 8, 16, 21, 50} {
			h, c, z, inner := normal(n), normal(n + 1)[1:], normal(4*n), normal(4*n+1)
			h2, c2 := slices.Clone(h), slices.Clone(c)
			LSTM(h2, c2, z)
			for i := range n {
				carry := s(z[n+i])*float64(c[i]) + s(z[i])*math.Tanh(float64(z[2*n+i]))
				require.InDelta(t, carry, c2[i], 1e-6)
				require.InDelta(t, s(z[3*n+i])*math.Tanh(carry), h2[i], 1e-6)
			}
			h2 = slices.Clone(h)
			GRU(h2, z, inner)
			for i := range n {
				update, reset := s(z[i]+inner[i]), s(z[n+i]+inner[n+i])
				candidate := math.Tanh(float64(z[2*n+i]) + reset*float64(inner[2*n+i]))
				require.InDelta(t, update*float64(h[i])+(1-update)*candidate, h2[i], 2e-6)
			}
		}
	})
}

func TestNothingIsAllocated(t *testing.T) {
	x, gates := normal(100), normal(400)
	require.Zero(t, testing.AllocsPerRun(10, func() {
		GELU(x)
		Softmax(x)
		Normalize(x, float32(Sum(x)), float32(SumSquares(x, 1)), x, x)
		LSTM(x, x, gates)
	}))
}

func BenchmarkApply(b *testing.B) {
	for _, f := range functions {
		b.Run(f.name, func(b *testing.B) {
			values, x := normal(4096), make([]float32, 4096)
			b.SetBytes(4 * 4096)
			for b.Loop() {
				copy(x, values)
				f.f.apply(x)
			}
		})
	}
	b.Run("softmax", func(b *testing.B) {
		x := normal(128)
		b.SetBytes(4 * 128)
		for b.Loop() {
			Softmax(x)
		}
	})
	b.Run("lstm", func(b *testing.B) {
		h, c, z := normal(128), normal(128), normal(512)
		b.SetBytes(4 * 128)
		for b.Loop() {
			LSTM(h, c, z)
		}
	})
}
