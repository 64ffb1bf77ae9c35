package gemm

// Available reports whether the other functions are fast.
func Available() bool { return best.set != plain }

// PackedLen returns how many elements Pack makes of a k×n matrix.
func PackedLen(k, n int) int { return k * n }

// Pack copies the k×n matrix b, whose rows are ldb apart, to dst, without gaps.
func Pack(dst []float32, k, n int, b []float32, ldb int) {
	for l := range k {
		copy(dst[l*n:(l+1)*n], b[l*ldb:])
	}
}

// MulAddPacked is MulAdd with a b that Pack has packed.
func MulAddPacked(m, n, k int, a []float32, lda int, packed []float32, c []float32, ldc int) {
	MulAdd(m, n, k, a, lda, packed, n, c, ldc)
}
