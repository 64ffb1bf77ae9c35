package ops

import (
	"math"

	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// binaryOperators are the elementwise operators of two tensors, which are broadcast to each other.
var binaryOperators = map[string]Maker{
	"Add":        arithmetic(kernel.Add[float32], kernel.Add[int64]),
	"Subtract":   arithmetic(func(a, b float32) float32 { return a - b }, func(a, b int64) int64 { return a - b }),
	"Multiply":   plain(multiply),
	"Maximum":    arithmetic(kernel.Maximum[float32], kernel.Maximum[int64]),
	"Minimum":    arithmetic(kernel.Minimum[float32], kernel.Minimum[int64]),
	"Divide":     arithmetic(func(a, b float32) float32 { return a / b }, nil),
	"TrueDivide": arithmetic(func(a, b float32) float32 { return a / b }, nil),
	"DivideNoNan": arithmetic(func(a, b float32) float32 {
		if b == 0 {
			return 0
		}
		return a / b
	}, nil),
	"FloorDivide": arithmetic(func(a, b float32) float32 { return float32(math.Floor(float64(a) / float64(b))) }, floorDivide),
	"Mod": plain(func(a *Arguments) ([]*Value, error) { // Keras first converts numbers to tensors
		x, y, _, err := pair(a)
		if err != nil {
			return nil, err
		}
		return compute(x, y, promote(x.As, y.As, false, false), floorMod, intMod)
	}),
	"Power":   arithmetic(func(a, b float32) float32 { return float32(math.Pow(float64(a), float64(b))) }, intPower),
	"Arctan2": arithmetic(func(a, b float32) float32 { return float32(math.Atan2(float64(a), float64(b))) }, nil),
	"Hypot":   arithmetic(func(a, b float32) float32 { return float32(math.Hypot(float64(a), float64(b))) }, nil),
	"Logaddexp": arithmetic(func(a, b float32) float32 {
		hi, lo := float64(max(a, b)), float64(min(a, b))
		if math.IsInf(hi, 0) {
			return float32(hi)
		}
		return float32(hi + math.Log1p(math.Exp(lo-hi)))
	}, nil),
	"Equal":        comparison(func(a, b float32) bool { return a == b }, func(a, b int64) bool { return a == b }),
	"NotEqual":     comparison(func(a, b float32) bool { return a != b }, func(a, b int64) bool { return a != b }),
	"Less":         comparison(func(a, b float32) bool { return a < b }, func(a, b int64) bool { return a < b }),
	"LessEqual":    comparison(func(a, b float32) bool { return a <= b }, func(a, b int64) bool { return a <= b }),
	"Greater":      comparison(func(a, b float32) bool { return a > b }, func(a, b int64) bool { return a > b }),
	"GreaterEqual": comparison(func(a, b float32) bool { return a >= b }, func(a, b int64) bool { return a >= b }),
	"LogicalAnd":   logic(func(a, b bool) bool { return a && b }),
	"LogicalOr":    logic(func(a, b bool) bool { return a || b }),
	"LogicalXor":   logic(func(a, b bool) bool { return a != b }),
	"Where":        plain(where),
}

// arithmetic returns an operator on floats and integers. If fi is nil, it converts integers to floats.
func arithmetic(ff func(a, b float32) float32, fi func(a, b int64) int64) Maker {
	return plain(func(a *Arguments) ([]*Value, error) {
		x, y, as, err := pair(a)
		if err != nil {
			return nil, err
		}
		return compute(x, y, as, ff, fi)
	})
}

// compute casts x and y to the dtype as, and applies ff or fi.
func compute(x, y *Value, as tensor.DType, ff func(a, b float32) float32, fi func(a, b int64) int64) ([]*Value, error) {
	if as == tensor.DTBool {
		as = tensor.DTInt32
	}
	if IsFloat(as) || fi == nil {
		out, err := zipFloats(x, y, ff)
		if err != nil {
			return nil, err
		}
		return []*Value{FloatValue(out)}, nil
	}
	x, err := x.Cast(as)
	if err != nil {
		return nil, err
	}
	if y, err = y.Cast(as); err != nil {
		return nil, err
	}
	out, err := zipInts(x, y, func(a, b int64) int64 { return wrap(fi(a, b), as) })
	if err != nil {
		return nil, err
	}
	return []*Value{IntValue(out, as)}, nil
}

// multiply implements keras.ops.multiply.
func multiply(a *Arguments) ([]*Value, error) {
	x, y, as, err := pair(a)
	if err != nil {
		return nil, err
	}
	return compute(x, y, as, func(a, b float32) float32 { return a * b }, func(a, b int64) int64 { return a * b })
}

func comparison(ff func(a, b float32) bool, fi func(a, b int64) bool) Maker {
	return plain(func(a *Arguments) ([]*Value, error) {
		x, y, as, err := pair(a)
		if err != nil {
			return nil, err
		}
		var out *kernel.Mask
		switch {
		case x.As == tensor.DTString && y.As == tensor.DTString:
			text := func(a, b string) bool { return fi(int64(compare(a, b)), 0) }
			out, err = zipTensors(x.X.(*tensor.Tensor[string]), y.X.(*tensor.Tensor[string]), text)
		case IsFloat(as):
			out, err = zipFloats(x, y, ff)
		default:
			out, err = zipInts(x, y, fi)
		}
		if err != nil {
			return nil, err
		}
		return []*Value{boolValue(out)}, nil
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

func logic(f func(a, b bool) bool) Maker {
	return plain(func(a *Arguments) ([]*Value, error) {
		x, y, _, err := pair(a)
		if err != nil {
			return nil, err
		}
		l, err := x.Bools()
		if err != nil {
			return nil, err
		}
		r, err := y.Bools()
		if err != nil {
			return nil, err
		}
		out, err := zipTensors(l, r, f)
		if err != nil {
			return nil, err
		}
		return []*Value{boolValue(out)}, nil
	})
}
