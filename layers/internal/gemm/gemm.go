// Package gemm multiplies float32 matrices with the processor's vector instructions: AVX-512, AVX2 with FMA, or NEON. On other
// processors, and in tests, it uses plain Go.
//
// # How
//
// The structure is that of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008). A tile of the
// result, a few rows by a few columns, stays in registers during the loop over the inner dimension. The loops around it pass
// operands that are in the caches. Nothing is packed in advance, so a model has its weights in memory only once. The first tile
// of a column of tiles reads the second factor in place and copies it to a panel. The tiles below read the panel. A product of
// few rows does not use a panel.
//
// # Results
//
// An element of the result starts with the bias or with its present value. The products are added in the order of the inner
// dimension, each by one fused multiply-add. This holds for every shape and every instruction set: a row's result depends
// neither on the other rows nor on how the work is divided among goroutines. Plain Go rounds each product before it adds it.
package gemm

// MulAdd adds the product of the m×k matrix a and the k×n matrix b to the m×n matrix c. All are row-major, with leading
// dimensions lda, ldb and ldc. The rows of a may overlap. MulAdd panics, before it changes anything, if a slice is too short.
func MulAdd(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int) {
	best.mul(&product{m: m, n: n, k: k, a: a, lda: lda, b: b, ldb: ldb, c: c, ldc: ldc, add: true})
}

// Mul sets c to the product of a and b plus bias. bias has a value per column, or is nil. The rest is as for MulAdd.
func Mul(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, bias []float32) {
	best.mul(&product{m: m, n: n, k: k, a: a, lda: lda, b: b, ldb: ldb, c: c, ldc: ldc, bias: bias})
}

// A product holds the arguments of Mul or MulAdd.
type product struct {
	m, n, k       int
	a, b, c       []float32
	lda, ldb, ldc int
	bias          []float32 // nil: zeros
	add           bool      // start with c, not with bias
}

// check panics if a matrix is shorter than its shape, because the kernels do not check.
func (p *product) check() {
	if p.bias != nil && len(p.bias) < p.n {
		panic("gemm: the bias is shorter than the matrix is wide")
	}
	if p.k > 0 {
		if p.m > 1 && p.lda < 1 || len(p.a) < (p.m-1)*p.lda+p.k {
			panic("gemm: a matrix is shorter than its shape")
		}
		check(p.b, p.k, p.n, p.ldb)
	}
	check(p.c, p.m, p.n, p.ldc)
	if p.ldc < p.n {
		panic("gemm: rows of the result overlap")
	}
}

// check allows rows to overlap, as the windows of a convolution do if the stride is smaller than the window.
func check(x []float32, rows, cols, stride int) {
	if stride < 0 || len(x) < cols || stride > 0 && (len(x)-cols)/stride < rows-1 {
		panic("gemm: a matrix is shorter than its shape")
	}
}

// Transpose writes the transpose of the rows×cols matrix src to the cols×rows matrix dst. lds and ldd are the leading
// dimensions. It panics if a slice is too short.
func Transpose(dst []float32, ldd int, src []float32, lds, rows, cols int) {
	if rows <= 0 || cols <= 0 {
		return
	}
	check(dst, cols, rows, ldd)
	check(src, rows, cols, lds)
	squareRows, squareCols := rows&^7, cols&^7
	if !haveSquares {
		squareRows, squareCols = 0, 0
	}
	for i := 0; i < squareRows; i += 8 {
		for j := 0; j < squareCols; j += 8 {
			transpose8x8(&dst[j*ldd+i], ldd, &src[i*lds+j], lds)
		}
	}
	for i := range rows {
		from := squareCols
		if i >= squareRows {
			from = 0
		}
		for j, v := range src[i*lds+from : i*lds+cols] {
			dst[(from+j)*ldd+i] = v
		}
	}
}
