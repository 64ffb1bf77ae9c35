package layers

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// matrix returns the rows×cols matrix over data, row-major and without gaps.
func matrix(data []float32, rows, cols int) blas32.General {
	return blas32.General{Rows: rows, Cols: cols, Stride: max(cols, 1), Data: data}
}

// matmul adds the product of x and w to y, over several goroutines where that is worth it.
//
// A 0 in x may hide an infinity or NaN in w, which BLAS is free to skip.
func matmul(y, x, w blas32.General) {
	switch {
	case y.Rows == 0 || y.Cols == 0 || x.Cols == 0:
	case ranges(y.Rows, x.Cols*y.Cols) > 1:
		parallel(y.Rows, x.Cols*y.Cols, func(_, lo, hi int) {
			mulAdd(rows(y, lo, hi), rows(x, lo, hi), w)
		})
	case ranges(y.Cols, x.Cols*y.Rows) > 1: // a few long rows
		parallel(y.Cols, x.Cols*y.Rows, func(_, lo, hi int) {
			mulAdd(cols(y, lo, hi), x, cols(w, lo, hi))
		})
	default:
		mulAdd(y, x, w)
	}
}

// panel is the number of w's elements that mulAdd goes through with all rows of x before it turns to the next: what the
// cache nearest but one to the processor holds.
const panel = 1 << 17

// mulAdd is matmul on the caller's goroutine. It multiplies a panel of w by one row of x at a time: gonum's
// vector-by-matrix kernel is twice as fast as its matrix-by-matrix one, which works on blocks of 64.
func mulAdd(y, x, w blas32.General) {
	if y.Rows == 0 || y.Cols == 0 || x.Cols == 0 {
		return
	}
	step := max(panel/y.Cols, 32)
	for k := 0; k < x.Cols; k += step {
		n := min(step, x.Cols-k)
		part := rows(w, k, k+n)
		for i := range y.Rows {
			blas32.Gemv(blas.Trans, 1, part,
				blas32.Vector{N: n, Inc: 1, Data: x.Data[i*x.Stride+k:]}, 1,
				blas32.Vector{N: y.Cols, Inc: 1, Data: y.Data[i*y.Stride:]})
		}
	}
}

// rows returns the rows lo to hi-1 of m, over the same memory.
func rows(m blas32.General, lo, hi int) blas32.General {
	m.Data, m.Rows = m.Data[lo*m.Stride:], hi-lo
	return m
}

// cols returns the columns lo to hi-1 of m, over the same memory.
func cols(m blas32.General, lo, hi int) blas32.General {
	m.Data, m.Cols = m.Data[lo:], hi-lo
	return m
}
