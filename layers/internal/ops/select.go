package ops

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// selectValue returns the values of x at the given indices along each axis; nil selects all. For an index of -1 it uses fill.
func selectValue(x *Value, places [][]int, fill float64) (*Value, error) {
	shape := slices.Clone(x.Shape())
	for axis, list := range places {
		if list == nil {
			continue
		}
		for _, at := range list {
			if at >= shape[axis] || at < -1 {
				return nil, fmt.Errorf("index %d into axis %d of shape %v", at, axis, x.Shape())
			}
		}
	}
	for axis, list := range places {
		if list != nil {
			shape[axis] = len(list)
		}
	}
	if shape.Check() != nil || shape.Len() > kernel.MaxElements {
		return nil, fmt.Errorf("shape %v is beyond memory", shape)
	}
	switch t := x.X.(type) {
	case *kernel.Tensor:
		return FloatValue(selectTensor(t, shape, places, float32(fill))), nil
	case *tensor.Tensor[int64]:
		return IntValue(selectTensor(t, shape, places, int64(fill)), x.As), nil
	case *kernel.Mask:
		return boolValue(selectTensor(t, shape, places, fill != 0)), nil
	case *tensor.Tensor[string]:
		return &Value{X: selectTensor(t, shape, places, ""), As: x.As}, nil
	}
	return nil, fmt.Errorf("cannot index %v values", x.As)
}

func selectTensor[T tensor.Element](x *tensor.Tensor[T], shape tensor.Shape, places [][]int, fill T) *tensor.Tensor[T] {
	y := tensor.New[T](shape...)
	steps := kernel.StretchSteps(x.Shape(), x.Shape())
	next := 0
	var along func(axis, at int)
	along = func(axis, at int) {
		if axis == len(shape) {
			if y.Data()[next] = fill; at >= 0 {
				y.Data()[next] = x.Data()[at]
			}
			next++
			return
		}
		for i := range shape[axis] {
			from := i
			if axis < len(places) && places[axis] != nil {
				from = places[axis][i]
			}
			if at < 0 || from < 0 {
				along(axis+1, -1)
			} else {
				along(axis+1, at+from*steps[axis])
			}
		}
	}
	along(0, 0)
	return y
}

// alongAxes selects the indices that f returns for an axis of length n, along each of the given axes. If axes is nil, it uses all axes.
func alongAxes(x *Value, axes []int, f func(axis, n int) []int) (*Value, error) {
	at, err := resolveAxes(axes, len(x.Shape()))
	if err != nil {
		return nil, err
	}
	if axes == nil {
		at = upTo(len(x.Shape()))
	}
	places := make([][]int, len(x.Shape()))
	for _, axis := range at {
		places[axis] = f(axis, x.Shape()[axis])
	}
	return selectValue(x, places, 0)
}
