package ops

import (
	"fmt"
	"math"
	"strings"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// elementwiseOperator makes the elementwise operators of one tensor.
func elementwiseOperator(class string) Maker {
	if f := FloatFunction(class); f != nil {
		return plain(single(func(_ *Arguments, x *Value) (*Value, error) { return mapFloats(x, f) }))
	}
	if f := truthFunction(class); f != nil {
		return plain(single(func(_ *Arguments, x *Value) (*Value, error) {
			y, err := x.Float()
			if err != nil {
				return nil, err
			}
			return boolValue(kernel.Map(y, f)), nil
		}))
	}
	switch class {
	case "Absolute", "Abs":
		return plain(single(keepTruths(mapNumbers(math.Abs, func(n int64) int64 { return max(n, -n) }))))
	case "Negative":
		return plain(single(mapNumbers(func(f float64) float64 { return -f }, func(n int64) int64 { return -n })))
	case "Square":
		return plain(single(mapNumbers(func(f float64) float64 { return f * f }, func(n int64) int64 { return n * n })))
	case "Sign":
		return plain(single(mapNumbers(sign[float64], sign[int64])))
	case "Trunc":
		return plain(single(func(a *Arguments, x *Value) (*Value, error) {
			if !IsFloat(x.As) {
				return x, nil
			}
			return mapFloats(x, math.Trunc)
		}))
	case "Round":
		return func(c *config.Config) Operator {
			by := math.Pow(10, float64(c.Int("decimals", 0)))
			return single(mapNumbers(func(f float64) float64 { return math.RoundToEven(f*by) / by }, func(n int64) int64 { return n }))
		}
	case "Clip":
		return clip
	case "LogicalNot":
		return plain(single(func(_ *Arguments, x *Value) (*Value, error) {
			m, err := x.Bools()
			if err != nil {
				return nil, err
			}
			return boolValue(kernel.Map(m, func(b bool) bool { return !b })), nil
		}))
	case "Cast":
		return func(c *config.Config) Operator {
			to := c.Dtype("dtype")
			return single(func(_ *Arguments, x *Value) (*Value, error) { return x.Cast(to) })
		}
	case "SaturateCast":
		return func(c *config.Config) Operator {
			to := c.Dtype("dtype")
			return single(func(_ *Arguments, x *Value) (*Value, error) { return saturated(x, to) })
		}
	case "StopGradient", "Copy", "ConvertToTensor":
		return func(c *config.Config) Operator {
			to := c.Dtype("dtype")
			return single(func(_ *Arguments, x *Value) (*Value, error) {
				if to == tensor.InvalidDType {
					return x, nil
				}
				return x.Cast(to)
			})
		}
	case "NanToNum":
		return func(c *config.Config) Operator {
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
	case "ZerosLike", "OnesLike":
		return func(c *config.Config) Operator {
			return fillLike(c.Dtype("dtype"), func(*Arguments) (any, error) {
				return Scalar{F: map[string]float64{"OnesLike": 1}[class], Whole: true}, nil
			})
		}
	case "FullLike":
		return func(c *config.Config) Operator {
			return fillLike(c.Dtype("dtype"), func(a *Arguments) (any, error) { return a.Get(1, "fill_value"), nil })
		}
	}
	return nil
}

// fillLike returns an operator that returns a tensor of x's shape, filled with fill's result, in dtype to or else x's.
func fillLike(to tensor.DType, fill func(a *Arguments) (any, error)) Operator {
	return single(func(a *Arguments, x *Value) (*Value, error) {
		arg, err := fill(a)
		if err != nil {
			return nil, err
		}
		v, _, err := Operand(arg)
		if err != nil {
			return nil, err
		}
		as := to
		if as == tensor.InvalidDType {
			as = x.As
		}
		if v, err = v.Cast(as); err != nil {
			return nil, err
		}
		return stretchValue(v, x.Shape())
	})
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

// FloatFunction returns a function with a float result for arguments of any dtype.
func FloatFunction(class string) func(float64) float64 {
	switch class {
	case "Exp":
		return math.Exp
	case "Exp2":
		return math.Exp2
	case "Expm1":
		return math.Expm1
	case "Log":
		return math.Log
	case "Log10":
		return math.Log10
	case "Log1p":
		return math.Log1p
	case "Log2":
		return math.Log2
	case "Sqrt":
		return math.Sqrt
	case "Cbrt":
		return math.Cbrt
	case "Rsqrt":
		return func(x float64) float64 { return 1 / math.Sqrt(x) }
	case "Reciprocal":
		return func(x float64) float64 { return 1 / x }
	case "Sin":
		return math.Sin
	case "Cos":
		return math.Cos
	case "Tan":
		return math.Tan
	case "Sinh":
		return math.Sinh
	case "Cosh":
		return math.Cosh
	case "Tanh":
		return math.Tanh
	case "Arcsin":
		return math.Asin
	case "Arccos":
		return math.Acos
	case "Arctan":
		return math.Atan
	case "Arcsinh":
		return math.Asinh
	case "Arccosh":
		return math.Acosh
	case "Arctanh":
		return math.Atanh
	case "Floor":
		return math.Floor
	case "Ceil":
		return math.Ceil
	case "Erf":
		return math.Erf
	case "Erfc":
		return math.Erfc
	}
	return nil
}

// truthFunction returns a function with a bool result.
func truthFunction(class string) func(float32) bool {
	switch class {
	case "Isnan":
		return func(f float32) bool { return math.IsNaN(float64(f)) }
	case "Isinf":
		return func(f float32) bool { return math.IsInf(float64(f), 0) }
	case "Isfinite":
		return func(f float32) bool { return !math.IsInf(float64(f), 0) && !math.IsNaN(float64(f)) }
	}
	return nil
}

// activationOperator makes the activation functions of keras.ops.
func activationOperator(class string) Maker {
	with := func(f func(c *config.Config) activation.Func) Maker {
		return func(c *config.Config) Operator {
			f := f(c)
			return single(func(_ *Arguments, x *Value) (*Value, error) { return activatedValue(f, x) })
		}
	}
	switch class {
	case "SoftShrink":
		return with(func(c *config.Config) activation.Func { return activation.SoftShrink(c.Float("threshold", 0.5)) })
	case "HardShrink":
		return with(func(c *config.Config) activation.Func { return activation.HardShrink(c.Float("threshold", 0.5)) })
	case "Squareplus":
		return with(func(c *config.Config) activation.Func { return activation.Squareplus(c.Float("b", 4)) })
	case "LeakyRelu":
		return func(c *config.Config) Operator {
			f := activation.LeakyReLU(c.Float("negative_slope", 0.2))
			return single(func(_ *Arguments, x *Value) (*Value, error) {
				x, err := x.Cast(tensor.DTFloat32) // only here integers become floats
				if err != nil {
					return nil, err
				}
				return activatedValue(f, x)
			})
		}
	case "Relu":
		return plain(single(func(_ *Arguments, x *Value) (*Value, error) {
			if isInt(x.As) {
				n, err := x.Ints()
				return IntValue(kernel.Map(n, func(n int64) int64 { return max(n, 0) }), x.As), err
			}
			return activatedValue(activation.ReLU(), x)
		}))
	case "Elu":
		return with(func(c *config.Config) activation.Func { return activation.ELU(c.Float("alpha", 1)) })
	case "Celu":
		return with(func(c *config.Config) activation.Func { return activation.CELU(c.Float("alpha", 1)) })
	case "Threshold":
		return with(func(c *config.Config) activation.Func {
			return activation.Threshold(c.Float("threshold", 0), c.Float("default_value", 0))
		})
	case "Gelu":
		return with(func(c *config.Config) activation.Func {
			if c.Bool("approximate", true) {
				return activation.GELUApproximate()
			}
			return activation.GELU()
		})
	case "Softmax", "LogSoftmax", "Sparsemax":
		f := map[string]activation.Func{
			"Softmax": activation.Softmax(), "LogSoftmax": activation.LogSoftmax(), "Sparsemax": activation.Sparsemax(),
		}[class]
		return func(c *config.Config) Operator {
			axes := c.Ints("axis")
			return single(func(_ *Arguments, x *Value) (*Value, error) { return rowsValue(f, x, axes) })
		}
	case "Glu":
		return func(c *config.Config) Operator {
			axes := c.Ints("axis")
			return single(func(_ *Arguments, x *Value) (*Value, error) { return rowsValue(activation.GLU(), x, axes) })
		}
	case "Relu6", "Sigmoid", "SparseSigmoid", "Softplus", "Softsign", "SparsePlus", "Silu", "LogSigmoid", "HardSigmoid",
		"HardSilu", "Selu", "TanhShrink", "HardTanh", "Mish":
		return with(func(c *config.Config) activation.Func { return c.ParseActivation("class_name", snake(class)) })
	}
	return nil
}

// snake returns the name of a class's function in Keras: hard_sigmoid for HardSigmoid.
func snake(class string) string {
	var b strings.Builder
	for i, r := range class {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteString(strings.ToLower(string(r)))
	}
	return b.String()
}

// activatedValue applies f to x along its last axis. Integers stay integers if f is relu.
func activatedValue(f activation.Func, x *Value) (*Value, error) {
	v, err := asFloat(x)
	if err != nil {
		return nil, err
	}
	y := v
	if !f.IsLinear() {
		if y, err = kernel.Activate(f, v.Clone()); err != nil {
			return nil, err
		}
	}
	if isInt(x.As) {
		return FloatValue(y).Cast(x.As)
	}
	return FloatValue(y), nil
}

// rowsValue applies f along the given axes of x; nil means the last.
func rowsValue(f activation.Func, x *Value, axes []int) (*Value, error) {
	v, err := x.Float()
	if err != nil {
		return nil, err
	}
	rank := len(v.Shape())
	if len(axes) == 0 {
		axes = []int{-1}
	}
	at, err := resolveAxes(axes, rank)
	if err != nil {
		return nil, err
	}
	if rank == 0 {
		return nil, fmt.Errorf("a scalar has no axis")
	}
	perm := append(otherAxes(at, rank), at...)
	turned := permuteTensor(v, perm)
	kept := turned.Shape()[:rank-len(at)]
	rows, err := turned.Reshape(append(append(tensor.Shape{}, kept...), kernel.Permuted(v.Shape(), at).Len())...)
	if err != nil {
		return nil, err
	}
	y, err := kernel.Activate(f, rows.Clone())
	if err != nil {
		return nil, err
	}
	shape := turned.Shape()
	if y.Len() != turned.Len() { // halved
		shape = y.Shape()
	}
	if y, err = y.Reshape(shape...); err != nil {
		return nil, err
	}
	return FloatValue(permuteTensor(y, kernel.Inverse(perm))), nil
}
