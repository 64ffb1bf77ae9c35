package gemm

// run adds the product of a, the kernel's rows by k, and panel, k by its columns, to c.
func (kn kernel) run(k int, a []float32, lda int, panel, c []float32, ldc int) {
	switch kn.set {
	case avx512:
		kernel12x32(k, &a[0], lda, &panel[0], &c[0], ldc)
	case avx2:
		kernel6x16(k, &a[0], lda, &panel[0], &c[0], ldc)
	}
}

// kernel12x32 adds the product of a 12×k matrix, rows lda apart, and a k×32 matrix, rows 32 apart, to a 12×32 matrix, rows
// ldc apart. It needs AVX-512F, and k above 0.
//
//go:noescape
func kernel12x32(k int, a *float32, lda int, b *float32, c *float32, ldc int)

// kernel6x16 adds the product of a 6×k matrix, rows lda apart, and a k×16 matrix, rows 16 apart, to a 6×16 matrix, rows ldc
// apart. It needs AVX2 and FMA, and k above 0.
//
//go:noescape
func kernel6x16(k int, a *float32, lda int, b *float32, c *float32, ldc int)

// eights adds the products of the first values of x and z to y, as many as are whole registers, and returns their number.
func eights(y, x, z []float32) int {
	n := len(y) &^ 7
	if n == 0 || best.set == none {
		return 0
	}
	multiplyAdd8(n, &y[0], &x[0], &z[0])
	return n
}

// multiplyAdd8 adds the products of the n values at x and those at z to those at y. It needs AVX2 and FMA, and n a multiple of 8
// above 0.
//
//go:noescape
func multiplyAdd8(n int, y *float32, x *float32, z *float32)

// cpuid is the instruction of that name.
func cpuid(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)

// xgetbv returns the register that says which others the operating system saves.
func xgetbv() (eax, edx uint32)

// available returns the largest set of instructions that the processor has and whose registers the operating system saves
// (Intel's manual, volume 1, 14.5 and 15.2).
func available() set {
	const (
		fma, osxsave, avx = 1 << 12, 1 << 27, 1 << 28 // leaf 1, ECX
		hasAVX2, hasF     = 1 << 5, 1 << 16           // leaf 7, EBX
		ymm, zmm          = 0x6, 0xe6                 // XCR0
	)
	leaves, _, _, _ := cpuid(0, 0)
	if leaves < 7 {
		return none
	}
	_, _, one, _ := cpuid(1, 0)
	if one&fma == 0 || one&osxsave == 0 || one&avx == 0 {
		return none
	}
	saved, _ := xgetbv()
	_, seven, _, _ := cpuid(7, 0)
	switch {
	case saved&zmm == zmm && seven&hasAVX2 != 0 && seven&hasF != 0:
		return avx512
	case saved&ymm == ymm && seven&hasAVX2 != 0:
		return avx2
	}
	return none
}
