// Package gemm multiplies float32 matrices with the vector instructions of the processor: AVX-512, AVX2 with FMA, NEON. Elsewhere, and in
// tests, plain Go does it.
//
// # How
//
// The structure is that of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008): a tile of the result, a few
// rows by a few columns, stays in registers while the inner dimension goes by, and the loops around it hand it operands that
// are in the caches. Nothing is packed beforehand, so that a model has its weights in memory once: the first tile of a column of tiles reads the
// second factor where it lies and copies it to a panel as it goes, and the tiles below read the panel. A product of few
// rows needs no panel.
//
// # Results
//
// An element of the result is begun with the bias, or with what is there, and the products are added to it in the order of the inner dimension,
// each by one fused multiplication and addition. It is so for every shape and every set of instructions: a row's result does not
// depend on the rows beside it, nor on how work is shared among goroutines. Plain Go rounds products before it adds them.
package gemm

// MulAdd adds the product of the m×k matrix a and the k×n matrix b to the m×n matrix c. Each is row-major, and stored rows
// are lda, ldb and ldc apart; those of a may overlap. It panics, before it changes anything, where one of them is shorter than that.
func MulAdd(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int) {
	best.mul(&product{m: m, n: n, k: k, a: a, lda: lda, b: b, ldb: ldb, c: c, ldc: ldc, add: true})
}

// Mul sets c to the product of a and b, as MulAdd has them, plus bias, which has a value for each column or is nil for none.
func Mul(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, bias []float32) {
	best.mul(&product{m: m, n: n, k: k, a: a, lda: lda, b: b, ldb: ldb, c: c, ldc: ldc, bias: bias})
}

// A product is the arguments of Mul and MulAdd.
type product struct {
	m, n, k       int
	a, b, c       []float32
	lda, ldb, ldc int
	bias          []float32 // nil: zeros
	add           bool      // begin with c, not with bias
}

// check panics where a matrix is shorter than its shape: the kernels do not look.
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

// check lets rows overlap: the windows of a convolution that are nearer than they are wide.
func check(x []float32, rows, cols, stride int) {
	if stride < 0 || len(x) < cols || stride > 0 && (len(x)-cols)/stride < rows-1 {
		panic("gemm: a matrix is shorter than its shape")
	}
}

// Transpose writes the transpose of the rows×cols matrix src, stored rows lds apart, to dst, a cols×rows matrix, rows ldd apart. It
// panics where one of them is shorter than that.
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
