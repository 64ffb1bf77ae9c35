package ops

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

func roll(x *Value, by, axes []int) (*Value, error) {
	shape := x.Shape()
	flat := axes == nil
	if flat {
		var err error
		if x, err = ReshapeValue(x, -1); err != nil {
			return nil, err
		}
		axes = []int{0}
	}
	if len(by) != len(axes) && len(by) != 1 {
		return nil, fmt.Errorf("shifts %v along axes %v", by, axes)
	}
	for i, axis := range axes {
		shift := by[i%len(by)]
		var err error
		if x, err = alongAxes(x, []int{axis}, func(_, n int) []int {
			places := upTo(n)
			for j := range places {
				places[j] = int(FloorMod64(int64(j-shift), int64(n)))
			}
			return places
		}); err != nil {
			return nil, err
		}
	}
	if flat {
		return ReshapeValue(x, shape...)
	}
	return x, nil
}

func repeat(x *Value, times, axes []int) (*Value, error) {
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
	n, total := x.Shape()[axis], 0
	if len(times) != 1 && len(times) != n {
		return nil, fmt.Errorf("repeats %v along an axis of length %d", times, n)
	}
	for i := range n {
		t := times[i%len(times)]
		if t < 0 || t > kernel.MaxElements || total > kernel.MaxElements {
			return nil, fmt.Errorf("repeats %v", times)
		}
		total += t
	}
	if total > kernel.MaxElements {
		return nil, fmt.Errorf("repeats %v are beyond memory", times)
	}
	return alongAxes(x, []int{axis}, func(_, n int) []int {
		places := make([]int, 0, total)
		for i := range n {
			places = append(places, slices.Repeat([]int{i}, times[i%len(times)])...)
		}
		return places
	})
}

func tile(x *Value, times []int) (*Value, error) {
	rank := max(len(x.Shape()), len(times))
	shape := slices.Concat(slices.Repeat([]int{1}, rank-len(x.Shape())), x.Shape())
	x, err := ReshapeValue(x, shape...)
	if err != nil {
		return nil, err
	}
	places := make([][]int, rank)
	for i, t := range times {
		axis := rank - len(times) + i
		if t < 0 || t > kernel.MaxElements || shape[axis] > 0 && t > kernel.MaxElements/shape[axis] {
			return nil, fmt.Errorf("repeats %v of shape %v", times, tensor.Shape(shape))
		}
		places[axis] = slices.Repeat(upTo(shape[axis]), t)
		if places[axis] == nil {
			places[axis] = []int{}
		}
	}
	return selectValue(x, places, 0)
}

// pad is keras.ops.pad with widths of one number, one pair, or a pair for each axis.
func pad(x *Value, widths *kernel.Tensor, mode string, fill any) (*Value, error) {
	if widths == nil {
		return nil, fmt.Errorf("no pad width")
	}
	rank := len(x.Shape())
	w, err := stretchValue(FloatValue(widths), tensor.Shape{rank, 2})
	if err != nil {
		return nil, err
	}
	number := 0.0
	switch f := fill.(type) {
	case nil:
	case Scalar:
		number = f.F
	default:
		return nil, fmt.Errorf("constant values %s: %w", DescribeArg(fill), fault.ErrUnknownOption)
	}
	places := make([][]int, rank)
	for axis, n := range x.Shape() {
		before, after := int(w.X.(*kernel.Tensor).At(axis, 0)), int(w.X.(*kernel.Tensor).At(axis, 1))
		if before < 0 || after < 0 || before > kernel.MaxElements || after > kernel.MaxElements {
			return nil, fmt.Errorf("pad widths %d and %d", before, after)
		}
		list := make([]int, 0, before+n+after)
		for i := -before; i < n+after; i++ {
			at, err := padPlace(i, n, mode)
			if err != nil {
				return nil, err
			}
			list = append(list, at)
		}
		places[axis] = list
	}
	return selectValue(x, places, number)
}

// padPlace returns where the value at place i, perhaps outside of 0 to n-1, comes from; -1 for nowhere.
func padPlace(i, n int, mode string) (int, error) {
	inside := i >= 0 && i < n
	switch {
	case inside:
		return i, nil
	case mode == "constant":
		return -1, nil
	case n == 0:
		return 0, fmt.Errorf("padding of mode %q on an axis of no length", mode)
	case mode == "edge":
		return min(max(i, 0), n-1), nil
	case mode == "reflect" && n > 1:
		if i = int(FloorMod64(int64(i), int64(2*n-2))); i >= n {
			i = 2*n - 2 - i
		}
		return i, nil
	case mode == "symmetric":
		if i = int(FloorMod64(int64(i), int64(2*n))); i >= n {
			i = 2*n - 1 - i
		}
		return i, nil
	case mode == "wrap":
		return int(FloorMod64(int64(i), int64(n))), nil
	}
	return 0, fmt.Errorf("padding of mode %q: %w", mode, fault.ErrUnknownOption)
}
