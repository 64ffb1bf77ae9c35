package ops

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// ReshapeValue returns x's values in another shape. One length may be -1.
func ReshapeValue(x *Value, shape ...int) (*Value, error) {
	shape = slices.Clone(shape)
	rest, open := 1, -1
	for i, n := range shape {
		switch {
		case n >= 0:
			if n > 0 && rest > kernel.MaxElements/n {
				return nil, fmt.Errorf("shape %v is beyond memory", tensor.Shape(shape))
			}
			rest *= n
		case open >= 0:
			return nil, fmt.Errorf("shape %v has more than one unknown length", tensor.Shape(shape))
		default:
			open = i
		}
	}
	if open >= 0 && rest > 0 {
		shape[open] = x.Shape().Len() / rest
	} else if open >= 0 {
		shape[open] = 0
	}
	var y tensor.Any
	var err error
	switch x := x.X.(type) {
	case *kernel.Tensor:
		y, err = x.Reshape(shape...)
	case *tensor.Tensor[int64]:
		y, err = x.Reshape(shape...)
	case *kernel.Mask:
		y, err = x.Reshape(shape...)
	case *tensor.Tensor[string]:
		y, err = x.Reshape(shape...)
	}
	if err != nil {
		return nil, err
	}
	return &Value{X: y, As: x.As}, nil
}

func expandDims(x *Value, axes []int) (*Value, error) {
	rank := len(x.Shape()) + len(axes)
	at, err := resolveAxes(axes, rank)
	if err != nil {
		return nil, err
	}
	shape := make([]int, rank)
	for _, axis := range at {
		shape[axis] = 1
	}
	next := 0
	for i := range shape {
		if shape[i] == 0 && !slices.Contains(at, i) {
			shape[i] = x.Shape()[next]
			next++
		}
	}
	return ReshapeValue(x, shape...)
}

// squeeze removes the given axes of length 1 from x, or all of them if no axes are given.
func squeeze(x *Value, axes []int) (*Value, error) {
	at, err := resolveAxes(axes, len(x.Shape()))
	if err != nil {
		return nil, err
	}
	shape := make([]int, 0, len(x.Shape()))
	for i, n := range x.Shape() {
		named := slices.Contains(at, i)
		if named && n != 1 {
			return nil, fmt.Errorf("axis %d of shape %v is not of length 1", i, x.Shape())
		}
		if !named && (n != 1 || len(axes) > 0) {
			shape = append(shape, n)
		}
	}
	return ReshapeValue(x, shape...)
}

func moveAxes(x *Value, from, to []int) (*Value, error) {
	rank := len(x.Shape())
	source, err := resolveAxes(from, rank)
	if err != nil {
		return nil, err
	}
	target, err := resolveAxes(to, rank)
	if err != nil {
		return nil, err
	}
	if len(source) != len(target) {
		return nil, fmt.Errorf("cannot move axes %v to %v: their numbers differ", from, to)
	}
	perm := slices.Repeat([]int{-1}, rank)
	for i, at := range target {
		perm[at] = source[i]
	}
	rest := otherAxes(source, rank)
	for i := range perm {
		if perm[i] < 0 {
			perm[i], rest = rest[0], rest[1:]
		}
	}
	return permuteValue(x, perm)
}

// permuteValue returns x with its axes in the order of perm.
func permuteValue(x *Value, perm []int) (*Value, error) {
	perm, err := resolveAxes(perm, len(x.Shape()))
	if err != nil {
		return nil, err
	}
	if len(perm) != len(x.Shape()) {
		return nil, fmt.Errorf("axes %v do not fit shape %v", perm, x.Shape())
	}
	switch t := x.X.(type) {
	case *kernel.Tensor:
		return FloatValue(permuteTensor(t, perm)), nil
	case *tensor.Tensor[int64]:
		return IntValue(permuteTensor(t, perm), x.As), nil
	case *kernel.Mask:
		return boolValue(permuteTensor(t, perm)), nil
	}
	return nil, fmt.Errorf("cannot permute the axes of %v values", x.As)
}

// permuteTensor returns x with its axes in the order of perm; x itself if the order does not change.
func permuteTensor[T tensor.Element](x *tensor.Tensor[T], perm []int) *tensor.Tensor[T] {
	if slices.IsSorted(perm) {
		return x
	}
	s := x.Shape()
	steps := make([]int, len(s))
	for i, step := len(s)-1, 1; i >= 0; i-- {
		steps[i] = step
		step *= s[i]
	}
	return gatherSteps(x, kernel.Permuted(s, perm), kernel.Permuted(steps, perm))
}

// gatherSteps returns a tensor of the given shape. It reads x with the given step along each axis.
func gatherSteps[T tensor.Element](x *tensor.Tensor[T], shape tensor.Shape, steps []int) *tensor.Tensor[T] {
	y := tensor.New[T](shape...)
	n, step := 1, 0
	if len(shape) > 0 {
		n, step = shape[len(shape)-1], steps[len(shape)-1]
	}
	kernel.Each(shape, steps, steps, func(at, from, _ int) {
		for i := range n {
			y.Data()[at+i] = x.Data()[from+i*step]
		}
	})
	return y
}
