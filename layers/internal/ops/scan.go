package ops

import (
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// scan makes Cumsum and Cumprod. Without an axis they use the flat tensor.
func scan(ff func(a, b float32) float32, fi func(a, b int64) int64) Maker {
	return func(c *config.Config) Operator {
		axes, to := c.Ints("axis"), c.Dtype("dtype")
		return single(func(_ *Arguments, x *Value) (*Value, error) {
			x, err := x.Cast(orDType(to, x.As))
			if err != nil {
				return nil, err
			}
			axis := 0
			if len(axes) == 0 {
				if x, err = ReshapeValue(x, x.Shape().Len()); err != nil {
					return nil, err
				}
			} else if axis, err = resolveOne(axes[0], len(x.Shape())); err != nil {
				return nil, err
			}
			if f, ok := x.X.(*kernel.Tensor); ok {
				return FloatValue(scanned(f, axis, ff)), nil
			}
			n, err := x.Ints()
			if err != nil {
				return nil, err
			}
			as := x.As
			if as == tensor.DTBool {
				as = tensor.DTInt32
			}
			return IntValue(scanned(n, axis, func(a, b int64) int64 { return wrap(fi(a, b), as) }), as), nil
		})
	}
}

func scanned[T number](x *tensor.Tensor[T], axis int, f func(a, b T) T) *tensor.Tensor[T] {
	y := x.Clone()
	step := y.Shape()[axis+1:].Len()
	run := step * y.Shape()[axis]
	for from := 0; run > 0 && from < y.Len(); from += run {
		for i := from + step; i < from+run; i++ {
			y.Data()[i] = f(y.Data()[i-step], y.Data()[i])
		}
	}
	return y
}
