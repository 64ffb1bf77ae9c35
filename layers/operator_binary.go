package layers

import (
	"fmt"
	"math"

	"github.com/gockpt/ckpt/tensor"
)

// binaryOperator makes the operators that look at one value of two tensors, stretched to each other.
func binaryOperator(class string) operatorMaker {
	switch class {
	case "Add":
		return arithmetic(add[float32], add[int64])
	case "Subtract":
		return arithmetic(func(a, b float32) float32 { return a - b }, func(a, b int64) int64 { return a - b })
	case "Multiply":
		return arithmetic(func(a, b float32) float32 { return a * b }, func(a, b int64) int64 { return a * b })
	case "Maximum":
		return arithmetic(maximum[float32], maximum[int64])
	case "Minimum":
		return arithmetic(minimum[float32], minimum[int64])
	case "Divide", "TrueDivide":
		return arithmetic(func(a, b float32) float32 { return a / b }, nil)
	case "DivideNoNan":
		return arithmetic(func(a, b float32) float32 {
			if b == 0 {
				return 0
			}
			return a / b
		}, nil)
	case "FloorDivide":
		return arithmetic(func(a, b float32) float32 { return float32(math.Floor(float64(a) / float64(b))) }, floorDivide)
	case "Mod":
		return arithmetic(floorMod, func(a, b int64) int64 {
			if b == 0 {
				return 0
			}
			return a - b*floorDivide(a, b)
		})
	case "Power":
		return arithmetic(func(a, b float32) float32 { return float32(math.Pow(float64(a), float64(b))) }, intPower)
	case "Arctan2":
		return arithmetic(func(a, b float32) float32 { return float32(math.Atan2(float64(a), float64(b))) }, nil)
	case "Hypot":
		return arithmetic(func(a, b float32) float32 { return float32(math.Hypot(float64(a), float64(b))) }, nil)
	case "Logaddexp":
		return arithmetic(func(a, b float32) float32 {
			hi, lo := float64(max(a, b)), float64(min(a, b))
			if math.IsInf(hi, 0) {
				return float32(hi)
			}
			return float32(hi + math.Log1p(math.Exp(lo-hi)))
		}, nil)
	case "Equal":
		return comparison(func(a, b float32) bool { return a == b }, func(a, b int64) bool { return a == b })
	case "NotEqual":
		return comparison(func(a, b float32) bool { return a != b }, func(a, b int64) bool { return a != b })
	case "Less":
		return comparison(func(a, b float32) bool { return a < b }, func(a, b int64) bool { return a < b })
	case "LessEqual":
		return comparison(func(a, b float32) bool { return a <= b }, func(a, b int64) bool { return a <= b })
	case "Greater":
		return comparison(func(a, b float32) bool { return a > b }, func(a, b int64) bool { return a > b })
	case "GreaterEqual":
		return comparison(func(a, b float32) bool { return a >= b }, func(a, b int64) bool { return a >= b })
	case "LogicalAnd":
		return logic(func(a, b bool) bool { return a && b })
	case "LogicalOr":
		return logic(func(a, b bool) bool { return a || b })
	case "LogicalXor":
		return logic(func(a, b bool) bool { return a != b })
	case "Where":
		return plain(where)
	}
	return nil
}

func floorDivide(a, b int64) int64 {
	if b == 0 {
		return 0
	}
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// floorMod is a - b*floor(a/b), which has b's sign.
func floorMod(a, b float32) float32 {
	m := math.Mod(float64(a), float64(b))
	if m != 0 && (m < 0) != (b < 0) {
		m += float64(b)
	}
	return float32(m)
}

func intPower(a, b int64) int64 {
	if b < 0 {
		return 0
	}
	y := int64(1)
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			y *= a
		}
		a *= a
	}
	return y
}

// pair returns an operator's two operands, both in the dtype of arithmetic on them.
func pair(a *arguments) (x, y *value, as tensor.DType, err error) {
	x, xWeak, err := operand(a.get(0, "x1"))
	if err != nil {
		return nil, nil, 0, fmt.Errorf(`argument "x1": %w`, err)
	}
	y, yWeak, err := operand(a.get(1, "x2"))
	if err != nil {
		return nil, nil, 0, fmt.Errorf(`argument "x2": %w`, err)
	}
	return x, y, promote(x.as, y.as, xWeak, yWeak), nil
}

// arithmetic returns an operator of fractions and, unless fi is nil, of integers; with nil, integers are made fractions.
func arithmetic(ff func(a, b float32) float32, fi func(a, b int64) int64) operatorMaker {
	return plain(func(a *arguments) ([]*value, error) {
		x, y, as, err := pair(a)
		if err != nil {
			return nil, err
		}
		if as == tensor.DTBool {
			as = tensor.DTInt32
		}
		if isFloat(as) || fi == nil {
			out, err := zipFloats(x, y, ff)
			if err != nil {
				return nil, err
			}
			return []*value{floatValue(out)}, nil
		}
		out, err := zipInts(x, y, func(a, b int64) int64 { return wrap(fi(a, b), as) })
		if err != nil {
			return nil, err
		}
		return []*value{intValue(out, as)}, nil
	})
}

func zipFloats[T tensor.Element](x, y *value, f func(a, b float32) T) (*tensor.Tensor[T], error) {
	a, err := x.cast(tensor.DTFloat32)
	if err != nil {
		return nil, err
	}
	b, err := y.cast(tensor.DTFloat32)
	if err != nil {
		return nil, err
	}
	return zipTensors(a.x.(*Tensor), b.x.(*Tensor), f)
}

func zipInts[T tensor.Element](x, y *value, f func(a, b int64) T) (*tensor.Tensor[T], error) {
	a, err := x.ints()
	if err != nil {
		return nil, err
	}
	b, err := y.ints()
	if err != nil {
		return nil, err
	}
	return zipTensors(a, b, f)
}

// zipTensors returns f of the values of x and y, stretched to each other.
func zipTensors[A, B, C tensor.Element](x *tensor.Tensor[A], y *tensor.Tensor[B], f func(A, B) C) (*tensor.Tensor[C], error) {
	shape, ok := stretched(x.Shape(), y.Shape())
	if !ok {
		return nil, fmt.Errorf("shapes %v and %v do not stretch to each other", x.Shape(), y.Shape())
	}
	if shape.Check() != nil || shape.Len() > maxElements {
		return nil, fmt.Errorf("shape %v is beyond memory", shape)
	}
	out := tensor.New[C](shape...)
	zip(out.Data(), shape, x.Data(), x.Shape(), y.Data(), y.Shape(), f)
	return out, nil
}

func comparison(ff func(a, b float32) bool, fi func(a, b int64) bool) operatorMaker {
	return plain(func(a *arguments) ([]*value, error) {
		x, y, as, err := pair(a)
		if err != nil {
			return nil, err
		}
		var out *Mask
		switch {
		case x.as == tensor.DTString && y.as == tensor.DTString:
			text := func(a, b string) bool { return fi(int64(compare(a, b)), 0) }
			out, err = zipTensors(x.x.(*tensor.Tensor[string]), y.x.(*tensor.Tensor[string]), text)
		case isFloat(as):
			out, err = zipFloats(x, y, ff)
		default:
			out, err = zipInts(x, y, fi)
		}
		if err != nil {
			return nil, err
		}
		return []*value{boolValue(out)}, nil
	})
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func logic(f func(a, b bool) bool) operatorMaker {
	return plain(func(a *arguments) ([]*value, error) {
		x, y, _, err := pair(a)
		if err != nil {
			return nil, err
		}
		l, err := x.bools()
		if err != nil {
			return nil, err
		}
		r, err := y.bools()
		if err != nil {
			return nil, err
		}
		out, err := zipTensors(l, r, f)
		if err != nil {
			return nil, err
		}
		return []*value{boolValue(out)}, nil
	})
}

// where is keras.ops.where with all of its three arguments.
func where(a *arguments) ([]*value, error) {
	cond, err := a.value(0, "condition")
	if err != nil {
		return nil, err
	}
	keep, err := cond.bools()
	if err != nil {
		return nil, err
	}
	if !a.has(1, "x1") || !a.has(2, "x2") {
		return nil, fmt.Errorf("without x1 and x2: %w", ErrUnknownOption)
	}
	x, y, as, err := pair(&arguments{args: []any{a.get(1, "x1"), a.get(2, "x2")}})
	if err != nil {
		return nil, err
	}
	if x, err = x.cast(as); err != nil {
		return nil, err
	}
	if y, err = y.cast(as); err != nil {
		return nil, err
	}
	shape, ok := stretched(keep.Shape(), x.shape(), y.shape())
	if !ok {
		return nil, fmt.Errorf("shapes %v, %v and %v do not stretch to each other", keep.Shape(), x.shape(), y.shape())
	}
	if x, err = stretchValue(x, shape); err != nil {
		return nil, err
	}
	if y, err = stretchValue(y, shape); err != nil {
		return nil, err
	}
	chosen, err := stretchValue(boolValue(keep), shape)
	if err != nil {
		return nil, err
	}
	k := chosen.x.(*Mask).Data()
	switch l := x.x.(type) {
	case *Tensor:
		return []*value{floatValue(pick(k, l, y.x.(*Tensor)))}, nil
	case *tensor.Tensor[int64]:
		return []*value{intValue(pick(k, l, y.x.(*tensor.Tensor[int64])), as)}, nil
	case *Mask:
		return []*value{boolValue(pick(k, l, y.x.(*Mask)))}, nil
	}
	return nil, fmt.Errorf("where of %v values", as)
}

func pick[T tensor.Element](keep []bool, x, y *tensor.Tensor[T]) *tensor.Tensor[T] {
	out := y.Clone()
	for i, k := range keep {
		if k {
			out.Data()[i] = x.Data()[i]
		}
	}
	return out
}
