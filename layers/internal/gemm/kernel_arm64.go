package gemm

//go:generate sh -c "go -C ../generate run ./gemmarm64 > kernel_arm64.s"

// kernels returns the kernels of NEON, which every arm64 processor has, and of plain Go.
func kernels() []kernel {
	return []kernel{{set: neon, rows: 8, cols: 8}, {}}
}

const haveSquares = false

// masked reports whether the instructions can mask missing columns.
func (kn *kernel) masked() bool { return false }

// compute sets the tile at c to from plus the product of a and b. step is the leading dimension of from.
func (kn *kernel) compute(t *tile, a *float32, lda int, b *float32, ldb int, c *float32, ldc int, from *float32, step int, panel *float32) {
	variant := t.rows
	if t.pack {
		variant += 128
	}
	tileNEON(variant, t.deep, a, lda, b, ldb, c, ldc, from, step, panel)
}

// tileNEON computes a tile of c, eight columns wide: from + a·b. a has k columns. lda, ldb, ldc and fromStep are leading
// dimensions; fromStep may be 0. A variant is the number of rows, plus 128 to copy b to panel, too.
//
//go:noescape
func tileNEON(variant int, k int, a *float32, lda int, b *float32, ldb int, c *float32, ldc int, from *float32, fromStep int, panel *float32)

func transpose8x8(dst *float32, ldd int, src *float32, lds int) {}
