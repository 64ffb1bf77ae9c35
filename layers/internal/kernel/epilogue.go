package kernel

import (
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/vmath"
	"gonum.org/v1/gonum/blas/blas32"
)

// An Epilogue changes the rows of a product while they are in the cache. It multiplies each value by its column's element of Mul, adds
// its column's element of Add, and applies the activation. Mul and Add must both be set or both be nil. The zero value does nothing.
type Epilogue struct {
	Mul, Add   []float32
	Activation activation.Func // must keep the width of rows
}

// isNone reports whether e does nothing.
func (e Epilogue) isNone() bool { return e.Mul == nil && e.Activation.IsLinear() }

// Cols returns the epilogue for the columns lo to hi-1.
func (e Epilogue) Cols(lo, hi int) Epilogue {
	if e.Mul != nil {
		e.Mul, e.Add = e.Mul[lo:hi], e.Add[lo:hi]
	}
	return e
}

// Apply changes the rows of m in place, on the caller's goroutine.
func (e Epilogue) Apply(m blas32.General) {
	if e.isNone() || m.Cols == 0 {
		return
	}
	if e.Mul != nil {
		for i := range m.Rows {
			row := m.Data[i*m.Stride:][:m.Cols]
			vmath.Affine(row, row, e.Mul, e.Add)
		}
	}
	applyRows(e.Activation, m)
}
