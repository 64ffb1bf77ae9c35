package ops

import (
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// A Known is an argument of which only the dtype is known. It is InvalidDType if not even that is known.
type Known struct{ DType tensor.DType }

// ResultDType returns the dtype of the first result of an operator, without calling it. Tensors among the arguments may be Known.
func ResultDType(class string, args []any, kwargs map[string]any) tensor.DType {
	if floatFunctions[class] != nil {
		return tensor.DTFloat32
	}
	switch class {
	case "Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual", "LogicalAnd", "LogicalOr", "LogicalXor", "LogicalNot",
		"Any", "All", "Isnan", "Isinf", "Isfinite":
		return tensor.DTBool
	case "Argmax", "Argmin", "Argsort", "CountNonzero", "Size", "Ndim":
		return tensor.DTInt32
	case "Divide", "TrueDivide", "DivideNoNan", "Arctan2", "Hypot", "Logaddexp", "Mean", "Var", "Std", "Logsumexp", "Median", "Norm",
		"Normalize", "Moments", "LeakyRelu", "OneHot", "DotProductAttention", "Softmax", "LogSoftmax", "Sparsemax", "Glu":
		return tensor.DTFloat32
	case "GetItem", "Take", "TakeAlongAxis", "Slice", "Pad", "FullLike", "Clip": // the other arguments are not operands
		args = args[:min(1, len(args))]
	case "Where":
		args = args[min(1, len(args)):]
	case "Mod": // Keras first converts a number to a tensor, so its dtype is not weak
		args = slices.Clone(args)
		for i, arg := range args {
			if n, ok := arg.(Scalar); ok {
				args[i], _, _ = Operand(n)
			}
		}
	}
	as := CommonArgDType(args, kwargs)
	switch class {
	case "Sum", "Prod":
		return wideDType(as)
	case "Matmul", "Einsum":
		if as == tensor.DTInt8 {
			return tensor.DTInt32
		}
	case "Cumsum", "Cumprod", "Negative", "Square", "Sign", "Add", "Subtract", "Multiply", "Maximum", "Minimum", "Power", "Mod",
		"FloorDivide", "Clip":
		if as == tensor.DTBool {
			return tensor.DTInt32
		}
	}
	return as
}

// CommonArgDType returns the dtype of arithmetic on all tensors and numbers in the arguments, InvalidDType if there are none.
func CommonArgDType(args []any, kwargs map[string]any) tensor.DType {
	as, weak := tensor.InvalidDType, true
	for leaf := range Leaves(args, kwargs) {
		d, w := argDType(leaf)
		switch {
		case d == tensor.InvalidDType:
			continue
		case as == tensor.InvalidDType:
			as = d
		default:
			as = promote(as, d, weak, w)
		}
		weak = weak && w
	}
	return as
}

// argDType returns the dtype of a tensor or a number, InvalidDType for other arguments.
func argDType(arg any) (as tensor.DType, weak bool) {
	switch a := arg.(type) {
	case Known:
		return a.DType, false
	case *Value:
		return a.As, false
	case Scalar:
		if a.Whole {
			return tensor.DTInt32, true
		}
		return tensor.DTFloat32, true
	}
	return tensor.InvalidDType, true
}

// LaterDType returns the dtype of an operator's results after the first, which has the dtype first.
func LaterDType(class string, first tensor.DType) tensor.DType {
	if class == "TopK" { // the indices
		return tensor.DTInt32
	}
	return first
}
