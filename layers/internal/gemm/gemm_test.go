package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// each runs f with every kernel that this machine can run, including plain Go.
func each(t *testing.T, f func(t *testing.T, kn kernel)) {
	for _, kn := range kernels() {
		t.Run(kn.set.String(), func(t *testing.T) { f(t, kn) })
	}
}

func (s set) String() string { return []string{"plain", "neon", "avx2", "avx512"}[s] }

// A shape describes a product, with gaps between the rows of its matrices.
type shape struct {
	m, n, k          int
	gapA, gapB, gapC int
}

// requireProduct fails if kn's product differs from the float64 product by more than float32 rounding, or if
// kn writes between the rows of the result. The gaps between the rows of the factors contain NaNs, which must
// not affect the result.
func requireProduct(t require.TestingT, kn kernel, s shape) {
	r := rand.New(rand.NewPCG(uint64(s.m), uint64(s.n)))
	nan := float32(math.NaN())
	matrix := func(rows, cols, gap int) ([]float32, int) {
		data := make([]float32, max(rows*(cols+gap)-gap, 0))
		for i := range data {
			data[i] = float32(r.NormFloat64())
			if i%(cols+gap) >= cols {
				data[i] = nan
			}
		}
		return data, max(cols+gap, 1)
	}
	a, lda := matrix(s.m, s.k, s.gapA)
	b, ldb := matrix(s.k, s.n, s.gapB)
	c, ldc := matrix(s.m, s.n, s.gapC)
	bias, _ := matrix(1, s.n, 0)
	for name, p := range map[string]product{
		"add":  {add: true},
		"bias": {bias: bias},
		"none": {},
	} {
		got := slices.Clone(c)
		p.m, p.n, p.k, p.a, p.lda, p.b, p.ldb, p.c, p.ldc = s.m, s.n, s.k, a, lda, b, ldb, got, ldc
		kn.mul(&p)
		for i, v := range got {
			row, col := i/ldc, i%ldc
			if col >= s.n {
				if v == v {
					require.Failf(t, "overwritten", "%s: value %d between rows", name, i)
				}
				continue
			}
			want := 0.0
			switch {
			case p.add:
				want = float64(c[i])
			case p.bias != nil:
				want = float64(bias[col])
			}
			for l := range s.k {
				want += float64(a[row*lda+l]) * float64(b[l*ldb+col])
			}
			if !(math.Abs(want-float64(v)) <= 1e-6*float64(s.k+10)) {
				require.Failf(t, "wrong", "%s of %+v: row %d, column %d: got %v, want %v", name, s, row, col, v, want)
			}
		}
	}
}

// Tests all shapes up to 40 by 40 by 40, or samples of them.
func TestProductsOfAllSmallShapes(t *testing.T) {
	step := thorough.Pick(1, 61)
	each(t, func(t *testing.T, kn kernel) {
		n := 0
		for m := range 41 {
			for cols := range 41 {
				for k := range 41 {
					if n++; n%step == 0 {
						requireProduct(t, kn, shape{m: m, n: cols, k: k, gapC: n % 3})
					}
				}
			}
		}
	})
}

func TestProductsOfLargeShapes(t *testing.T) {
	each(t, func(t *testing.T, kn kernel) {
		for _, s := range []shape{
			{m: height, n: maxWide, k: depth},
			{m: height + 1, n: maxWide + 1, k: depth + 1},
			{m: 2*height + 5, n: 3, k: 2*depth + 3},
			{m: 5, n: 2*maxWide + 17, k: 2*depth + 1},
			{m: 1, n: 300, k: 700},
		} {
			requireProduct(t, kn, s)
		}
		rapid.Check(t, func(t *rapid.T) {
			size := func(name string, most int) int {
				return rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(0, most)).Draw(t, name)
			}
			gap := func(name string) int { return rapid.IntRange(0, 5).Draw(t, name) }
			requireProduct(t, kn, shape{size("m", 300), size("n", 150), size("k", 600), gap("gap of a"), gap("gap of b"), gap("gap of c")})
		})
	})
}

// All kernels that fuse give the same bits for a row, whatever the other rows and columns are.
func TestResultsDoNotDependOnTheShape(t *testing.T) {
	const m, n, k = 53, 131, 600
	r := rand.New(rand.NewPCG(1, 2))
	a, b := make([]float32, m*k), make([]float32, k*n)
	for _, x := range [][]float32{a, b} {
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
	}
	want := make([]float32, m*n)
	for i := range m {
		for j := range n {
			for l := range k {
				// The product is rounded to float64 first. That rarely differs from a fused float32
				// operation, and never in this data.
				want[i*n+j] = float32(float64(a[i*k+l])*float64(b[l*n+j]) + float64(want[i*n+j]))
			}
		}
	}
	each(t, func(t *testing.T, kn kernel) {
		if kn.set == plain {
			t.Skip("plain Go does not fuse")
		}
		for rows := 1; rows <= m; rows += 4 {
			for _, cols := range []int{1, 16, 31, 64, 65, n} {
				c := make([]float32, rows*cols)
				kn.mul(&product{m: rows, n: cols, k: k, a: a, lda: k, b: b, ldb: n, c: c, ldc: cols})
				for i := range rows {
					require.Equal(t, want[i*n:i*n+cols], c[i*cols:(i+1)*cols], "%d rows, %d columns, row %d", rows, cols, i)
				}
			}
		}
	})
}

func TestMulKeepsInfinitiesWhereTheyAre(t *testing.T) {
	inf := float32(math.Inf(1))
	each(t, func(t *testing.T, kn kernel) {
		// The rows and columns that pad a kernel's tile must not spread NaNs and infinities.
		c := []float32{1, 2, 3, 4}
		kn.mul(&product{m: 2, n: 2, k: 1, a: []float32{inf, 1}, lda: 1, b: []float32{1, 2}, ldb: 2, c: c, ldc: 2, add: true})
		require.Equal(t, []float32{inf, inf, 4, 6}, c)
		kn.mul(&product{m: 2, n: 2, k: 1, a: []float32{1, 1}, lda: 1, b: []float32{inf, 1}, ldb: 2, c: c, ldc: 2, add: true})
		require.Equal(t, []float32{inf, inf, inf, 7}, c)
	})
}

func TestMulOfShortSlicesPanics(t *testing.T) {
	each(t, func(t *testing.T, kn kernel) {
		ok := make([]float32, 12)
		for name, change := range map[string]func(p *product){
			"a":                                  func(p *product) { p.a = ok[:5] },
			"b":                                  func(p *product) { p.b = ok[:7] },
			"c":                                  func(p *product) { p.c = ok[:11] },
			"bias":                               func(p *product) { p.bias = ok[:3] },
			"all rows of a at the same position": func(p *product) { p.lda = 0 },
			"a stride below the columns":         func(p *product) { p.ldc = 3 },
		} {
			p := product{m: 3, n: 4, k: 2, a: ok, lda: 2, b: ok, ldb: 4, c: ok, ldc: 4}
			change(&p)
			require.Panics(t, func() { kn.mul(&p) }, name)
		}
	})
}

func TestRowsOfTheFirstFactorMayOverlap(t *testing.T) {
	each(t, func(t *testing.T, kn kernel) {
		c := make([]float32, 3)
		kn.mul(&product{m: 3, n: 1, k: 3, a: []float32{1, 2, 3, 4, 5}, lda: 1, b: []float32{1, 10, 100}, ldb: 1, c: c, ldc: 1})
		require.Equal(t, []float32{321, 432, 543}, c)
	})
}

func TestMulAllocatesNothing(t *testing.T) {
	each(t, func(t *testing.T, kn kernel) {
		a, b, c := make([]float32, 40*50), make([]float32, 50*60), make([]float32, 40*60)
		for _, m := range []int{1, 40} {
			require.Zero(t, testing.AllocsPerRun(10, func() {
				kn.mul(&product{m: m, n: 60, k: 50, a: a, lda: 50, b: b, ldb: 60, c: c, ldc: 60})
			}))
		}
	})
}

func TestTranspose(t *testing.T) {
	for rows := range 20 {
		for cols := range 20 {
			lds, ldd := cols+2, rows+3
			src, dst, want := make([]float32, rows*lds), make([]float32, cols*ldd), make([]float32, cols*ldd)
			for i := range src {
				src[i] = float32(i + 1)
			}
			for i := range rows {
				for j := range cols {
					want[j*ldd+i] = src[i*lds+j]
				}
			}
			Transpose(dst, ldd, src, lds, rows, cols)
			require.Equal(t, want, dst, "%d×%d", rows, cols)
		}
	}
	require.Panics(t, func() { Transpose(make([]float32, 63), 8, make([]float32, 64), 8, 8, 8) })
	require.Panics(t, func() { Transpose(make([]float32, 64), 8, make([]float32, 63), 8, 8, 8) })
}

func BenchmarkMul(b *testing.B) {
	for _, kn := range kernels() {
		for _, size := range [][3]int{
			{1, 512, 512}, {4, 512, 512}, {8, 512, 512}, {13, 512, 512}, {32, 512, 512}, {5, 384, 1536}, {40, 384, 1536}, {40, 1536, 384},
			{113, 64, 576}, {256, 1024, 1024}, {256, 4096, 1024}, {3136, 64, 64},
		} {
			m, n, k := size[0], size[1], size[2]
			x, y, z := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
			b.Run(fmt.Sprintf("%v/%dx%dx%d", kn.set, m, k, n), func(b *testing.B) {
				for b.Loop() {
					kn.mul(&product{m: m, n: n, k: k, a: x, lda: k, b: y, ldb: n, c: z, ldc: n})
				}
				b.ReportMetric(2e-9*float64(m)*float64(n)*float64(k)*float64(b.N)/b.Elapsed().Seconds(), "GFLOPS")
			})
		}
	}
}

// The weights are not in a cache, as in a model with many layers.
func BenchmarkMulOfColdWeights(b *testing.B) {
	for _, size := range [][3]int{{1, 384, 1536}, {5, 384, 384}, {11, 384, 1536}, {40, 384, 1536}, {320, 384, 1536}} {
		m, k, n := size[0], size[1], size[2]
		x, z := make([]float32, m*k), make([]float32, m*n)
		var y [100][]float32
		for i := range y {
			y[i] = make([]float32, k*n)
			for j := range y[i] {
				y[i][j] = 1 // because all untouched memory shares one page of zeros
			}
		}
		b.Run(fmt.Sprintf("%dx%dx%d", m, k, n), func(b *testing.B) {
			i := 0
			b.SetBytes(int64(4 * k * n))
			for b.Loop() {
				i++
				Mul(m, n, k, x, k, y[i%len(y)], n, z, n, nil)
			}
		})
	}
}
