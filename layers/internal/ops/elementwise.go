package ops

import (
	"math"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// elementwiseOperators are the elementwise operators of one tensor, besides floatFunctions and truthFunctions.
var elementwiseOperators = map[string]Maker{
	"Absolute":        absolute,
	"Abs":             absolute,
	"Negative":        plain(single(mapNumbers(func(f float64) float64 { return -f }, func(n int64) int64 { return -n }))),
	"Square":          plain(single(mapNumbers(func(f float64) float64 { return f * f }, func(n int64) int64 { return n * n }))),
	"Sign":            plain(single(mapNumbers(sign[float64], sign[int64]))),
	"Trunc":           plain(single(trunc)),
	"Round":           rounding,
	"Clip":            clip,
	"LogicalNot":      plain(single(logicalNot)),
	"Cast":            casting((*Value).Cast),
	"SaturateCast":    casting(saturated),
	"StopGradient":    casting(castIfAsked),
	"Copy":            casting(castIfAsked),
	"ConvertToTensor": casting(castIfAsked),
	"NanToNum":        nanToNum,
	"ZerosLike":       fillingLike(func(*Arguments) any { return Scalar{F: 0, Whole: true} }),
	"OnesLike":        fillingLike(func(*Arguments) any { return Scalar{F: 1, Whole: true} }),
	"FullLike":        fillingLike(func(a *Arguments) any { return a.Get(1, "fill_value") }),
}

var absolute = plain(single(keepTruths(mapNumbers(math.Abs, func(n int64) int64 { return max(n, -n) }))))

func trunc(_ *Arguments, x *Value) (*Value, error) {
	if !IsFloat(x.As) {
		return x, nil
	}
	return mapFloats(x, math.Trunc)
}

func rounding(c *config.Config) Operator {
	by := math.Pow(10, float64(c.Int("decimals", 0)))
	return single(mapNumbers(func(f float64) float64 { return math.RoundToEven(f*by) / by }, func(n int64) int64 { return n }))
}

func logicalNot(_ *Arguments, x *Value) (*Value, error) {
	m, err := x.Bools()
	if err != nil {
		return nil, err
	}
	return boolValue(kernel.Map(m, func(b bool) bool { return !b })), nil
}

// casting makes an operator that converts a tensor to the dtype of its option.
func casting(cast func(x *Value, to tensor.DType) (*Value, error)) Maker {
	return func(c *config.Config) Operator {
		to := c.Dtype("dtype")
		return single(func(_ *Arguments, x *Value) (*Value, error) { return cast(x, to) })
	}
}

// castIfAsked returns x unchanged if the option is absent.
func castIfAsked(x *Value, to tensor.DType) (*Value, error) {
	if to == tensor.InvalidDType {
		return x, nil
	}
	return x.Cast(to)
}

func nanToNum(c *config.Config) Operator {
	nan, high, low := c.Number("nan", 0), c.Number("posinf", math.MaxFloat32), c.Number("neginf", -math.MaxFloat32)
	return single(keepTruths(mapNumbers(func(f float64) float64 {
		switch {
		case math.IsNaN(f):
			return float64(nan)
		case math.IsInf(f, 1):
			return float64(high)
		case math.IsInf(f, -1):
			return float64(low)
		}
		return f
	}, func(n int64) int64 { return n })))
}

// fillingLike makes an operator that returns a tensor of x's shape, filled with fill's result, in the dtype of its option or else x's.
func fillingLike(fill func(a *Arguments) any) Maker {
	return func(c *config.Config) Operator {
		to := c.Dtype("dtype")
		return single(func(a *Arguments, x *Value) (*Value, error) {
			v, _, err := Operand(fill(a))
			if err != nil {
				return nil, err
			}
			if v, err = v.Cast(orDType(to, x.As)); err != nil {
				return nil, err
			}
			return stretchValue(v, x.Shape())
		})
	}
}

// mapFloats applies f to x's values as floats.
func mapFloats(x *Value, f func(float64) float64) (*Value, error) {
	v, err := x.Float()
	if err != nil {
		return nil, err
	}
	return FloatValue(kernel.Map(v, func(a float32) float32 { return float32(f(float64(a))) })), nil
}

// mapNumbers returns a function that applies ff to floats and fi to integers; bools count as integers.
func mapNumbers(ff func(float64) float64, fi func(int64) int64) func(*Arguments, *Value) (*Value, error) {
	return func(_ *Arguments, x *Value) (*Value, error) {
		if IsFloat(x.As) {
			return mapFloats(x, ff)
		}
		n, err := x.Ints()
		if err != nil {
			return nil, err
		}
		as := x.As
		if as == tensor.DTBool {
			as = tensor.DTInt32
		}
		return IntValue(kernel.Map(n, func(n int64) int64 { return wrap(fi(n), as) }), as), nil
	}
}

// keepTruths returns a function that applies f to numbers and returns bools unchanged.
func keepTruths(f func(*Arguments, *Value) (*Value, error)) func(*Arguments, *Value) (*Value, error) {
	return func(a *Arguments, x *Value) (*Value, error) {
		if x.As == tensor.DTBool {
			return x, nil
		}
		return f(a, x)
	}
}

func sign[T float64 | int64](v T) T {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return v // 0 or NaN
}

// floatFunctions are operators with a float result for arguments of any dtype.
var floatFunctions = map[string]func(float64) float64{
	"Exp":        math.Exp,
	"Exp2":       math.Exp2,
	"Expm1":      math.Expm1,
	"Log":        math.Log,
	"Log10":      math.Log10,
	"Log1p":      math.Log1p,
	"Log2":       math.Log2,
	"Sqrt":       math.Sqrt,
	"Cbrt":       math.Cbrt,
	"Rsqrt":      func(x float64) float64 { return 1 / math.Sqrt(x) },
	"Reciprocal": func(x float64) float64 { return 1 / x },
	"Sin":        math.Sin,
	"Cos":        math.Cos,
	"Tan":        math.Tan,
	"Sinh":       math.Sinh,
	"Cosh":       math.Cosh,
	"Tanh":       math.Tanh,
	"Arcsin":     math.Asin,
	"Arccos":     math.Acos,
	"Arctan":     math.Atan,
	"Arcsinh":    math.Asinh,
	"Arccosh":    math.Acosh,
	"Arctanh":    math.Atanh,
	"Floor":      math.Floor,
	"Ceil":       math.Ceil,
	"Erf":        math.Erf,
	"Erfc":       math.Erfc,
}

func floatMaker(f func(float64) float64) Maker {
	return plain(single(func(_ *Arguments, x *Value) (*Value, error) { return mapFloats(x, f) }))
}

// truthFunctions are operators that test floats.
var truthFunctions = map[string]func(float32) bool{
	"Isnan":    func(f float32) bool { return math.IsNaN(float64(f)) },
	"Isinf":    func(f float32) bool { return math.IsInf(float64(f), 0) },
	"Isfinite": func(f float32) bool { return !math.IsInf(float64(f), 0) && !math.IsNaN(float64(f)) },
}

func truthMaker(f func(float32) bool) Maker {
	return plain(single(func(_ *Arguments, x *Value) (*Value, error) {
		y, err := x.Float()
		if err != nil {
			return nil, err
		}
		return boolValue(kernel.Map(y, f)), nil
	}))
}
