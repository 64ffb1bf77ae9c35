package kernel

import (
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/gemm"
	"gonum.org/v1/gonum/blas/blas32"
)

// Matrix returns data as a rows×cols matrix, row-major and without gaps.
func Matrix(data []float32, rows, cols int) blas32.General {
	return blas32.General{Rows: rows, Cols: cols, Stride: max(cols, 1), Data: data}
}

// Rows returns the rows lo to hi-1 of m. They share its memory.
func Rows(m blas32.General, lo, hi int) blas32.General {
	m.Data, m.Rows = m.Data[lo*m.Stride:], hi-lo
	return m
}

// Cols returns the columns lo to hi-1 of m. They share its memory.
func Cols(m blas32.General, lo, hi int) blas32.General {
	m.Data, m.Cols = m.Data[lo:], hi-lo
	return m
}

// MulAdd adds the product of x and w to y, on the caller's goroutine.
func MulAdd(y, x, w blas32.General) {
	if x.Cols > 0 {
		gemm.MulAdd(y.Rows, y.Cols, x.Cols, x.Data, x.Stride, w.Data, w.Stride, y.Data, y.Stride)
	}
}

// Mul sets y to the product of x and w plus bias, on the caller's goroutine. bias has a value for each column, or is empty.
func Mul(y, x, w blas32.General, bias []float32) {
	if len(bias) == 0 {
		bias = nil
	}
	gemm.Mul(y.Rows, y.Cols, x.Cols, x.Data, x.Stride, w.Data, w.Stride, y.Data, y.Stride, bias)
}

// Matmul is like MulAdd, and uses several goroutines for large products.
func Matmul(y, x, w blas32.General) {
	eachRegion(y, x.Cols, func(r region) { MulAdd(r.of(y), Rows(x, r.top, r.bottom), Cols(w, r.left, r.right)) })
}

// MatmulBias is like Mul, and uses several goroutines for large products.
func MatmulBias(y, x, w blas32.General, bias []float32) { Linear(y, x, w, bias, Epilogue{}) }

// blockRows is the number of rows to which Linear applies the epilogue at a time, while they are in the cache.
const blockRows = 240

// Linear computes the product of x and w plus bias, applies e and stores the result in y. It uses several goroutines for large
// products. bias has a value for each column, or is empty.
func Linear(y, x, w blas32.General, bias []float32, e Epilogue) {
	f := e.Activation
	if f.ByRow() { // needs whole rows, and regions may split them
		e.Activation = activation.Linear()
	}
	eachRegion(y, x.Cols, func(r region) {
		w, bias, e := Cols(w, r.left, r.right), bias, e.Cols(r.left, r.right)
		if len(bias) > 0 {
			bias = bias[r.left:r.right]
		}
		for i := r.top; i < r.bottom; i += blockRows {
			block := region{i, min(i+blockRows, r.bottom), r.left, r.right}
			Mul(block.of(y), Rows(x, block.top, block.bottom), w, bias)
			e.Apply(block.of(y))
		}
	})
	if f.ByRow() {
		Parallel(y.Rows, y.Cols*ActivationCost, func(_, lo, hi int) { applyRows(f, Rows(y, lo, hi)) })
	}
}

// applyRows applies f in place to the rows of m, on the caller's goroutine. f must keep the width of rows.
func applyRows(f activation.Func, m blas32.General) {
	switch {
	case f.IsLinear() || m.Cols == 0:
	case m.Stride == m.Cols:
		_, _ = f.Apply(m.Data[:m.Rows*m.Cols], m.Cols) // cannot fail: the rows are complete
	default:
		for i := range m.Rows {
			_, _ = f.Apply(m.Data[i*m.Stride:][:m.Cols], m.Cols) // cannot fail: the row is complete
		}
	}
}

// A region is a part of a matrix: the rows from top to before bottom, and the columns from left to before right.
type region struct{ top, bottom, left, right int }

func (r region) of(m blas32.General) blas32.General {
	return Cols(Rows(m, r.top, r.bottom), r.left, r.right)
}

// Regions consist of strips of this size, a multiple of package gemm's tiles. Only the last strip may be shorter.
const rowStrip, colStrip = 24, 64

// ProductCost returns the cost of a matrix product for [Parallel]. The processor does several of its multiplications at a time.
func ProductCost(rows, inner, cols int) int { return rows * inner * cols / 4 }

// eachRegion calls f for regions that together cover y, a product of matrices with the given inner length. It uses several goroutines
// for large products.
func eachRegion(y blas32.General, inner int, f func(r region)) {
	if y.Rows == 0 || y.Cols == 0 {
		return
	}
	// A region of rows reads all of the second factor, and a region of columns reads all of the first. If there are few rows and more
	// columns, split the columns.
	rowStrips, colStrips := (y.Rows+rowStrip-1)/rowStrip, (y.Cols+colStrip-1)/colStrip
	if y.Rows >= 8*rowStrip || y.Rows > y.Cols {
		Parallel(rowStrips, ProductCost(rowStrip, inner, y.Cols), func(_, lo, hi int) {
			f(region{lo * rowStrip, min(hi*rowStrip, y.Rows), 0, y.Cols})
		})
		return
	}
	Parallel(colStrips, ProductCost(y.Rows, inner, colStrip), func(_, lo, hi int) {
		f(region{0, y.Rows, lo * colStrip, min(hi*colStrip, y.Cols)})
	})
}
