package ops

import (
	"math"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// reductionOperator makes the operators that make one value of the values along some axes, and those that run along one.
func reductionOperator(class string) Maker {
	switch class {
	case "Sum":
		return reducing(sumRow, sumInts)
	case "Mean":
		return reducing(MeanRow, nil)
	case "Prod":
		return reducing(func(row []float32) float32 {
			p := 1.0
			for _, v := range row {
				p *= float64(v)
			}
			return float32(p)
		}, func(row []int64) int64 {
			p := int64(1)
			for _, v := range row {
				p *= v
			}
			return p
		})
	case "Max", "Amax":
		return reducing(slices.Max[[]float32], slices.Max[[]int64])
	case "Min", "Amin":
		return reducing(slices.Min[[]float32], slices.Min[[]int64])
	case "Var":
		return reducing(func(row []float32) float32 { return float32(variance(row)) }, nil)
	case "Std":
		return reducing(func(row []float32) float32 { return float32(math.Sqrt(variance(row))) }, nil)
	case "Logsumexp":
		return reducing(logSumExp, nil)
	case "Median":
		return reducing(func(row []float32) float32 {
			row = slices.Clone(row)
			slices.Sort(row)
			n := len(row)
			return (row[(n-1)/2] + row[n/2]) / 2
		}, nil)
	case "Any", "All":
		return truthReduction(class == "Any")
	case "CountNonzero":
		return func(c *config.Config) Operator {
			axes, keep := reductionOptions(c)
			return single(func(_ *Arguments, x *Value) (*Value, error) {
				m, err := x.Bools()
				if err != nil {
					return nil, err
				}
				y, err := reduce(m, axes, keep, func(row []bool) (n int64) {
					for _, v := range row {
						if v {
							n++
						}
					}
					return n
				}, true)
				return intOrNil(y, tensor.DTInt32), err
			})
		}
	case "Argmax", "Argmin":
		return argument(class == "Argmax")
	case "Norm":
		return norm
	case "Normalize":
		return normalizing
	case "Moments":
		return moments
	case "Cumsum":
		return scan(kernel.Add[float32], kernel.Add[int64])
	case "Cumprod":
		return scan(func(a, b float32) float32 { return a * b }, func(a, b int64) int64 { return a * b })
	}
	return nil
}

// reductionOptions returns a reduction's options: its axes, nil for all, and whether they stay, with length 1.
func reductionOptions(c *config.Config) (axes []int, keep bool) {
	return c.Ints("axis"), c.Bool("keepdims", false)
}

// reducing returns an operator that makes one value of a row, of fractions or, unless fi is nil, of integers.
func reducing(ff func([]float32) float32, fi func([]int64) int64) Maker {
	return func(c *config.Config) Operator {
		axes, keep := reductionOptions(c)
		to := c.Dtype("dtype")
		c.Refuse("initial")
		return single(func(_ *Arguments, x *Value) (*Value, error) {
			x, err := x.Cast(orDType(to, x.As))
			if err != nil {
				return nil, err
			}
			if IsFloat(x.As) || fi == nil {
				f, err := x.Float()
				if err != nil {
					return nil, err
				}
				y, err := reduce(f, axes, keep, ff, false)
				if err != nil {
					return nil, err
				}
				return FloatValue(y), nil
			}
			n, err := x.Ints()
			if err != nil {
				return nil, err
			}
			as := x.As
			if as == tensor.DTBool {
				as = tensor.DTInt32
			}
			y, err := reduce(n, axes, keep, func(row []int64) int64 { return wrap(fi(row), as) }, false)
			return intOrNil(y, as), err
		})
	}
}

func truthReduction(wantAny bool) Maker {
	return func(c *config.Config) Operator {
		axes, keep := reductionOptions(c)
		return single(func(_ *Arguments, x *Value) (*Value, error) {
			m, err := x.Bools()
			if err != nil {
				return nil, err
			}
			y, err := reduce(m, axes, keep, func(row []bool) bool { return slices.Contains(row, wantAny) == wantAny }, true)
			if err != nil {
				return nil, err
			}
			return boolValue(y), nil
		})
	}
}

// argument makes Argmax and Argmin: the place of the first of the largest or smallest values; without axis in the flat tensor.
func argument(largest bool) Maker {
	return func(c *config.Config) Operator {
		axes, keep := reductionOptions(c)
		return single(func(_ *Arguments, x *Value) (*Value, error) {
			f, err := x.Cast(tensor.DTFloat32)
			if err != nil {
				return nil, err
			}
			y, err := reduce(f.X.(*kernel.Tensor), axes, keep, func(row []float32) int64 {
				best := 0
				for i, v := range row {
					if v > row[best] == largest && v != row[best] {
						best = i
					}
				}
				return int64(best)
			}, false)
			return intOrNil(y, tensor.DTInt32), err
		})
	}
}
