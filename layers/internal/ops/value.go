package ops

import (
	"fmt"
	"math"

	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// A Value passes between the layers and operators of a model. It holds a tensor of one of the four Go types that represent all of
// Keras's dtypes, and its mask.
type Value struct {
	X    tensor.Any   // of float32, int64, bool or string
	As   tensor.DType // Keras's dtype: the dtype of X, or the integer dtype that X represents as int64
	Mask *kernel.Mask
}

// number constrains the types of arithmetic.
type number interface{ float32 | int64 }

func FloatValue(x *kernel.Tensor) *Value { return &Value{X: x, As: tensor.DTFloat32} }

func boolValue(x *kernel.Mask) *Value { return &Value{X: x, As: tensor.DTBool} }

func IntValue(x *tensor.Tensor[int64], as tensor.DType) *Value { return &Value{X: x, As: as} }

func (v *Value) Shape() tensor.Shape { return v.X.Shape() }

// without returns v without its mask: Keras's operators make a new tensor, which does not have a mask.
func (v *Value) without() *Value { return &Value{X: v.X, As: v.As} }

// Masked returns v with the mask m; v itself if it has that mask.
func (v *Value) Masked(m *kernel.Mask) *Value {
	if v.Mask == m {
		return v
	}
	return &Value{X: v.X, As: v.As, Mask: m}
}

// NewValue returns a tensor as a value. It returns an error for dtypes that models do not support.
func NewValue(x tensor.Any) (*Value, error) {
	if x == nil || x.Shape() == nil {
		return nil, fmt.Errorf("a tensor without values")
	}
	d := x.DType()
	var to tensor.Any
	switch {
	case d == tensor.DTFloat32 || d == tensor.DTInt64 || d == tensor.DTBool || d == tensor.DTString:
		return &Value{X: x, As: d}, nil
	case IsFloat(d):
		to, d = new(kernel.Tensor), tensor.DTFloat32
	case isInt(d):
		to = new(tensor.Tensor[int64])
	default:
		return nil, fmt.Errorf("models do not compute with dtype %v", d)
	}
	if err := to.Build(x.Shape()...); err != nil {
		return nil, err
	}
	return &Value{X: to, As: d}, tensor.Cast(to, x)
}

// Tensor returns the value in the dtype that Keras gives it; fractions are float32.
func (v *Value) Tensor() (tensor.Any, error) {
	if !isInt(v.As) || v.As == tensor.DTInt64 {
		return v.X, nil
	}
	out, err := tensor.NewAny(v.As, v.Shape()...)
	if err != nil {
		return nil, err
	}
	return out, tensor.Cast(out, v.X)
}

// Float returns the value as float32. It returns an error if an integer is not exact in float32, or if the value is
// text.
func (v *Value) Float() (*kernel.Tensor, error) {
	switch x := v.X.(type) {
	case *kernel.Tensor:
		return x, nil
	case *tensor.Tensor[int64]:
		for i, n := range x.Data() {
			if n > 1<<24 || n < -1<<24 {
				return nil, fmt.Errorf("value %d is %d, which float32 cannot hold exactly", i, n)
			}
		}
		return kernel.Map(x, func(n int64) float32 { return float32(n) }), nil
	case *kernel.Mask:
		return kernel.Map(x, func(b bool) float32 {
			if b {
				return 1
			}
			return 0
		}), nil
	}
	return nil, fmt.Errorf("%v values where numbers are wanted", v.As)
}

// Ints returns the value as integers, truncated. It returns an error if the value is text or exceeds int64.
func (v *Value) Ints() (*tensor.Tensor[int64], error) {
	switch x := v.X.(type) {
	case *tensor.Tensor[int64]:
		return x, nil
	case *kernel.Tensor:
		for i, f := range x.Data() {
			if !(math.Abs(float64(f)) < 1<<63) {
				return nil, fmt.Errorf("value %d is %v, want an integer", i, f)
			}
		}
		return kernel.Map(x, func(f float32) int64 { return int64(f) }), nil
	case *kernel.Mask:
		return kernel.Map(x, func(b bool) int64 {
			if b {
				return 1
			}
			return 0
		}), nil
	}
	return nil, fmt.Errorf("got %v values, want integers", v.As)
}

// Bools returns the value as bools: true if not 0.
func (v *Value) Bools() (*kernel.Mask, error) {
	switch x := v.X.(type) {
	case *kernel.Mask:
		return x, nil
	case *tensor.Tensor[int64]:
		return kernel.Map(x, func(n int64) bool { return n != 0 }), nil
	case *kernel.Tensor:
		return kernel.Map(x, func(f float32) bool { return f != 0 }), nil
	}
	return nil, fmt.Errorf("got %v values, want bools", v.As)
}

// Cast returns the value in another dtype; v itself if it has that dtype. Integers wrap around, as in TensorFlow.
func (v *Value) Cast(to tensor.DType) (*Value, error) {
	switch {
	case to == v.As || IsFloat(to) && IsFloat(v.As):
		return v, nil
	case IsFloat(to):
		if x, ok := v.X.(*tensor.Tensor[int64]); ok {
			return FloatValue(kernel.Map(x, func(n int64) float32 { return float32(n) })), nil
		}
		x, err := v.Float()
		return FloatValue(x), err
	case isInt(to):
		x, err := v.Ints()
		if err != nil {
			return nil, err
		}
		return IntValue(kernel.Map(x, func(n int64) int64 { return wrap(n, to) }), to), nil
	case to == tensor.DTBool:
		x, err := v.Bools()
		return boolValue(x), err
	}
	return nil, fmt.Errorf("cannot cast %v to %v", v.As, to)
}

// Rounded returns x in the integer dtype to, rounded to even and clamped to its limits. If to is not an integer dtype, it returns float32.
func Rounded(x *kernel.Tensor, to tensor.DType) *Value {
	if !isInt(to) {
		return FloatValue(x)
	}
	lo, hi := intLimits(to)
	return IntValue(kernel.Map(x, func(v float32) int64 {
		switch f := math.RoundToEven(float64(v)); {
		case f >= float64(hi):
			return hi
		case f <= float64(lo):
			return lo
		case math.IsNaN(f):
			return 0
		default:
			return int64(f)
		}
	}), to)
}

// A Scalar is a number in a model's description. In arithmetic with a tensor it takes the tensor's dtype, unless it is a fraction
// and the tensor has integers.
type Scalar struct {
	F     float64
	Whole bool // written as an integer
}
