package ops

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/fault"
)

// A PySlice is Python's slice in an index. Missing parts are nil.
type PySlice struct{ Start, Stop, Step *int }

// An Ellipsis is Python's "..." in an index.
type Ellipsis struct{}

// indexOperators select values by index.
var indexOperators = map[string]Maker{
	"GetItem":       plain(single(func(a *Arguments, x *Value) (*Value, error) { return getItem(x, a.Get(1, "key")) })),
	"Flip":          flipping,
	"Roll":          rolling,
	"Repeat":        repeating,
	"Tile":          tiling,
	"Pad":           padding,
	"Split":         splitting,
	"Unstack":       unstacking,
	"Slice":         slicing,
	"Take":          taking,
	"TakeAlongAxis": takingAlong,
	"OneHot":        oneHot,
	"Tril":          triangles(func(i, j, k int) bool { return j-i <= k }),
	"Triu":          triangles(func(i, j, k int) bool { return j-i >= k }),
	"Sort":          sorting(false),
	"Argsort":       sorting(true),
	"TopK":          topK,
}

func flipping(c *config.Config) Operator {
	axes := c.Ints("axis")
	return single(func(_ *Arguments, x *Value) (*Value, error) {
		return alongAxes(x, axes, func(axis, n int) []int {
			places := upTo(n)
			slices.Reverse(places)
			return places
		})
	})
}

func rolling(c *config.Config) Operator {
	by, axes := c.Ints("shift"), c.Ints("axis")
	return single(func(_ *Arguments, x *Value) (*Value, error) { return roll(x, by, axes) })
}

func repeating(c *config.Config) Operator {
	times, axes := c.Ints("repeats"), c.Ints("axis")
	return single(func(_ *Arguments, x *Value) (*Value, error) { return repeat(x, times, axes) })
}

func tiling(c *config.Config) Operator {
	times := c.Ints("repeats")
	return single(func(_ *Arguments, x *Value) (*Value, error) { return tile(x, times) })
}

func padding(c *config.Config) Operator {
	widths, mode := c.Array("pad_width"), c.Text("mode", "constant")
	return single(func(a *Arguments, x *Value) (*Value, error) {
		return pad(x, widths, mode, a.Get(1, "constant_values"))
	})
}

func splitting(c *config.Config) Operator {
	var sections int
	indices, axis := c.Ints("indices_or_sections"), c.Int("axis", 0)
	if c.IsNumber("indices_or_sections") && len(indices) == 1 {
		sections, indices = indices[0], nil
	}
	return func(a *Arguments) ([]*Value, error) {
		x, err := a.value(0, "x")
		if err != nil {
			return nil, err
		}
		return split(x, sections, indices, axis)
	}
}

func unstacking(c *config.Config) Operator {
	c.Skip("num")
	axis := c.Int("axis", 0)
	return func(a *Arguments) ([]*Value, error) {
		x, err := a.value(0, "x")
		if err != nil {
			return nil, err
		}
		return unstack(x, axis)
	}
}

func slicing(c *config.Config) Operator {
	shape := c.Dims("shape")
	return single(func(a *Arguments, x *Value) (*Value, error) { return slice(x, a.Get(1, "start_indices"), shape) })
}

func taking(c *config.Config) Operator {
	axes := c.Ints("axis")
	return single(func(a *Arguments, x *Value) (*Value, error) {
		i, err := a.value(1, "indices")
		if err != nil {
			return nil, err
		}
		return take(x, i, axes)
	})
}

func takingAlong(c *config.Config) Operator {
	axes := c.Ints("axis")
	return single(func(a *Arguments, x *Value) (*Value, error) {
		i, err := a.value(1, "indices")
		if err != nil {
			return nil, err
		}
		return takeAlong(x, i, axes)
	})
}

// triangles makes an operator that keeps the elements of matrices for which keep reports true. k is the option of Keras.
func triangles(keep func(i, j, k int) bool) Maker {
	return func(c *config.Config) Operator {
		k := c.Int("k", 0)
		return single(func(_ *Arguments, x *Value) (*Value, error) {
			return triangle(x, func(i, j int) bool { return keep(i, j, k) })
		})
	}
}

// getItem implements x[key], Python's indexing by numbers, slices, None and "...", and by one tensor of integers along the first axis.
func getItem(x *Value, key any) (*Value, error) {
	if i, ok := key.(*Value); ok {
		return take(x, i, []int{0})
	}
	keys, ok := key.([]any)
	if !ok {
		keys = []any{key}
	}
	named := 0
	for _, k := range keys {
		switch k.(type) {
		case nil, Ellipsis:
		default:
			named++
		}
	}
	rank := len(x.Shape())
	if named > rank {
		return nil, fmt.Errorf("%d indices into shape %v", named, x.Shape())
	}
	places := make([][]int, rank)
	var shape []int // -1: the selected length, -2: removed
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
		case Ellipsis:
			all(rank - named)
			named = rank // a second ellipsis selects no axes
		case PySlice:
			list, err := k.places(x.Shape()[axis])
			if err != nil {
				return nil, err
			}
			places[axis] = list
			all(1)
		case Scalar:
			at, n := int(k.F), x.Shape()[axis]
			if at < 0 {
				at += n
			}
			if !k.Whole || at < 0 || at >= n {
				return nil, fmt.Errorf("index %v into axis %d of shape %v", k.F, axis, x.Shape())
			}
			places[axis] = []int{at}
			shape = append(shape, -2)
			axis++
		default:
			return nil, fmt.Errorf("index %s: %w", DescribeArg(k), fault.ErrUnknownOption)
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
			out = append(out, y.Shape()[axis])
			axis++
		case -2:
			axis++
		default:
			out = append(out, n)
		}
	}
	return ReshapeValue(y, out...)
}

// places returns the indices that s names along an axis of length n, by Python's rules.
func (s PySlice) places(n int) ([]int, error) {
	step := 1
	if s.Step != nil {
		step = *s.Step
	}
	if step == 0 {
		return nil, fmt.Errorf("a slice must not have step 0")
	}
	lo, hi := 0, n // limits of start and stop
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
	start, stop = bound(s.Start, start), bound(s.Stop, stop)
	list := []int{}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		list = append(list, i)
		if step > n || step < -n {
			break // avoids overflow
		}
	}
	return list, nil
}
