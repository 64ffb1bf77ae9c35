package kernel

import (
	"github.com/gockpt/ckpt/layers/internal/gemm"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// Matrix returns the rows×cols matrix over data, row-major and without gaps.
func Matrix(data []float32, rows, cols int) blas32.General {
	return blas32.General{Rows: rows, Cols: cols, Stride: max(cols, 1), Data: data}
}

// Strips are how many rows or columns of a result the kernels of package gemm like to have a multiple of.
const RowStrip, colStrip = 24, 32

// Matmul adds the product of x and w to y, over several goroutines where that is worth it.
//
// A 0 in x may hide an infinity or NaN in w, which BLAS is free to skip.
func Matmul(y, x, w blas32.General) {
	// A run of rows goes through all of w, and one of columns through all of x: where rows are few, and w large beside
	// them, columns are cut. Runs are whole strips, of which the last alone may be short.
	if y.Rows == 0 || y.Cols == 0 || x.Cols == 0 {
		return
	}
	rowStrips, colStrips := (y.Rows+RowStrip-1)/RowStrip, (y.Cols+colStrip-1)/colStrip
	cost := x.Cols * y.Cols * RowStrip
	if Ranges(rowStrips, cost) > 1 && (y.Rows >= 8*RowStrip || y.Rows > y.Cols) {
		Parallel(rowStrips, cost, func(_, lo, hi int) {
			lo, hi = lo*RowStrip, min(hi*RowStrip, y.Rows)
			MulAdd(Rows(y, lo, hi), Rows(x, lo, hi), w)
		})
		return
	}
	if cost = x.Cols * y.Rows * colStrip; Ranges(colStrips, cost) > 1 {
		Parallel(colStrips, cost, func(_, lo, hi int) {
			lo, hi = lo*colStrip, min(hi*colStrip, y.Cols)
			MulAdd(Cols(y, lo, hi), x, Cols(w, lo, hi))
		})
		return
	}
	MulAdd(y, x, w)
}

// leastForKernel is how many multiplications are worth the kernels of package gemm, which copy their operands first.
const leastForKernel = 1 << 12

// MulAdd is matmul on the caller's goroutine.
func MulAdd(y, x, w blas32.General) {
	switch {
	case y.Rows == 0 || y.Cols == 0 || x.Cols == 0:
	case y.Rows > 1 && y.Rows*y.Cols*x.Cols >= leastForKernel && gemm.Available():
		gemm.MulAdd(y.Rows, y.Cols, x.Cols, x.Data, x.Stride, w.Data, w.Stride, y.Data, y.Stride)
	default:
		mulAddByRows(y, x, w)
	}
}

// panel is the number of w's elements that mulAddByRows goes through with all rows of x before it turns to the next: what
// the cache nearest but one to the processor holds.
const panel = 1 << 17

// mulAddByRows is mulAdd by gonum, one row of x at a time: its vector-by-matrix kernel is twice as fast as its
// matrix-by-matrix one, which works on blocks of 64.
func mulAddByRows(y, x, w blas32.General) {
	step := max(panel/y.Cols, 32)
	for k := 0; k < x.Cols; k += step {
		n := min(step, x.Cols-k)
		part := Rows(w, k, k+n)
		for i := range y.Rows {
			blas32.Gemv(blas.Trans, 1, part,
				blas32.Vector{N: n, Inc: 1, Data: x.Data[i*x.Stride+k:]}, 1,
				blas32.Vector{N: y.Cols, Inc: 1, Data: y.Data[i*y.Stride:]})
		}
	}
}

// A Factor is the right side of many products, in the order in which they go through it.
type Factor struct {
	whole  blas32.General
	packed []float32 // nil where whole is as good
}

// NewFactor returns w as a factor, with memory of ws.
func NewFactor(ws *Scratch, w blas32.General) Factor {
	f := Factor{whole: w}
	if gemm.Available() && len(w.Data) > 0 {
		f.packed = ws.Floats(gemm.PackedLen(w.Rows, w.Cols))
		gemm.Pack(f.packed, w.Rows, w.Cols, w.Data, w.Stride)
	}
	return f
}

// MulAdd is mulAdd of y, x and f.
func (f *Factor) MulAdd(y, x blas32.General) {
	if f.packed != nil && y.Rows > 1 {
		gemm.MulAddPacked(y.Rows, y.Cols, x.Cols, x.Data, x.Stride, f.packed, y.Data, y.Stride)
		return
	}
	MulAdd(y, x, f.whole)
}

// Rows returns the rows lo to hi-1 of m, over the same memory.
func Rows(m blas32.General, lo, hi int) blas32.General {
	m.Data, m.Rows = m.Data[lo*m.Stride:], hi-lo
	return m
}

// Cols returns the columns lo to hi-1 of m, over the same memory.
func Cols(m blas32.General, lo, hi int) blas32.General {
	m.Data, m.Cols = m.Data[lo:], hi-lo
	return m
}
