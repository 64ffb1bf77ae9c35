package ops

import (
	"math"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// reductionOperators reduce values along axes, or scan them along one axis.
var reductionOperators = map[string]Maker{
	"Sum":          reducing(reduction{floats: sumRow, ints: sumInts, widens: true, empty: true}),
	"Mean":         reducing(reduction{floats: MeanRow, empty: true}),
	"Prod":         reducing(reduction{floats: product, ints: productInts, widens: true, empty: true}),
	"Max":          reducing(reduction{floats: slices.Max[[]float32], ints: slices.Max[[]int64]}),
	"Amax":         reducing(reduction{floats: slices.Max[[]float32], ints: slices.Max[[]int64]}),
	"Min":          reducing(reduction{floats: slices.Min[[]float32], ints: slices.Min[[]int64]}),
	"Amin":         reducing(reduction{floats: slices.Min[[]float32], ints: slices.Min[[]int64]}),
	"Var":          reducing(reduction{floats: func(row []float32) float32 { return float32(variance(row)) }}),
	"Std":          reducing(reduction{floats: func(row []float32) float32 { return float32(math.Sqrt(variance(row))) }}),
	"Logsumexp":    reducing(reduction{floats: logSumExp}),
	"Median":       reducing(reduction{floats: median}),
	"Any":          truthReduction(true),
	"All":          truthReduction(false),
	"CountNonzero": counting,
	"Argmax":       argument(true),
	"Argmin":       argument(false),
	"Norm":         norm,
	"Normalize":    normalizing,
	"Moments":      moments,
	"Cumsum":       scan(kernel.Add[float32], kernel.Add[int64]),
	"Cumprod":      scan(func(a, b float32) float32 { return a * b }, func(a, b int64) int64 { return a * b }),
}

func counting(c *config.Config) Operator {
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

// reductionOptions returns a reduction's options: its axes (nil for all), and whether to keep them with length 1.
func reductionOptions(c *config.Config) (axes []int, keep bool) {
	return c.Ints("axis"), c.Bool("keepdims", false)
}

// A reduction reduces a row to one value.
type reduction struct {
	floats func([]float32) float32
	ints   func([]int64) int64 // nil: integers become floats
	widens bool                // small integers become 32 bits wide: see [wideDType]
	empty  bool                // the reduction is defined for empty rows
}

// wideDType returns the dtype of a sum or a product of values of a dtype: small integers are summed in 32 bits.
func wideDType(d tensor.DType) tensor.DType {
	switch d {
	case tensor.DTBool, tensor.DTInt8, tensor.DTInt16:
		return tensor.DTInt32
	case tensor.DTUInt8, tensor.DTUInt16:
		return tensor.DTUInt32
	}
	return d
}

// reducing returns an operator that reduces rows. Bools stay bools unless r widens.
func reducing(r reduction) Maker {
	return func(c *config.Config) Operator {
		axes, keep := reductionOptions(c)
		to := c.Dtype("dtype")
		c.Refuse("initial")
		return single(func(_ *Arguments, x *Value) (*Value, error) {
			as := orDType(to, x.As)
			if r.widens && to == tensor.InvalidDType {
				as = wideDType(as)
			}
			if r.ints == nil {
				as = tensor.DTFloat32
			}
			x, err := x.Cast(as)
			if err != nil {
				return nil, err
			}
			if f, ok := x.X.(*kernel.Tensor); ok {
				y, err := reduce(f, axes, keep, r.floats, r.empty)
				if err != nil {
					return nil, err
				}
				return FloatValue(y), nil
			}
			n, err := x.Ints()
			if err != nil {
				return nil, err
			}
			y, err := reduce(n, axes, keep, func(row []int64) int64 { return wrap(r.ints(row), as) }, r.empty)
			if err != nil {
				return nil, err
			}
			return IntValue(y, tensor.DTInt64).Cast(as)
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

// argument makes Argmax and Argmin, which return the index of the first largest or smallest value. Without an axis they use the flat
// tensor.
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
