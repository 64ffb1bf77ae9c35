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
		return nil, fmt.Errorf("shifts %v do not fit axes %v", by, axes)
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
		return nil, fmt.Errorf("repeats %v do not fit an axis of length %d", times, n)
	}
	for i := range n {
		if total, err = grown(total, times[i%len(times)]); err != nil {
			return nil, fmt.Errorf("repeats %v: %w", times, err)
		}
	}
	grownShape := slices.Clone(x.Shape())
	grownShape[axis] = total
	if err := checkGrown(x, grownShape); err != nil {
		return nil, fmt.Errorf("repeats %v: %w", times, err)
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
	grownShape := slices.Clone(tensor.Shape(shape))
	for i, t := range times {
		axis := rank - len(times) + i
		if t < 0 || shape[axis] > 0 && t > kernel.MaxElements/shape[axis] {
			return nil, fmt.Errorf("repeats %v are negative or too large for shape %v", times, tensor.Shape(shape))
		}
		grownShape[axis] *= t
	}
	if err := checkGrown(x, grownShape); err != nil {
		return nil, fmt.Errorf("repeats %v: %w", times, err)
	}
	places := make([][]int, rank)
	for i, t := range times {
		axis := rank - len(times) + i
		if shape[axis] == 0 {
			t = 0
		}
		places[axis] = slices.Repeat(upTo(shape[axis]), t)
		if places[axis] == nil {
			places[axis] = []int{}
		}
	}
	return selectValue(x, places, 0)
}

// pad implements keras.ops.pad. The widths are one number, one pair, or a pair for each axis.
func pad(x *Value, widths *kernel.Tensor, mode string, fill any) (*Value, error) {
	if widths == nil {
		return nil, fmt.Errorf("pad_width must not be empty")
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
	by := w.X.(*kernel.Tensor)
	grownShape := slices.Clone(x.Shape())
	for axis := range grownShape {
		for i := range 2 {
			if grownShape[axis], err = grown(grownShape[axis], int(by.At(axis, i))); err != nil {
				return nil, fmt.Errorf("pad widths %v: %w", by.Data(), err)
			}
		}
	}
	if err := checkGrown(x, grownShape); err != nil {
		return nil, fmt.Errorf("pad widths %v: %w", by.Data(), err)
	}
	places := make([][]int, rank)
	for axis, n := range x.Shape() {
		before, after := int(by.At(axis, 0)), int(by.At(axis, 1))
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

// grown returns n+more, or an error if that is too large.
func grown(n, more int) (int, error) {
	if more < 0 || more > kernel.MaxElements || n > kernel.MaxElements {
		return 0, fmt.Errorf("%d is negative or too large", more)
	}
	return n + more, nil
}

// checkGrown returns an error if an option's numbers make the result of x too large, in all or along one axis, for which callers make an
// index list.
func checkGrown(x *Value, shape tensor.Shape) error {
	for _, n := range shape {
		if err := kernel.CheckGrowth(x.Shape().Len(), tensor.Shape{n}); err != nil {
			return err
		}
	}
	return kernel.CheckGrowth(x.Shape().Len(), shape)
}

// padPlace returns the index of the value for position i, which may be outside of 0 to n-1. It returns -1 for a constant.
func padPlace(i, n int, mode string) (int, error) {
	inside := i >= 0 && i < n
	switch {
	case inside:
		return i, nil
	case mode == "constant":
		return -1, nil
	case n == 0:
		return 0, fmt.Errorf("mode %q cannot pad an axis of length 0", mode)
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
	return 0, fmt.Errorf("mode %q: %w", mode, fault.ErrUnknownOption)
}
