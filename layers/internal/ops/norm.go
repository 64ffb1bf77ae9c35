package ops

import (
	"fmt"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// norm makes keras.ops.norm of vectors, of order 1 to infinity, and of matrices if the order is not given.
func norm(c *config.Config) Operator {
	axes, keep := reductionOptions(c)
	number := float32(2)
	switch order := string(c.Raw("ord")); order {
	case "", "null", `"fro"`, `"euclidean"`:
	default:
		if number = c.Number("ord", 2); len(axes) == 2 || !(number >= 1) {
			c.Fail("option %q is %s: %w", "ord", order, fault.ErrUnknownOption)
		}
	}
	return single(func(_ *Arguments, x *Value) (*Value, error) {
		f, err := x.Cast(tensor.DTFloat32)
		if err != nil {
			return nil, err
		}
		y, err := reduce(f.X.(*kernel.Tensor), axes, keep, func(row []float32) float32 { return float32(normOf(row, float64(number))) }, true)
		if err != nil {
			return nil, err
		}
		return FloatValue(y), nil
	})
}

// normalizing makes keras.ops.normalize. It divides values by the larger of epsilon and the norm along an axis.
func normalizing(c *config.Config) Operator {
	axes, order, epsilon := c.Ints("axis"), c.Number("order", 2), c.Number("epsilon", 1e-12)
	if len(axes) == 0 {
		axes = []int{-1}
	}
	return single(func(_ *Arguments, x *Value) (*Value, error) {
		f, err := x.Cast(tensor.DTFloat32)
		if err != nil {
			return nil, err
		}
		v := f.X.(*kernel.Tensor)
		norms, err := reduce(v, axes, true, func(row []float32) float32 {
			return float32(max(normOf(row, float64(order)), float64(epsilon)))
		}, true)
		if err != nil {
			return nil, err
		}
		y, err := zipTensors(v, norms, func(a, b float32) float32 { return a / b })
		if err != nil {
			return nil, err
		}
		return FloatValue(y), nil
	})
}

// moments makes keras.ops.moments: mean and variance.
func moments(c *config.Config) Operator {
	axes, keep := c.Ints("axes"), c.Bool("keepdims", false)
	c.Skip("synchronized")
	return func(a *Arguments) ([]*Value, error) {
		x, err := a.value(0, "x")
		if err != nil {
			return nil, err
		}
		if !IsFloat(x.As) {
			return nil, fmt.Errorf("%v values: %w", x.As, fault.ErrUnknownOption)
		}
		f, err := x.Float()
		if err != nil {
			return nil, err
		}
		mean, err := reduce(f, axes, keep, MeanRow, false)
		if err != nil {
			return nil, err
		}
		spread, err := reduce(f, axes, keep, func(row []float32) float32 { return float32(variance(row)) }, false)
		if err != nil {
			return nil, err
		}
		return []*Value{FloatValue(mean), FloatValue(spread)}, nil
	}
}
