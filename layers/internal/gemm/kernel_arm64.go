package gemm

//go:generate sh -c "go -C ../generate run ./gemmarm64 > kernel_arm64.s"

// kernels returns NEON's tiles, which every arm64 processor has, and plain Go.
func kernels() []kernel {
	return []kernel{{set: neon, rows: 8, cols: 8}, {}}
}

const haveSquares = false

// masked reports whether a tile may lack columns.
func (kn *kernel) masked() bool { return false }

// compute sets the tile at c to from, whose rows are step apart, plus the product of a and b.
func (kn *kernel) compute(t *tile, a *float32, lda int, b *float32, ldb int, c *float32, ldc int, from *float32, step int, panel *float32) {
	variant := t.rows
	if t.pack {
		variant += 128
	}
	tileNEON(variant, t.deep, a, lda, b, ldb, c, ldc, from, step, panel)
}

// tileNEON computes a tile of c, eight columns wide: from + a·b, where a has k columns and rows lda apart, those of b are ldb apart, those
// of c ldc, those of from fromStep, which may be 0. A variant is the number of rows, plus 128 to copy b to panel, too.
//
//go:noescape
func tileNEON(variant int, k int, a *float32, lda int, b *float32, ldb int, c *float32, ldc int, from *float32, fromStep int, panel *float32)

func transpose8x8(dst *float32, ldd int, src *float32, lds int) {}
