package tensor

import (
	"fmt"
	"iter"
	"log/slog"
)

// Row returns row i along the first axis: a tensor with one axis less that shares t's elements. Like indexing a slice it panics if
// i is out of range, and also if t is a scalar or not built.
func (t *Tensor[T]) Row(i int) *Tensor[T] {
	if len(t.shape) == 0 || uint(i) >= uint(t.shape[0]) {
		panic(fmt.Sprintf("tensor: row %d is out of range of %s", i, t))
	}
	shape := t.shape[1:]
	n := shape.Len()
	return &Tensor[T]{shape: append(Shape{}, shape...), data: t.data[i*n : (i+1)*n : (i+1)*n]}
}

// Rows yields the rows along the first axis with their numbers, each as [Tensor.Row] returns it. A scalar and a tensor that is not
// built have no rows.
func (t *Tensor[T]) Rows() iter.Seq2[int, *Tensor[T]] {
	return func(yield func(int, *Tensor[T]) bool) {
		if len(t.shape) == 0 {
			return
		}
		for i := range t.shape[0] {
			if !yield(i, t.Row(i)) {
				return
			}
		}
	}
}

// LogValue implements [slog.LogValuer]: a log shows the dtype and the shape, but not the elements.
func (t Tensor[T]) LogValue() slog.Value {
	if t.shape == nil {
		return slog.GroupValue(slog.String("dtype", t.DType().String()))
	}
	return slog.GroupValue(slog.String("dtype", t.DType().String()), slog.Any("shape", []int(t.shape)))
}
