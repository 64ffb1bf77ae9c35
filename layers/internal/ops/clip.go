package ops

import (
	"math"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// clip makes keras.ops.clip. If x_min is greater than x_max, the result is x_min. Limits are cast to the tensor's
// dtype: -1 is 255 as uint8.
func clip(c *config.Config) Operator {
	lo, hi := c.Number("x_min", float32(math.Inf(-1))), c.Number("x_max", float32(math.Inf(1)))
	return single(func(_ *Arguments, x *Value) (*Value, error) {
		if IsFloat(x.As) {
			return mapFloats(x, func(f float64) float64 { return max(min(f, float64(hi)), float64(lo)) })
		}
		as := x.As
		if as == tensor.DTBool {
			as = tensor.DTInt32
		}
		n, err := x.Ints()
		if err != nil {
			return nil, err
		}
		least, most := intLimits(as)
		if !math.IsInf(float64(lo), 0) {
			least = truncated(lo, as)
		}
		if !math.IsInf(float64(hi), 0) {
			most = truncated(hi, as)
		}
		return IntValue(kernel.Map(n, func(n int64) int64 { return max(min(n, most), least) }), as), nil
	})
}

// saturated casts x to another dtype. For an integer dtype, it clamps values out of range to the nearest limit.
func saturated(x *Value, to tensor.DType) (*Value, error) {
	if !isInt(to) {
		return x.Cast(to)
	}
	lo, hi := intLimits(to)
	if f, ok := x.X.(*kernel.Tensor); ok {
		return IntValue(kernel.Map(f, func(f float32) int64 {
			switch v := float64(f); {
			case v >= float64(hi):
				return hi
			case v > float64(lo):
				return int64(f)
			}
			return lo
		}), to), nil
	}
	n, err := x.Ints()
	if err != nil {
		return nil, err
	}
	return IntValue(kernel.Map(n, func(n int64) int64 { return min(max(n, lo), hi) }), to), nil
}
