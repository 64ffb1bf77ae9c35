package layers

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// A pySlice is Python's slice in an index: its parts are nil where they are left out.
type pySlice struct{ start, stop, step *int }

// An ellipsis is Python's "..." in an index.
type ellipsis struct{}

// indexOperator makes the operators that take values from places.
func indexOperator(class string) operatorMaker {
	switch class {
	case "GetItem":
		return plain(single(func(a *arguments, x *value) (*value, error) { return getItem(x, a.get(1, "key")) }))
	case "Flip":
		return func(c *config) operator {
			axes := c.ints("axis")
			return single(func(_ *arguments, x *value) (*value, error) {
				return alongAxes(x, axes, func(axis, n int) []int {
					places := upTo(n)
					slices.Reverse(places)
					return places
				})
			})
		}
	case "Roll":
		return func(c *config) operator {
			by, axes := c.ints("shift"), c.ints("axis")
			return single(func(_ *arguments, x *value) (*value, error) { return roll(x, by, axes) })
		}
	case "Repeat":
		return func(c *config) operator {
			times, axes := c.ints("repeats"), c.ints("axis")
			return single(func(_ *arguments, x *value) (*value, error) { return repeat(x, times, axes) })
		}
	case "Tile":
		return func(c *config) operator {
			times := c.ints("repeats")
			return single(func(_ *arguments, x *value) (*value, error) { return tile(x, times) })
		}
	case "Pad":
		return func(c *config) operator {
			widths, mode := c.array("pad_width"), c.text("mode", "constant")
			return single(func(a *arguments, x *value) (*value, error) {
				return pad(x, widths, mode, a.get(1, "constant_values"))
			})
		}
	case "Split":
		return func(c *config) operator {
			var sections int
			indices, axis := c.ints("indices_or_sections"), c.int("axis", 0)
			if c.isNumber("indices_or_sections") && len(indices) == 1 {
				sections, indices = indices[0], nil
			}
			return func(a *arguments) ([]*value, error) {
				x, err := a.value(0, "x")
				if err != nil {
					return nil, err
				}
				return split(x, sections, indices, axis)
			}
		}
	case "Unstack":
		return func(c *config) operator {
			c.skip("num")
			axis := c.int("axis", 0)
			return func(a *arguments) ([]*value, error) {
				x, err := a.value(0, "x")
				if err != nil {
					return nil, err
				}
				return unstack(x, axis)
			}
		}
	case "Slice":
		return func(c *config) operator {
			shape := c.dims("shape")
			return single(func(a *arguments, x *value) (*value, error) { return slice(x, a.get(1, "start_indices"), shape) })
		}
	case "Take":
		return func(c *config) operator {
			axes := c.ints("axis")
			return single(func(a *arguments, x *value) (*value, error) {
				i, err := a.value(1, "indices")
				if err != nil {
					return nil, err
				}
				return take(x, i, axes)
			})
		}
	case "TakeAlongAxis":
		return func(c *config) operator {
			axes := c.ints("axis")
			return single(func(a *arguments, x *value) (*value, error) {
				i, err := a.value(1, "indices")
				if err != nil {
					return nil, err
				}
				return takeAlong(x, i, axes)
			})
		}
	case "OneHot":
		return oneHot
	case "Tril", "Triu":
		return func(c *config) operator {
			k := c.int("k", 0)
			return single(func(_ *arguments, x *value) (*value, error) {
				return triangle(x, func(i, j int) bool { return class == "Tril" && j-i <= k || class == "Triu" && j-i >= k })
			})
		}
	case "Sort", "Argsort":
		return sorting(class == "Argsort")
	case "TopK":
		return topK
	}
	return nil
}

// isNumber reports an option that is a number and no list.
func (c *config) isNumber(key string) bool {
	raw := c.options[key]
	return len(raw) > 0 && raw[0] != '[' && string(raw) != "null"
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// selectValue returns the values of x at the given places along each axis, nil for all; a place of -1 is filled with fill.
func selectValue(x *value, places [][]int, fill float64) (*value, error) {
	shape := slices.Clone(x.shape())
	for axis, list := range places {
		if list == nil {
			continue
		}
		for _, at := range list {
			if at >= shape[axis] || at < -1 {
				return nil, fmt.Errorf("index %d into axis %d of shape %v", at, axis, x.shape())
			}
		}
	}
	for axis, list := range places {
		if list != nil {
			shape[axis] = len(list)
		}
	}
	if shape.Check() != nil || shape.Len() > maxElements {
		return nil, fmt.Errorf("shape %v is beyond memory", shape)
	}
	switch t := x.x.(type) {
	case *Tensor:
		return floatValue(selectTensor(t, shape, places, float32(fill))), nil
	case *tensor.Tensor[int64]:
		return intValue(selectTensor(t, shape, places, int64(fill)), x.as), nil
	case *Mask:
		return boolValue(selectTensor(t, shape, places, fill != 0)), nil
	case *tensor.Tensor[string]:
		return &value{x: selectTensor(t, shape, places, ""), as: x.as}, nil
	}
	return nil, fmt.Errorf("an index into %v values", x.as)
}

func selectTensor[T tensor.Element](x *tensor.Tensor[T], shape tensor.Shape, places [][]int, fill T) *tensor.Tensor[T] {
	y := tensor.New[T](shape...)
	steps := stretchSteps(x.Shape(), x.Shape())
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

// alongAxes returns x with the places that f gives for an axis of length n, for each of the axes, all where none are given.
func alongAxes(x *value, axes []int, f func(axis, n int) []int) (*value, error) {
	at, err := resolveAxes(axes, len(x.shape()))
	if err != nil {
		return nil, err
	}
	if axes == nil {
		at = upTo(len(x.shape()))
	}
	places := make([][]int, len(x.shape()))
	for _, axis := range at {
		places[axis] = f(axis, x.shape()[axis])
	}
	return selectValue(x, places, 0)
}

// getItem is x[key], Python's indexing by numbers, slices, None and "...", and by one tensor of integers along the first axis.
func getItem(x *value, key any) (*value, error) {
	if i, ok := key.(*value); ok {
		return take(x, i, []int{0})
	}
	keys, ok := key.([]any)
	if !ok {
		keys = []any{key}
	}
	named := 0
	for _, k := range keys {
		switch k.(type) {
		case nil, ellipsis:
		default:
			named++
		}
	}
	rank := len(x.shape())
	if named > rank {
		return nil, fmt.Errorf("%d indices into shape %v", named, x.shape())
	}
	places := make([][]int, rank)
	var shape []int // -1: that of what was selected, -2: gone
	axis := 0
	all := func(n int) {
		for range n {
			shape = append(shape, -1)
			axis++
		}
	}
	for _, k := range keys {
		switch k := k.(type) {
		case nil:
			shape = append(shape, 1)
		case ellipsis:
			all(rank - named)
			named = rank // a second one stands for nothing
		case pySlice:
			list, err := k.places(x.shape()[axis])
			if err != nil {
				return nil, err
			}
			places[axis] = list
			all(1)
		case scalar:
			at, n := int(k.f), x.shape()[axis]
			if at < 0 {
				at += n
			}
			if !k.whole || at < 0 || at >= n {
				return nil, fmt.Errorf("index %v into axis %d of shape %v", k.f, axis, x.shape())
			}
			places[axis] = []int{at}
			shape = append(shape, -2)
			axis++
		default:
			return nil, fmt.Errorf("index %s: %w", describeArg(k), ErrUnknownOption)
		}
	}
	all(rank - axis)
	y, err := selectValue(x, places, 0)
	if err != nil {
		return nil, err
	}
	var out []int
	axis = 0
	for _, n := range shape {
		switch n {
		case -1:
			out = append(out, y.shape()[axis])
			axis++
		case -2:
			axis++
		default:
			out = append(out, n)
		}
	}
	return reshapeValue(y, out...)
}

// places returns the indices that s names along an axis of length n, by Python's rules.
func (s pySlice) places(n int) ([]int, error) {
	step := 1
	if s.step != nil {
		step = *s.step
	}
	if step == 0 {
		return nil, fmt.Errorf("a slice of step 0")
	}
	lo, hi := 0, n // where start and stop are held
	start, stop := 0, n
	if step < 0 {
		lo, hi = -1, n-1
		start, stop = n-1, -1
	}
	bound := func(at *int, def int) int {
		if at == nil {
			return def
		}
		i := *at
		if i < 0 {
			i += n
		}
		return min(max(i, lo), hi)
	}
	start, stop = bound(s.start, start), bound(s.stop, stop)
	list := []int{}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		list = append(list, i)
		if step > n || step < -n {
			break // and no overflow
		}
	}
	return list, nil
}

// split returns x cut along an axis: into sections of one length, or at indices.
func split(x *value, sections int, indices []int, axis int) ([]*value, error) {
	axis, err := resolveOne(axis, len(x.shape()))
	if err != nil {
		return nil, err
	}
	n := x.shape()[axis]
	if indices == nil {
		if sections <= 0 || sections > max(n, 1) || n%sections != 0 {
			return nil, fmt.Errorf("axis %d of shape %v in %d sections", axis, x.shape(), sections)
		}
		for i := 1; i < sections; i++ {
			indices = append(indices, i*(n/sections))
		}
	}
	var out []*value
	from := 0
	for _, to := range append(slices.Clone(indices), n) {
		if to < 0 {
			to += n
		}
		to = min(max(to, from), n)
		places := make([][]int, len(x.shape()))
		places[axis] = append([]int{}, upTo(n)[from:to]...)
		y, err := selectValue(x, places, 0)
		if err != nil {
			return nil, err
		}
		out, from = append(out, y), to
	}
	return out, nil
}

func unstack(x *value, axis int) ([]*value, error) {
	axis, err := resolveOne(axis, len(x.shape()))
	if err != nil {
		return nil, err
	}
	out := make([]*value, x.shape()[axis])
	for i := range out {
		places := make([][]int, len(x.shape()))
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

// slice is keras.ops.slice: a region of the given shape.
func slice(x *value, start any, shape []int) (*value, error) {
	v, _, err := operand(start)
	if err != nil {
		return nil, err
	}
	from, err := v.ints()
	if err != nil {
		return nil, err
	}
	if from.Len() != len(x.shape()) || len(shape) != len(x.shape()) {
		return nil, fmt.Errorf("a slice of shape %v at %v of shape %v", tensor.Shape(shape), from.Data(), x.shape())
	}
	places := make([][]int, len(shape))
	for axis, n := range shape {
		at, length := int(from.Data()[axis]), x.shape()[axis]
		if n < 0 {
			n = length - at
		}
		if at < 0 || n < 0 || at > length || n > length-at {
			return nil, fmt.Errorf("a slice of shape %v at %v of shape %v", tensor.Shape(shape), from.Data(), x.shape())
		}
		places[axis] = append([]int{}, upTo(length)[at:at+n]...)
	}
	return selectValue(x, places, 0)
}

// indexList returns the values of an index tensor as places along an axis of length n.
func indexList(i *value, n int) ([]int, error) {
	if !isInt(i.as) {
		return nil, fmt.Errorf("indices of dtype %v: %w", i.as, ErrUnknownOption)
	}
	x, err := i.ints()
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

// take is numpy's take: x at indices along an axis, of the flat tensor where none is given.
func take(x, i *value, axes []int) (*value, error) {
	var err error
	if len(axes) == 0 {
		if x, err = reshapeValue(x, -1); err != nil {
			return nil, err
		}
		axes = []int{0}
	}
	axis, err := resolveOne(axes[0], len(x.shape()))
	if err != nil {
		return nil, err
	}
	list, err := indexList(i, x.shape()[axis])
	if err != nil {
		return nil, err
	}
	places := make([][]int, len(x.shape()))
	places[axis] = list
	y, err := selectValue(x, places, 0)
	if err != nil {
		return nil, err
	}
	return reshapeValue(y, slices.Concat(x.shape()[:axis], i.shape(), x.shape()[axis+1:])...)
}

// takeAlong is numpy's take_along_axis.
func takeAlong(x, i *value, axes []int) (*value, error) {
	var err error
	if len(axes) == 0 {
		if x, err = reshapeValue(x, -1); err != nil {
			return nil, err
		}
		axes = []int{0}
	}
	rank := len(x.shape())
	axis, err := resolveOne(axes[0], rank)
	if err != nil {
		return nil, err
	}
	list, err := indexList(i, x.shape()[axis])
	if err != nil {
		return nil, err
	}
	if len(i.shape()) != rank {
		return nil, fmt.Errorf("indices of shape %v for shape %v", i.shape(), x.shape())
	}
	xs, is := slices.Clone(x.shape()), slices.Clone(i.shape())
	xs[axis], is[axis] = 1, 1
	common, ok := stretched(xs, is)
	if !ok {
		return nil, fmt.Errorf("indices of shape %v for shape %v", i.shape(), x.shape())
	}
	common[axis] = i.shape()[axis]
	// Flat places: those of the other axes from x's steps, those along the axis from the indices.
	steps := stretchSteps(x.shape(), x.shape())
	along := steps[axis]
	if x.shape()[axis] == 1 {
		along = 0
	}
	moving := slices.Clone(steps)
	moving[axis] = 0
	for a := range moving {
		if x.shape()[a] == 1 {
			moving[a] = 0
		}
	}
	indexSteps := stretchSteps(i.shape(), common)
	flat := make([]int, common.Len())
	n, last := 1, rank-1
	if rank > 0 {
		n = common[last]
	}
	each(common, moving, indexSteps, func(at, from, index int) {
		for k := range n {
			flat[at+k] = from + k*moving[last] + along*list[index+k*indexSteps[last]]
		}
	})
	row, err := reshapeValue(x, -1)
	if err != nil {
		return nil, err
	}
	y, err := selectValue(row, [][]int{flat}, 0)
	if err != nil {
		return nil, err
	}
	return reshapeValue(y, common...)
}
