package kernel

import (
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// JoinedShape returns the shape of the concatenation along axis of tensors with the given shapes. It needs at least one shape. If a
// shape does not fit the first, odd is its index, otherwise -1.
func JoinedShape(axis int, shapes ...tensor.Shape) (out tensor.Shape, odd int) {
	first := shapes[0]
	out = slices.Clone(first)
	out[axis] = 0
	for i, s := range shapes {
		if len(s) != len(first) || !s[:axis].Equal(first[:axis]) || !s[axis+1:].Equal(first[axis+1:]) {
			return nil, i
		}
		out[axis] += s[axis]
	}
	return out, -1
}

// Join concatenates xs along axis. shape must be JoinedShape's result.
func Join[T tensor.Element](shape tensor.Shape, axis int, xs []*tensor.Tensor[T]) *tensor.Tensor[T] {
	y := tensor.New[T](shape...)
	run := shape[axis:].Len()
	at := 0
	for _, x := range xs {
		n := x.Shape()[axis:].Len()
		for i := 0; n > 0 && i*n < x.Len(); i++ {
			copy(y.Data()[i*run+at:], x.Data()[i*n:(i+1)*n])
		}
		at += n
	}
	return y
}

// ShapesOf returns the shape of each tensor.
func ShapesOf[T tensor.Element](xs []*tensor.Tensor[T]) []tensor.Shape {
	shapes := make([]tensor.Shape, len(xs))
	for i, x := range xs {
		shapes[i] = x.Shape()
	}
	return shapes
}
