// Package gonum exchanges tensors with the matrices and vectors of gonum.org/v1/gonum/mat.
//
// ToDense and ToVec copy, and take float32 as well as float64. View and ViewVec share the tensor's memory with gonum, so the
// matrix shows a checkpoint that is restored into the tensor. A tensor with an axis of length 0 is an error, because gonum
// does not have matrices without elements.
package gonum

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/gockpt/ckpt/tensor"
)

// Float is the element type of a tensor that can be copied from and to gonum.
type Float interface{ float32 | float64 }

// FromDense returns a copy of m as a tensor of shape [rows columns]. m may be any matrix: a view, a transpose, a product.
// For float32 each element is rounded to the nearest value.
func FromDense[T Float](m mat.Matrix) *tensor.Tensor[T] {
	rows, columns := m.Dims()
	t := tensor.New[T](rows, columns)
	data := t.Data()
	for i := range rows {
		for j := range columns {
			data[i*columns+j] = T(m.At(i, j))
		}
	}
	return t
}

// FromVec returns a copy of v as a tensor of shape [length].
func FromVec[T Float](v mat.Vector) *tensor.Tensor[T] {
	t := tensor.New[T](v.Len())
	for i := range t.Data() {
		t.Data()[i] = T(v.AtVec(i))
	}
	return t
}

// ToDense returns a copy of t as a matrix. t must have two axes.
func ToDense[T Float](t *tensor.Tensor[T]) (*mat.Dense, error) {
	if err := check(t, 2); err != nil {
		return nil, err
	}
	return mat.NewDense(t.Shape()[0], t.Shape()[1], float64s(t.Data())), nil
}

// ToVec returns a copy of t as a vector. t must have one axis.
func ToVec[T Float](t *tensor.Tensor[T]) (*mat.VecDense, error) {
	if err := check(t, 1); err != nil {
		return nil, err
	}
	return mat.NewVecDense(t.Len(), float64s(t.Data())), nil
}

// View returns a matrix that shares t's memory: a write to one changes the other. t must have two axes. If a restore gives t
// another shape, they no longer share memory.
func View(t *tensor.Tensor[float64]) (*mat.Dense, error) {
	if err := check(t, 2); err != nil {
		return nil, err
	}
	return mat.NewDense(t.Shape()[0], t.Shape()[1], t.Data()), nil
}

// ViewVec is like View for a tensor with one axis.
func ViewVec(t *tensor.Tensor[float64]) (*mat.VecDense, error) {
	if err := check(t, 1); err != nil {
		return nil, err
	}
	return mat.NewVecDense(t.Len(), t.Data()), nil
}

// check returns an error unless t is built, has the given number of axes, and has elements.
func check(t tensor.Any, axes int) error {
	switch {
	case t.Shape() == nil || len(t.Shape()) != axes:
		return fmt.Errorf("gonum: expected a tensor of %d axes, got %s", axes, t)
	case t.Len() == 0:
		return fmt.Errorf("gonum: %s has no elements: gonum does not support empty matrices", t)
	}
	return nil
}

func float64s[T Float](data []T) []float64 {
	out := make([]float64, len(data))
	for i, v := range data {
		out[i] = float64(v)
	}
	return out
}
