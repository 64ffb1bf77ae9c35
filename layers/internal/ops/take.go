package ops

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/kernel"
)

// take implements NumPy's take. It selects indices of x along an axis, or of the flat tensor if no axis is given.
func take(x, i *Value, axes []int) (*Value, error) {
	var err error
	if len(axes) == 0 {
		if x, err = ReshapeValue(x, -1); err != nil {
			return nil, err
		}
		axes = []int{0}
	}
	axis, err := resolveOne(axes[0], len(x.Shape()))
	if err != nil {
		return nil, err
	}
	list, err := indexList(i, x.Shape()[axis])
	if err != nil {
		return nil, err
	}
	places := make([][]int, len(x.Shape()))
	places[axis] = list
	y, err := selectValue(x, places, 0)
	if err != nil {
		return nil, err
	}
	return ReshapeValue(y, slices.Concat(x.Shape()[:axis], i.Shape(), x.Shape()[axis+1:])...)
}

// takeAlong implements NumPy's take_along_axis.
func takeAlong(x, i *Value, axes []int) (*Value, error) {
	var err error
	if len(axes) == 0 {
		if x, err = ReshapeValue(x, -1); err != nil {
			return nil, err
		}
		axes = []int{0}
	}
	rank := len(x.Shape())
	axis, err := resolveOne(axes[0], rank)
	if err != nil {
		return nil, err
	}
	list, err := indexList(i, x.Shape()[axis])
	if err != nil {
		return nil, err
	}
	if len(i.Shape()) != rank {
		return nil, fmt.Errorf("indices of shape %v do not fit shape %v", i.Shape(), x.Shape())
	}
	xs, is := slices.Clone(x.Shape()), slices.Clone(i.Shape())
	xs[axis], is[axis] = 1, 1
	common, ok := kernel.Stretched(xs, is)
	if !ok {
		return nil, fmt.Errorf("indices of shape %v do not fit shape %v", i.Shape(), x.Shape())
	}
	common[axis] = i.Shape()[axis]
	// Compute flat indices: from x's steps for the other axes, and from the indices for the axis.
	steps := kernel.StretchSteps(x.Shape(), x.Shape())
	along := steps[axis]
	if x.Shape()[axis] == 1 {
		along = 0
	}
	moving := slices.Clone(steps)
	moving[axis] = 0
	for a := range moving {
		if x.Shape()[a] == 1 {
			moving[a] = 0
		}
	}
	indexSteps := kernel.StretchSteps(i.Shape(), common)
	flat := make([]int, common.Len())
	n, last := 1, rank-1
	if rank > 0 {
		n = common[last]
	}
	kernel.Each(common, moving, indexSteps, func(at, from, index int) {
		for k := range n {
			flat[at+k] = from + k*moving[last] + along*list[index+k*indexSteps[last]]
		}
	})
	row, err := ReshapeValue(x, -1)
	if err != nil {
		return nil, err
	}
	y, err := selectValue(row, [][]int{flat}, 0)
	if err != nil {
		return nil, err
	}
	return ReshapeValue(y, common...)
}

// indexList returns the values of an index tensor as indices along an axis of length n.
func indexList(i *Value, n int) ([]int, error) {
	if !isInt(i.As) {
		return nil, fmt.Errorf("indices of dtype %v: %w", i.As, fault.ErrUnknownOption)
	}
	x, err := i.Ints()
	if err != nil {
		return nil, err
	}
	list := make([]int, x.Len())
	for j, v := range x.Data() {
		if v < 0 {
			v += int64(n)
		}
		if v < 0 || v >= int64(n) {
			return nil, fmt.Errorf("index %d into an axis of length %d", x.Data()[j], n)
		}
		list[j] = int(v)
	}
	return list, nil
}
