package ops

import (
	"slices"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// shapeOperators reshape or join tensors without changing values.
var shapeOperators = map[string]Maker{
	"Reshape":     reshaping,
	"Ravel":       plain(single(func(_ *Arguments, x *Value) (*Value, error) { return ReshapeValue(x, -1) })),
	"ExpandDims":  withAxes("axis", expandDims),
	"Squeeze":     withAxes("axis", squeeze),
	"Transpose":   withAxes("axes", transpose),
	"Swapaxes":    swapping,
	"Moveaxis":    moving,
	"BroadcastTo": broadcasting,
	"Concatenate": concatenating(false),
	"Vstack":      concatenating(false),
	"Hstack":      concatenating(true),
	"Append":      appending,
	"Stack":       stacking,
	"Size":        plain(single(func(_ *Arguments, x *Value) (*Value, error) { return count(x.Shape().Len()), nil })),
	"Ndim":        plain(single(func(_ *Arguments, x *Value) (*Value, error) { return count(len(x.Shape())), nil })),
}

// withAxes returns a maker for an operator on one tensor with one option, a number or a list of axes, which may be absent.
func withAxes(option string, f func(x *Value, axes []int) (*Value, error)) Maker {
	return func(c *config.Config) Operator {
		axes := c.Ints(option)
		return single(func(_ *Arguments, x *Value) (*Value, error) { return f(x, axes) })
	}
}

func reshaping(c *config.Config) Operator {
	shape := c.Dims("newshape")
	return single(func(_ *Arguments, x *Value) (*Value, error) { return ReshapeValue(x, shape...) })
}

// transpose permutes the axes of x; without axes it reverses them.
func transpose(x *Value, axes []int) (*Value, error) {
	perm := slices.Clone(axes)
	if axes == nil {
		perm = otherAxes(nil, len(x.Shape()))
		slices.Reverse(perm)
	}
	return permuteValue(x, perm)
}

func swapping(c *config.Config) Operator {
	i, j := c.Int("axis1", 0), c.Int("axis2", 0)
	return single(func(_ *Arguments, x *Value) (*Value, error) {
		rank := len(x.Shape())
		a, err := resolveOne(i, rank)
		if err != nil {
			return nil, err
		}
		b, err := resolveOne(j, rank)
		if err != nil {
			return nil, err
		}
		perm := otherAxes(nil, rank)
		perm[a], perm[b] = b, a
		return permuteValue(x, perm)
	})
}

func moving(c *config.Config) Operator {
	from, to := c.Ints("source"), c.Ints("destination")
	return single(func(_ *Arguments, x *Value) (*Value, error) { return moveAxes(x, from, to) })
}

func broadcasting(c *config.Config) Operator {
	shape := c.Dims("shape")
	return single(func(_ *Arguments, x *Value) (*Value, error) {
		s := slices.Clone(shape)
		for i := range s { // an unknown length is x's
			if at := len(x.Shape()) - len(s) + i; s[i] < 0 && at >= 0 {
				s[i] = x.Shape()[at]
			}
		}
		if err := kernel.CheckGrowth(x.Shape().Len(), s); err != nil {
			return nil, err
		}
		return stretchValue(x, s)
	})
}

// concatenating makes the operators that join tensors along an axis. Hstack's axis is the second, unless there is only one.
func concatenating(hstack bool) Maker {
	return func(c *config.Config) Operator {
		axis := c.Int("axis", 0)
		return func(a *Arguments) ([]*Value, error) {
			vs, err := a.values(0, "xs")
			if err != nil {
				return nil, err
			}
			y, err := concatValues(vs, func(rank int) int {
				if hstack && rank > 1 {
					return 1
				}
				return axis
			})
			return []*Value{y}, err
		}
	}
}

func appending(c *config.Config) Operator {
	axes := c.Ints("axis")
	return func(a *Arguments) ([]*Value, error) {
		x, y, _, err := pair(a)
		if err != nil {
			return nil, err
		}
		axis := 0
		if len(axes) > 0 {
			axis = axes[0]
		} else {
			if x, err = ReshapeValue(x, -1); err != nil {
				return nil, err
			}
			if y, err = ReshapeValue(y, -1); err != nil {
				return nil, err
			}
		}
		z, err := concatValues([]*Value{x, y}, func(int) int { return axis })
		return []*Value{z}, err
	}
}

func stacking(c *config.Config) Operator {
	axis := c.Int("axis", 0)
	return func(a *Arguments) ([]*Value, error) {
		vs, err := a.values(0, "x")
		if err != nil {
			return nil, err
		}
		y, err := stackValues(vs, axis, CommonDType(vs))
		return []*Value{y}, err
	}
}

// count returns n as Keras returns sizes.
func count(n int) *Value { return IntValue(tensor.Scalar(int64(n)), tensor.DTInt32) }
