package layers

import (
	"fmt"
	"math"

	"github.com/gockpt/ckpt/tensor"
)

// A value is what flows between the layers and operators of a [Model]: a tensor of one of the four Go types that all of Keras's
// dtypes are computed in, and the mask that goes along.
type value struct {
	x    tensor.Any   // of float32, int64, bool or string
	as   tensor.DType // what Keras has: the same, or the integer dtype that x's int64 stand for
	mask *Mask
}

// number is what arithmetic is done in.
type number interface{ float32 | int64 }

func floatValue(x *Tensor) *value { return &value{x: x, as: tensor.DTFloat32} }

func boolValue(x *Mask) *value { return &value{x: x, as: tensor.DTBool} }

func intValue(x *tensor.Tensor[int64], as tensor.DType) *value { return &value{x: x, as: as} }

func (v *value) shape() tensor.Shape { return v.x.Shape() }

// without returns v with no mask: Keras's operators make a new tensor, which has none.
func (v *value) without() *value { return &value{x: v.x, as: v.as} }

// masked returns v with that mask, v itself where it has it.
func (v *value) masked(m *Mask) *value {
	if v.mask == m {
		return v
	}
	return &value{x: v.x, as: v.as, mask: m}
}

// isFloat reports a dtype of fractions.
func isFloat(d tensor.DType) bool {
	switch d {
	case tensor.DTFloat32, tensor.DTFloat64, tensor.DTFloat16, tensor.DTBFloat16, tensor.DTFloat8E4M3FN, tensor.DTFloat8E5M2:
		return true
	}
	return false
}

// isInt reports a dtype of integers.
func isInt(d tensor.DType) bool {
	switch d {
	case tensor.DTInt8, tensor.DTInt16, tensor.DTInt32, tensor.DTInt64, tensor.DTUInt8, tensor.DTUInt16, tensor.DTUInt32, tensor.DTUInt64:
		return true
	}
	return false
}

// newValue returns a tensor as a value. The error says where its dtype is none that a model computes with.
func newValue(x tensor.Any) (*value, error) {
	if x == nil || x.Shape() == nil {
		return nil, fmt.Errorf("a tensor without values")
	}
	d := x.DType()
	var to tensor.Any
	switch {
	case d == tensor.DTFloat32 || d == tensor.DTInt64 || d == tensor.DTBool || d == tensor.DTString:
		return &value{x: x, as: d}, nil
	case isFloat(d):
		to, d = new(Tensor), tensor.DTFloat32
	case isInt(d):
		to = new(tensor.Tensor[int64])
	default:
		return nil, fmt.Errorf("dtype %v is none that models compute with", d)
	}
	if err := to.Build(x.Shape()...); err != nil {
		return nil, err
	}
	return &value{x: to, as: d}, tensor.Cast(to, x)
}

// tensor returns the value in the dtype that Keras gives it; fractions are float32.
func (v *value) tensor() (tensor.Any, error) {
	if !isInt(v.as) || v.as == tensor.DTInt64 {
		return v.x, nil
	}
	out, err := tensor.NewAny(v.as, v.shape()...)
	if err != nil {
		return nil, err
	}
	return out, tensor.Cast(out, v.x)
}

// float returns the value as a layer takes it. The error says where an integer is beyond what a float32 has, or where
// it is text.
func (v *value) float() (*Tensor, error) {
	switch x := v.x.(type) {
	case *Tensor:
		return x, nil
	case *tensor.Tensor[int64]:
		for i, n := range x.Data() {
			if n > 1<<24 || n < -1<<24 {
				return nil, fmt.Errorf("value %d is %d, beyond the integers that float32 has", i, n)
			}
		}
		return converted(x, func(n int64) float32 { return float32(n) }), nil
	case *Mask:
		return converted(x, func(b bool) float32 {
			if b {
				return 1
			}
			return 0
		}), nil
	}
	return nil, fmt.Errorf("%v values where numbers are wanted", v.as)
}

// ints returns the value as integers; fractions are cut off. The error says where it is text, or no int64 holds it.
func (v *value) ints() (*tensor.Tensor[int64], error) {
	switch x := v.x.(type) {
	case *tensor.Tensor[int64]:
		return x, nil
	case *Tensor:
		for i, f := range x.Data() {
			if !(math.Abs(float64(f)) < 1<<63) {
				return nil, fmt.Errorf("value %d is %v, want an integer", i, f)
			}
		}
		return converted(x, func(f float32) int64 { return int64(f) }), nil
	case *Mask:
		return converted(x, func(b bool) int64 {
			if b {
				return 1
			}
			return 0
		}), nil
	}
	return nil, fmt.Errorf("%v values where integers are wanted", v.as)
}

// bools returns the value as truths: what is not 0.
func (v *value) bools() (*Mask, error) {
	switch x := v.x.(type) {
	case *Mask:
		return x, nil
	case *tensor.Tensor[int64]:
		return maskOf(x, func(n int64) bool { return n != 0 }), nil
	case *Tensor:
		return maskOf(x, func(f float32) bool { return f != 0 }), nil
	}
	return nil, fmt.Errorf("%v values where truths are wanted", v.as)
}

// converted returns a tensor of f of x's elements.
func converted[A, B tensor.Element](x *tensor.Tensor[A], f func(A) B) *tensor.Tensor[B] {
	y := tensor.New[B](x.Shape()...)
	for i, v := range x.Data() {
		y.Data()[i] = f(v)
	}
	return y
}

// cast returns the value in another dtype, itself where it has it: integers wrap around, as TensorFlow casts them.
func (v *value) cast(to tensor.DType) (*value, error) {
	switch {
	case to == v.as || isFloat(to) && isFloat(v.as):
		return v, nil
	case isFloat(to):
		if x, ok := v.x.(*tensor.Tensor[int64]); ok {
			return floatValue(converted(x, func(n int64) float32 { return float32(n) })), nil
		}
		x, err := v.float()
		return floatValue(x), err
	case isInt(to):
		x, err := v.ints()
		if err != nil {
			return nil, err
		}
		return intValue(converted(x, func(n int64) int64 { return wrap(n, to) }), to), nil
	case to == tensor.DTBool:
		x, err := v.bools()
		return boolValue(x), err
	}
	return nil, fmt.Errorf("cast from %v to %v", v.as, to)
}

// wrap returns n as a value of an integer dtype.
func wrap(n int64, d tensor.DType) int64 {
	switch d {
	case tensor.DTInt8:
		return int64(int8(n))
	case tensor.DTInt16:
		return int64(int16(n))
	case tensor.DTInt32:
		return int64(int32(n))
	case tensor.DTUInt8:
		return int64(uint8(n))
	case tensor.DTUInt16:
		return int64(uint16(n))
	case tensor.DTUInt32:
		return int64(uint32(n))
	}
	return n
}

// A scalar is a number that stands in a model's description: in arithmetic with a tensor it takes the tensor's dtype, unless it
// is a fraction and the tensor of integers.
type scalar struct {
	f     float64
	whole bool // written as an integer
}

// operand returns an operator's argument, a tensor or a number, as a value.
func operand(arg any) (v *value, weak bool, err error) {
	switch a := arg.(type) {
	case *value:
		return a, false, nil
	case scalar:
		if a.whole {
			return intValue(tensor.Scalar(int64(a.f)), tensor.DTInt32), true, nil
		}
		return floatValue(tensor.Scalar(float32(a.f))), true, nil
	case bool:
		return boolValue(tensor.Scalar(a)), true, nil
	case string:
		return &value{x: tensor.Scalar(a), as: tensor.DTString}, true, nil
	case []any:
		return stacked(a)
	}
	return nil, false, fmt.Errorf("an argument is %v, want a tensor or a number", describeArg(arg))
}

// stacked returns a list of numbers, or of lists of such, as a tensor.
func stacked(list []any) (*value, bool, error) {
	if len(list) == 0 {
		return floatValue(tensor.New[float32](0)), true, nil
	}
	var vs []*value
	as, weak := tensor.DTBool, true
	for _, item := range list {
		v, w, err := operand(item)
		if err != nil {
			return nil, false, err
		}
		as, weak = promote(as, v.as, true, w), weak && w
		vs = append(vs, v)
	}
	y, err := stackValues(vs, 0, as)
	return y, weak, err
}

// promote returns the dtype of arithmetic on two (keras.src.backend.common.dtypes); a weak one is that of a number in the
// model's description.
func promote(a, b tensor.DType, aWeak, bWeak bool) tensor.DType {
	switch {
	case a == b:
		return a
	case isFloat(a) || isFloat(b):
		return tensor.DTFloat32
	case a == tensor.DTBool:
		return b
	case b == tensor.DTBool:
		return a
	case aWeak && !bWeak:
		return b
	case bWeak && !aWeak:
		return a
	}
	small, large := a, b
	if small.Size() > large.Size() {
		small, large = large, small
	}
	if isUnsigned(small) == isUnsigned(large) || small.Size() < large.Size() && !isUnsigned(large) {
		return large
	}
	switch large.Size() { // an unsigned one as wide as the other or wider: the next has both
	case 1:
		return tensor.DTInt16
	case 2:
		return tensor.DTInt32
	}
	return tensor.DTInt64
}

func isUnsigned(d tensor.DType) bool {
	switch d {
	case tensor.DTUInt8, tensor.DTUInt16, tensor.DTUInt32, tensor.DTUInt64:
		return true
	}
	return false
}

// describeArg names an argument in an error.
func describeArg(arg any) string {
	switch a := arg.(type) {
	case nil:
		return "None"
	case *value:
		return fmt.Sprintf("a tensor of %v%v", a.as, a.shape())
	case scalar:
		return fmt.Sprint(a.f)
	case []any:
		return fmt.Sprintf("a list of %d", len(a))
	case map[string]any:
		return fmt.Sprintf("a dict of %d", len(a))
	}
	return fmt.Sprintf("%T %v", arg, arg)
}
