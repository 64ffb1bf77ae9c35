package ops

import (
	"slices"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// shapeOperator makes the operators that reshape or join tensors without changing values.
func shapeOperator(class string) Maker {
	switch class {
	case "Reshape":
		return func(c *config.Config) Operator {
			shape := c.Dims("newshape")
			return single(func(_ *Arguments, x *Value) (*Value, error) { return ReshapeValue(x, shape...) })
		}
	case "Ravel":
		return plain(single(func(_ *Arguments, x *Value) (*Value, error) { return ReshapeValue(x, -1) }))
	case "ExpandDims":
		return func(c *config.Config) Operator {
			axes := c.Ints("axis")
			return single(func(_ *Arguments, x *Value) (*Value, error) { return expandDims(x, axes) })
		}
	case "Squeeze":
		return func(c *config.Config) Operator {
			axes := c.Ints("axis")
			return single(func(_ *Arguments, x *Value) (*Value, error) { return squeeze(x, axes) })
		}
	case "Transpose":
		return func(c *config.Config) Operator {
			axes := c.Ints("axes")
			return single(func(_ *Arguments, x *Value) (*Value, error) {
				rank := len(x.Shape())
				perm := slices.Clone(axes)
				if axes == nil {
					for i := range rank {
						perm = append(perm, rank-1-i)
					}
				}
				return permuteValue(x, perm)
			})
		}
	case "Swapaxes":
		return func(c *config.Config) Operator {
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
	case "Moveaxis":
		return func(c *config.Config) Operator {
			from, to := c.Ints("source"), c.Ints("destination")
			return single(func(_ *Arguments, x *Value) (*Value, error) { return moveAxes(x, from, to) })
		}
	case "BroadcastTo":
		return func(c *config.Config) Operator {
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
	case "Concatenate", "Hstack", "Vstack":
		return func(c *config.Config) Operator {
			axis := c.Int("axis", 0)
			return func(a *Arguments) ([]*Value, error) {
				vs, err := a.values(0, "xs")
				if err != nil {
					return nil, err
				}
				y, err := concatValues(vs, func(rank int) int {
					if class == "Hstack" && rank > 1 {
						return 1
					}
					return axis
				})
				return []*Value{y}, err
			}
		}
	case "Append":
		return func(c *config.Config) Operator {
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
	case "Stack":
		return func(c *config.Config) Operator {
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
	case "Size", "Ndim":
		return plain(single(func(_ *Arguments, x *Value) (*Value, error) {
			n := len(x.Shape())
			if class == "Size" {
				n = x.Shape().Len()
			}
			return IntValue(tensor.Scalar(int64(n)), tensor.DTInt32), nil
		}))
	}
	return nil
}
