package ops

import (
	"fmt"

	"github.com/gockpt/ckpt/tensor"
)

// Operand returns an operator's argument, a tensor or a number, as a value.
func Operand(arg any) (v *Value, weak bool, err error) {
	switch a := arg.(type) {
	case *Value:
		return a, false, nil
	case Scalar:
		if a.Whole {
			return IntValue(tensor.Scalar(int64(a.F)), tensor.DTInt32), true, nil
		}
		return FloatValue(tensor.Scalar(float32(a.F))), true, nil
	case bool:
		return boolValue(tensor.Scalar(a)), true, nil
	case string:
		return &Value{X: tensor.Scalar(a), As: tensor.DTString}, true, nil
	case []any:
		return stacked(a)
	}
	return nil, false, fmt.Errorf("got %v, want a tensor or a number", DescribeArg(arg))
}

// stacked returns nested lists of numbers as a tensor.
func stacked(list []any) (*Value, bool, error) {
	if len(list) == 0 {
		return FloatValue(tensor.New[float32](0)), true, nil
	}
	var vs []*Value
	as, weak := tensor.DTBool, true
	for _, item := range list {
		v, w, err := Operand(item)
		if err != nil {
			return nil, false, err
		}
		as, weak = promote(as, v.As, true, w), weak && w
		vs = append(vs, v)
	}
	y, err := stackValues(vs, 0, as)
	return y, weak, err
}

// DescribeArg names an argument in an error.
func DescribeArg(arg any) string {
	switch a := arg.(type) {
	case nil:
		return "None"
	case *Value:
		return fmt.Sprintf("a tensor of %v%v", a.As, a.Shape())
	case Scalar:
		return fmt.Sprint(a.F)
	case []any:
		return fmt.Sprintf("a list of %d", len(a))
	case map[string]any:
		return fmt.Sprintf("a dict of %d", len(a))
	}
	return fmt.Sprintf("%T %v", arg, arg)
}
