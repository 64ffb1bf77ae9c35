package gemm

import "golang.org/x/sys/cpu"

//go:generate go -C ../generate run ./gemm -pkg gemm -out ../gemm/kernel_amd64.s

// kernels returns the kernels that this machine can run, the fastest first. The last one is plain Go.
func kernels() []kernel {
	var list []kernel
	if cpu.X86.HasAVX512F && haveSquares {
		list = append(list, kernel{set: avx512, rows: 12, cols: 32, wideRows: 6, wideCols: 64})
	}
	if haveSquares {
		list = append(list, kernel{set: avx2, rows: 6, cols: 16, wideRows: 2, wideCols: 32})
	}
	return append(list, kernel{})
}

// haveSquares reports whether transpose8x8 may be called.
var haveSquares = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// masked reports whether the instructions can mask missing columns.
func (kn *kernel) masked() bool { return kn.set == avx512 }

// compute sets the tile at c to from plus the product of a and b. step is the leading dimension of from.
func (kn *kernel) compute(t *tile, a *float32, lda int, b *float32, ldb int, c *float32, ldc int, from *float32, step int, panel *float32) {
	variant := t.rows + 16
	if t.cols > kn.cols {
		variant += 2 * 16
	}
	if t.pack {
		variant += 128
	}
	if kn.set == avx512 {
		tile512(variant, t.deep, a, lda, b, ldb, c, ldc, from, step, panel, 4*t.ahead, 1<<t.wide-1)
		return
	}
	tile256(variant, t.deep, a, lda, b, ldb, c, ldc, from, step, panel, 4*t.ahead)
}

// tile512 computes a tile of c: from + a·b. a has k columns. lda, ldb, ldc and fromStep are leading dimensions; fromStep may be 0.
// A variant is the number of rows, plus 16 if a row takes two registers or 48 if it takes four, plus 128 to copy b to panel, too.
// The bits of mask tell which columns exist.
//
//go:noescape
func tile512(variant int, k int, a *float32, lda int, b *float32, ldb int, c *float32, ldc int, from *float32, fromStep int, panel *float32, ahead int, mask uint64)

// tile256 is tile512 for AVX2, without a mask.
//
//go:noescape
func tile256(variant int, k int, a *float32, lda int, b *float32, ldb int, c *float32, ldc int, from *float32, fromStep int, panel *float32, ahead int)

// transpose8x8 writes the transpose of the 8×8 values at src to dst. lds and ldd are the leading dimensions.
//
//go:noescape
func transpose8x8(dst *float32, ldd int, src *float32, lds int)
