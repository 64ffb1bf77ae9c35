// Package gemm multiplies float32 matrices with the vector instructions of the processor that it finds itself on. gonum's
// kernels are written for the oldest amd64 machines, and stay at a seventh of what today's do.
//
// The structure is that of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008): a small product of a
// few rows by a few columns is kept in registers while the inner dimension goes by, and the loops around it hand it
// operands that are in the caches. The inner product is the only assembly, one routine per instruction set (kernel_amd64.s); where a
// machine has none of them, Available is false and the caller has to do without. MultiplyAdd, of vectors, is what depthwise
// convolutions are made of.
package gemm

// A kernel is a routine that adds the product of rows×k and k×cols matrices to a rows×cols one.
type kernel struct {
	set        set
	rows, cols int
}

// A set is the instructions that a kernel uses.
type set uint8

const (
	none   set = iota
	avx2       // and FMA
	avx512     // the foundation
)

// Sizes of what the loops hand to the kernel, in elements.
const (
	// depth is the most of the inner dimension that goes by before sums go back to memory. A panel of the second factor, that
	// deep and a kernel's columns wide, stays in the first cache (at most 32 KiB).
	depth = 256
	// height is the most rows of the first factor that meet a panel. That many, a depth deep, stay in the second cache (512 KiB).
	height = 512

	maxRows, maxCols = 12, 32
)

// best is the fastest kernel of this machine.
var best = kernels()[0]

// kernels returns what this machine can run, the fastest first. The last is that of the empty set.
func kernels() []kernel {
	var list []kernel
	sets := available()
	if sets >= avx512 {
		list = append(list, kernel{avx512, 12, 32})
	}
	if sets >= avx2 {
		list = append(list, kernel{avx2, 6, 16})
	}
	return append(list, kernel{})
}

// Available reports whether this machine has the instructions that the other functions need; without, they must not be called.
func Available() bool { return best.set != none }

// MulAdd adds the product of the m×k matrix a and the k×n matrix b to the m×n matrix c. Each is row-major, and stored rows
// are lda, ldb and ldc apart. It panics, before it changes anything, where one of them is shorter than that.
func MulAdd(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int) {
	best.mulAdd(m, n, k, a, lda, b, ldb, c, ldc)
}

func (kn kernel) mulAdd(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int) {
	if m <= 0 || n <= 0 || k <= 0 {
		return
	}
	check(a, m, k, lda)
	check(b, k, n, ldb)
	check(c, m, n, ldc)
	var panel [depth * maxCols]float32
	for i := 0; i < m; i += height {
		rows := min(height, m-i)
		for l := 0; l < k; l += depth {
			deep := min(depth, k-l)
			for j := 0; j < n; j += kn.cols {
				wide := min(kn.cols, n-j)
				kn.pack(panel[:deep*kn.cols], b[l*ldb+j:], ldb, wide)
				kn.column(rows, wide, deep, a[i*lda+l:], lda, panel[:deep*kn.cols], c[i*ldc+j:], ldc)
			}
		}
	}
}

// PackedLen returns how many elements Pack makes of a k×n matrix.
func PackedLen(k, n int) int { return best.packedLen(k, n) }

func (kn kernel) packedLen(k, n int) int { return k * ((n + kn.cols - 1) / kn.cols) * kn.cols }

// Pack copies the k×n matrix b, whose rows are ldb apart, to dst in the order in which MulAddPacked goes through it. That is worth it for
// a matrix that several others are multiplied with.
func Pack(dst []float32, k, n int, b []float32, ldb int) { best.packAll(dst, k, n, b, ldb) }

func (kn kernel) packAll(dst []float32, k, n int, b []float32, ldb int) {
	if k <= 0 || n <= 0 {
		return
	}
	check(b, k, n, ldb)
	for l := 0; l < k; l += depth {
		deep := min(depth, k-l)
		for j := 0; j < n; j += kn.cols {
			kn.pack(dst[:deep*kn.cols], b[l*ldb+j:], ldb, min(kn.cols, n-j))
			dst = dst[deep*kn.cols:]
		}
	}
}

// MulAddPacked is MulAdd with a b that Pack has packed. It changes nothing but c, so that several goroutines may share b.
func MulAddPacked(m, n, k int, a []float32, lda int, packed []float32, c []float32, ldc int) {
	best.mulAddPacked(m, n, k, a, lda, packed, c, ldc)
}

func (kn kernel) mulAddPacked(m, n, k int, a []float32, lda int, packed []float32, c []float32, ldc int) {
	if m <= 0 || n <= 0 || k <= 0 {
		return
	}
	check(a, m, k, lda)
	check(c, m, n, ldc)
	for i := 0; i < m; i += height {
		rows, rest := min(height, m-i), packed[:kn.packedLen(k, n)]
		for l := 0; l < k; l += depth {
			deep := min(depth, k-l)
			for j := 0; j < n; j += kn.cols {
				kn.column(rows, min(kn.cols, n-j), deep, a[i*lda+l:], lda, rest[:deep*kn.cols], c[i*ldc+j:], ldc)
				rest = rest[deep*kn.cols:]
			}
		}
	}
}

// MultiplyAdd adds to each value of y the product of those of x and z in its place, on any machine. It panics where x or z is
// shorter than y.
func MultiplyAdd(y, x, z []float32) {
	if len(x) < len(y) || len(z) < len(y) {
		panic("gemm: a vector is shorter than the one that it is added to")
	}
	x, z = x[:len(y)], z[:len(y)]
	for i := eights(y, x, z); i < len(y); i++ {
		y[i] += x[i] * z[i]
	}
}

// check panics where x is too short for a rows×cols matrix whose rows are stride apart: the kernels do not look.
func check(x []float32, rows, cols, stride int) {
	if stride < cols || len(x) < cols || (len(x)-cols)/stride < rows-1 {
		panic("gemm: a matrix is shorter than its shape")
	}
}

// pack copies the first wide columns of b to panel, a kernel's columns wide, with zeros for those that b lacks.
func (kn kernel) pack(panel, b []float32, ldb, wide int) {
	for len(panel) > 0 {
		copy(panel[:wide], b)
		clear(panel[wide:kn.cols])
		panel = panel[kn.cols:]
		if len(panel) > 0 {
			b = b[ldb:]
		}
	}
}

// column adds the product of a, of the given rows and deep columns, and a panel to the first wide columns of c.
func (kn kernel) column(rows, wide, deep int, a []float32, lda int, panel []float32, c []float32, ldc int) {
	i := 0
	if wide == kn.cols {
		for ; i+kn.rows <= rows; i += kn.rows {
			kn.run(deep, a[i*lda:], lda, panel, c[i*ldc:], ldc)
		}
	}
	for ; i < rows; i += kn.rows {
		kn.edge(min(kn.rows, rows-i), wide, deep, a[i*lda:], lda, panel, c[i*ldc:], ldc)
	}
}

// edge is run where c has fewer rows or columns than the kernel: it works on copies that have all of them.
func (kn kernel) edge(rows, wide, deep int, a []float32, lda int, panel []float32, c []float32, ldc int) {
	var sums [maxRows * maxCols]float32
	if rows == kn.rows {
		kn.run(deep, a, lda, panel, sums[:], kn.cols)
	} else {
		var all [maxRows * depth]float32
		for i := range rows {
			copy(all[i*deep:(i+1)*deep], a[i*lda:])
		}
		kn.run(deep, all[:], deep, panel, sums[:], kn.cols)
	}
	for i := range rows {
		row := c[i*ldc : i*ldc+wide]
		for j, v := range sums[i*kn.cols:][:wide] {
			row[j] += v
		}
	}
}
