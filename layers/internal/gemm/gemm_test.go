package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"pgregory.net/rapid"
)

// each runs f with every kernel of this machine.
func each(t *testing.T, f func(t *testing.T, kn kernel)) {
	for _, kn := range kernels() {
		if kn.set != none {
			t.Run(fmt.Sprintf("%dx%d", kn.rows, kn.cols), func(t *testing.T) { f(t, kn) })
		}
	}
}

func TestMulAddIsGonumsProduct(t *testing.T) {
	each(t, func(t *testing.T, kn kernel) {
		rapid.Check(t, func(t *rapid.T) {
			size := func(name string, most int) int {
				return rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(0, most)).Draw(t, name)
			}
			m, n, k := size("m", 600), size("n", 100), size("k", 300)
			gap := func(name string) int { return rapid.IntRange(0, 5).Draw(t, name) }
			requireProduct(t, kn, m, n, k, gap("gap of a"), gap("gap of b"), gap("gap of c"))
		})
		for _, size := range [][3]int{{1, 1, 1}, {height, maxCols, depth}, {height + 1, maxCols + 1, depth + 1}, {2*height + 5, 3, 2*depth + 3}} {
			t.Run(fmt.Sprint(size), func(t *testing.T) { requireProduct(t, kn, size[0], size[1], size[2], 0, 0, 0) })
		}
	})
}

// requireProduct fails where kn's m×k by k×n product is not gonum's, as far as float32 goes, or where it changes what lies between the
// rows of the result. Between those of the factors are NaNs, which must not count.
func requireProduct(t require.TestingT, kn kernel, m, n, k, gapA, gapB, gapC int) {
	r := rand.New(rand.NewPCG(uint64(m), uint64(n)))
	matrix := func(rows, cols, gap int) blas32.General {
		data := make([]float32, max(rows*(cols+gap)-gap, 0))
		for i := range data {
			data[i] = float32(r.NormFloat64())
			if i%(cols+gap) >= cols {
				data[i] = float32(math.NaN())
			}
		}
		return blas32.General{Rows: rows, Cols: cols, Stride: max(cols+gap, 1), Data: data}
	}
	a, b, c := matrix(m, k, gapA), matrix(k, n, gapB), matrix(m, n, gapC)
	want := c
	want.Data = append([]float32(nil), c.Data...)
	if m > 0 && n > 0 && k > 0 {
		blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, a, b, 1, want)
	}
	packed := make([]float32, kn.packedLen(k, n))
	kn.packAll(packed, k, n, b.Data, b.Stride)
	for _, way := range []func(c []float32){
		func(c []float32) { kn.mulAdd(m, n, k, a.Data, a.Stride, b.Data, b.Stride, c, want.Stride) },
		func(c []float32) { kn.mulAddPacked(m, n, k, a.Data, a.Stride, packed, c, want.Stride) },
	} {
		got := append([]float32(nil), c.Data...)
		way(got)
		for i, v := range want.Data {
			if i%want.Stride >= n {
				require.True(t, math.IsNaN(float64(got[i])), "value %d lies between rows", i)
				continue
			}
			require.InDelta(t, v, got[i], 2e-6*float64(k+10), "row %d, column %d", i/want.Stride, i%want.Stride)
		}
	}
}

func TestMulAddOfWholeNumbersIsExact(t *testing.T) {
	each(t, func(t *testing.T, kn kernel) {
		const m, n, k = 31, 45, 300
		a, b, c, want := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n), make([]float32, m*n)
		for i := range a {
			a[i] = float32(i*7%11 - 5)
		}
		for i := range b {
			b[i] = float32(i*5%13 - 6)
		}
		for i := range m {
			for j := range n {
				c[i*n+j] = float32(i - j)
				want[i*n+j] = c[i*n+j]
				for l := range k {
					want[i*n+j] += a[i*k+l] * b[l*n+j]
				}
			}
		}
		kn.mulAdd(m, n, k, a, k, b, n, c, n)
		require.Equal(t, want, c)
	})
}

func TestMulAddKeepsInfinitiesWhereTheyAre(t *testing.T) {
	inf := float32(math.Inf(1))
	each(t, func(t *testing.T, kn kernel) {
		// Rows and columns that only pad the kernel's must not spread them.
		c := []float32{1, 2, 3, 4}
		kn.mulAdd(2, 2, 1, []float32{inf, 1}, 1, []float32{1, 2}, 2, c, 2)
		require.Equal(t, []float32{inf, inf, 4, 6}, c)
		kn.mulAdd(2, 2, 1, []float32{1, 1}, 1, []float32{inf, 1}, 2, c, 2)
		require.Equal(t, []float32{inf, inf, inf, 7}, c)
	})
}

func TestMulAddOfShortSlicesPanics(t *testing.T) {
	each(t, func(t *testing.T, kn kernel) {
		ok := make([]float32, 12)
		for name, f := range map[string]func(){
			"a":                          func() { kn.mulAdd(3, 4, 2, ok[:5], 2, ok, 4, ok, 4) },
			"b":                          func() { kn.mulAdd(3, 4, 2, ok, 2, ok[:7], 4, ok, 4) },
			"c":                          func() { kn.mulAdd(3, 4, 2, ok, 2, ok, 4, ok[:11], 4) },
			"a stride below the columns": func() { kn.mulAdd(3, 4, 2, ok, 2, ok, 4, ok, 3) },
			"packed":                     func() { kn.mulAddPacked(3, 4, 2, ok, 2, ok[:7:7], ok, 4) },
		} {
			require.Panics(t, f, name)
		}
	})
}

func TestMultiplyAdd(t *testing.T) {
	for n := range 70 {
		y, x, z, want := make([]float32, n+1), make([]float32, n+3), make([]float32, n), make([]float32, n+1)
		for i := range z {
			y[i], x[i], z[i] = float32(i-9), float32(i%7-3), float32(i%5-2)
			want[i] = y[i] + x[i]*z[i]
		}
		y[n], want[n] = 7, 7 // behind the last
		MultiplyAdd(y[:n], x, z)
		require.Equal(t, want, y)
	}
	require.Panics(t, func() { MultiplyAdd(make([]float32, 8), make([]float32, 7, 9), make([]float32, 8)) })
	require.Panics(t, func() { MultiplyAdd(make([]float32, 8), make([]float32, 8), make([]float32, 7)) })
}

func TestMulAddAllocatesNothing(t *testing.T) {
	each(t, func(t *testing.T, kn kernel) {
		a, b, c := make([]float32, 40*50), make([]float32, 50*60), make([]float32, 40*60)
		require.Zero(t, testing.AllocsPerRun(10, func() { kn.mulAdd(40, 60, 50, a, 50, b, 60, c, 60) }))
	})
}

func BenchmarkMulAdd(b *testing.B) {
	for _, kn := range kernels() {
		for _, size := range [][3]int{{4, 512, 512}, {8, 512, 512}, {13, 512, 512}, {32, 512, 512}, {113, 64, 576}, {256, 1024, 1024}, {3136, 64, 64}} {
			m, n, k := size[0], size[1], size[2]
			x, y, z := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
			for _, s := range [][]float32{x, y} { // gonum is faster with zeros
				for i := range s {
					s[i] = float32(i%7) - 2.5
				}
			}
			b.Run(fmt.Sprintf("%dx%d/%dx%dx%d", kn.rows, kn.cols, m, k, n), func(b *testing.B) {
				for b.Loop() {
					if kn.set != none {
						kn.mulAdd(m, n, k, x, k, y, n, z, n)
						continue
					}
					blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, blas32.General{Rows: m, Cols: k, Stride: k, Data: x},
						blas32.General{Rows: k, Cols: n, Stride: n, Data: y}, 1, blas32.General{Rows: m, Cols: n, Stride: n, Data: z})
				}
				b.ReportMetric(2e-9*float64(m)*float64(n)*float64(k)*float64(b.N)/b.Elapsed().Seconds(), "GFLOPS")
			})
		}
	}
}
