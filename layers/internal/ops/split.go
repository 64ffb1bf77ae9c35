package ops

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// split cuts x along an axis into sections of equal length, or at indices.
func split(x *Value, sections int, indices []int, axis int) ([]*Value, error) {
	axis, err := resolveOne(axis, len(x.Shape()))
	if err != nil {
		return nil, err
	}
	n := x.Shape()[axis]
	if indices == nil {
		if sections <= 0 || sections > max(n, 1) || n%sections != 0 {
			return nil, fmt.Errorf("cannot split axis %d of shape %v into %d sections", axis, x.Shape(), sections)
		}
		for i := 1; i < sections; i++ {
			indices = append(indices, i*(n/sections))
		}
	}
	var out []*Value
	from := 0
	for _, to := range append(slices.Clone(indices), n) {
		if to < 0 {
			to += n
		}
		to = min(max(to, from), n)
		places := make([][]int, len(x.Shape()))
		places[axis] = append([]int{}, upTo(n)[from:to]...)
		y, err := selectValue(x, places, 0)
		if err != nil {
			return nil, err
		}
		out, from = append(out, y), to
	}
	return out, nil
}

func unstack(x *Value, axis int) ([]*Value, error) {
	axis, err := resolveOne(axis, len(x.Shape()))
	if err != nil {
		return nil, err
	}
	out := make([]*Value, x.Shape()[axis])
	for i := range out {
		places := make([][]int, len(x.Shape()))
		places[axis] = []int{i}
		y, err := selectValue(x, places, 0)
		if err != nil {
			return nil, err
		}
		if out[i], err = squeeze(y, []int{axis}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// slice implements keras.ops.slice: a region of the given shape.
func slice(x *Value, start any, shape []int) (*Value, error) {
	v, _, err := Operand(start)
	if err != nil {
		return nil, err
	}
	from, err := v.Ints()
	if err != nil {
		return nil, err
	}
	if from.Len() != len(x.Shape()) || len(shape) != len(x.Shape()) {
		return nil, fmt.Errorf("cannot take a slice of shape %v at %v from shape %v", tensor.Shape(shape), from.Data(), x.Shape())
	}
	places := make([][]int, len(shape))
	for axis, n := range shape {
		at, length := int(from.Data()[axis]), x.Shape()[axis]
		if n < 0 {
			n = length - at
		}
		if at < 0 || n < 0 || at > length || n > length-at {
			return nil, fmt.Errorf("cannot take a slice of shape %v at %v from shape %v", tensor.Shape(shape), from.Data(), x.Shape())
		}
		places[axis] = append([]int{}, upTo(length)[at:at+n]...)
	}
	return selectValue(x, places, 0)
}
