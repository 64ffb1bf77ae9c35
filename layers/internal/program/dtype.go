package program

import (
	"maps"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// dtypes returns the dtype of every output.
func (p *Program) dtypes() []tensor.DType {
	known := make([]tensor.DType, len(p.nodes))
	of := func(from place) tensor.DType {
		if from.node < 0 {
			return p.Inputs[from.input].DType
		}
		c := p.nodes[from.node].callee
		switch {
		case known[from.node] == tensor.InvalidDType: // an inner model, which may have several outputs
			if inner := c.inner(); inner != nil && from.tensor < len(inner.Results) {
				return inner.Results[from.tensor].DType
			}
		case c.Class == "TopK" && from.tensor == 1 && c.operator != nil:
			return tensor.DTInt32
		}
		return known[from.node]
	}
	for i := range p.nodes {
		known[i] = p.nodes[i].dtype(of)
	}
	out := make([]tensor.DType, len(p.outputs))
	for i, from := range p.outputs {
		out[i] = of(from)
		if ops.IsFloat(out[i]) || out[i] == tensor.InvalidDType {
			out[i] = tensor.DTFloat32
		}
	}
	return out
}

// dtype returns the dtype of n's result. of returns the dtypes of its arguments. For an inner model, dtype returns InvalidDType.
func (n *node) dtype(of func(place) tensor.DType) tensor.DType {
	c := n.callee
	if c.operator == nil {
		if c.inner() != nil {
			return tensor.InvalidDType
		}
		if fixed := c.lib.DType(c.Class, c.Layer); fixed != tensor.InvalidDType {
			return fixed
		}
	}
	if to := c.to; to != tensor.InvalidDType {
		return to
	}
	args := n.args
	switch c.Class {
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
			if n, ok := arg.(ops.Scalar); ok {
				args[i], _, _ = ops.Operand(n)
			}
		}
	}
	if c.operator != nil && ops.FloatFunction(c.Class) != nil {
		return tensor.DTFloat32
	}
	as, weak := dtypeOfArgs(args, of)
	named, namedWeak := dtypeOfArgs(n.kwargs, of)
	as = promoteKnown(as, named, weak, namedWeak)
	if c.operator == nil {
		return as
	}
	switch c.Class {
	case "Sum", "Prod":
		return ops.WideDType(as)
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

// promoteKnown is like ops.Promote. If a or b is InvalidDType, it returns the other.
func promoteKnown(a, b tensor.DType, aWeak, bWeak bool) tensor.DType {
	switch {
	case a == tensor.InvalidDType:
		return b
	case b == tensor.InvalidDType:
		return a
	}
	return ops.Promote(a, b, aWeak, bWeak)
}

// dtypeOfArgs returns the dtype of arithmetic on the tensors and numbers in arg, InvalidDType if there are none.
func dtypeOfArgs(arg any, of func(place) tensor.DType) (as tensor.DType, weak bool) {
	switch a := arg.(type) {
	case place:
		return of(a), false
	case *ops.Value:
		return a.As, false
	case ops.Scalar:
		if a.Whole {
			return tensor.DTInt32, true
		}
		return tensor.DTFloat32, true
	case []any:
		weak = true
		for _, item := range a {
			d, w := dtypeOfArgs(item, of)
			if d != tensor.InvalidDType {
				as, weak = promoteKnown(as, d, weak, w), weak && w
			}
		}
		return as, weak
	case map[string]any:
		list := make([]any, 0, len(a))
		for _, name := range slices.Sorted(maps.Keys(a)) {
			list = append(list, a[name])
		}
		return dtypeOfArgs(list, of)
	}
	return tensor.InvalidDType, true
}
