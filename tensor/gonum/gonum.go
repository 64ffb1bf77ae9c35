// Package gonum exchanges tensors with the matrices and vectors of gonum.org/v1/gonum/mat.
//
// [ToDense] and [ToVec] copy, and take float32 as well as float64; [View] and [ViewVec] give gonum the tensor's own memory, so that
// a checkpoint restored into the tensor is seen in the matrix. gonum has no matrix without elements, so that a tensor
// with an axis of length 0 is an error.
package gonum

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/gockpt/ckpt/tensor"
)

// Float is what a matrix can be of in a tensor.
type Float interface{ float32 | float64 }

// FromDense returns a copy of m as a tensor of shape [rows columns]. m may be any matrix: a view, a transpose, a product. As
// a float32 each element becomes the nearest.
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

// ToDense returns a copy of t, which has two axes, as a matrix of its rows.
func ToDense[T Float](t *tensor.Tensor[T]) (*mat.Dense, error) {
	if err := check(t, 2); err != nil {
		return nil, err
	}
	return mat.NewDense(t.Shape()[0], t.Shape()[1], float64s(t.Data())), nil
}

// ToVec returns a copy of t, which has one axis, as a vector.
func ToVec[T Float](t *tensor.Tensor[T]) (*mat.VecDense, error) {
	if err := check(t, 1); err != nil {
		return nil, err
	}
	return mat.NewVecDense(t.Len(), float64s(t.Data())), nil
}

// View returns t, which has two axes, as a matrix over t's own memory: each sees what is written to the other. It sees no
// restore that gives t another shape.
func View(t *tensor.Tensor[float64]) (*mat.Dense, error) {
	if err := check(t, 2); err != nil {
		return nil, err
	}
	return mat.NewDense(t.Shape()[0], t.Shape()[1], t.Data()), nil
}

// ViewVec is [View] of a tensor of one axis.
func ViewVec(t *tensor.Tensor[float64]) (*mat.VecDense, error) {
	if err := check(t, 1); err != nil {
		return nil, err
	}
	return mat.NewVecDense(t.Len(), t.Data()), nil
}

// check returns an error unless t is built, has that many axes, and has elements.
func check(t tensor.Any, axes int) error {
	switch {
	case t.Shape() == nil || len(t.Shape()) != axes:
		return fmt.Errorf("gonum: expected a tensor of %d axes, got %s", axes, t)
	case t.Len() == 0:
		return fmt.Errorf("gonum: %s has no elements, and gonum no such matrix", t)
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
