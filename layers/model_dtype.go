package layers

import (
	"maps"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// dtypes returns the dtype of every output.
func (m *Model) dtypes() []tensor.DType {
	known := make([]tensor.DType, len(m.nodes))
	of := func(p place) tensor.DType {
		switch {
		case p.node < 0:
			return m.inputs[p.input].DType
		case known[p.node] == tensor.InvalidDType: // several outputs, of a model within
			if inner, ok := m.nodes[p.node].callee.layer.(*Model); ok {
				if specs := inner.body().specs; p.tensor < len(specs) {
					return specs[p.tensor].DType
				}
			}
		case m.nodes[p.node].callee.class == "TopK" && p.tensor == 1 && m.nodes[p.node].callee.operator != nil:
			return tensor.DTInt32
		}
		return known[p.node]
	}
	for i := range m.nodes {
		known[i] = m.nodes[i].dtype(of)
	}
	out := make([]tensor.DType, len(m.outputs))
	for i, p := range m.outputs {
		out[i] = of(p)
		if isFloat(out[i]) || out[i] == tensor.InvalidDType {
			out[i] = tensor.DTFloat32
		}
	}
	return out
}

// dtype returns the dtype of what n gives, given those of its arguments; InvalidDType for a model within.
func (n *node) dtype(of func(place) tensor.DType) tensor.DType {
	c := n.callee
	if c.operator == nil {
		switch l := c.layer.(type) {
		case *Model:
			return tensor.InvalidDType
		case *StringLookup:
			return l.dtype()
		case *IntegerLookup:
			return l.dtype()
		case *Discretization:
			if l.OutputMode == "" || encoding(l.OutputMode) == asInt {
				return tensor.DTInt32
			}
		}
		if !keepsDType(c.class) {
			return tensor.DTFloat32
		}
	}
	if to := c.to; to != tensor.InvalidDType {
		return to
	}
	args := n.args
	switch c.class {
	case "Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual", "LogicalAnd", "LogicalOr", "LogicalXor", "LogicalNot",
		"Any", "All", "Isnan", "Isinf", "Isfinite":
		return tensor.DTBool
	case "Argmax", "Argmin", "Argsort", "CountNonzero", "Size", "Ndim":
		return tensor.DTInt32
	case "Divide", "TrueDivide", "DivideNoNan", "Arctan2", "Hypot", "Logaddexp", "Mean", "Var", "Std", "Logsumexp", "Median", "Norm",
		"Normalize", "Moments", "OneHot", "DotProductAttention", "Softmax", "LogSoftmax", "Sparsemax", "Glu":
		return tensor.DTFloat32
	case "GetItem", "Take", "TakeAlongAxis", "Slice", "Pad", "FullLike", "Clip": // what else they take is no operand
		args = args[:min(1, len(args))]
	case "Where":
		args = args[min(1, len(args)):]
	}
	if c.operator != nil && floatFunction(c.class) != nil {
		return tensor.DTFloat32
	}
	as, weak := dtypeOfArgs(args, of)
	named, namedWeak := dtypeOfArgs(n.kwargs, of)
	if as = promoteKnown(as, named, weak, namedWeak); as == tensor.DTBool && c.operator != nil {
		switch c.class {
		case "Sum", "Prod", "Max", "Min", "Cumsum", "Cumprod", "Absolute", "Negative", "Square", "Sign", "Add", "Subtract", "Multiply", "Maximum",
			"Minimum", "Power", "Mod", "FloorDivide":
			return tensor.DTInt32
		}
	}
	return as
}

// promoteKnown is promote, either of which may be InvalidDType for none.
func promoteKnown(a, b tensor.DType, aWeak, bWeak bool) tensor.DType {
	switch {
	case a == tensor.InvalidDType:
		return b
	case b == tensor.InvalidDType:
		return a
	}
	return promote(a, b, aWeak, bWeak)
}

// dtypeOfArgs returns the dtype of arithmetic on the tensors and numbers in arg, InvalidDType where there are none.
func dtypeOfArgs(arg any, of func(place) tensor.DType) (as tensor.DType, weak bool) {
	switch a := arg.(type) {
	case place:
		return of(a), false
	case *value:
		return a.as, false
	case scalar:
		if a.whole {
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

// dtype returns the dtype of what a model's lookup gives.
func (l *Lookup[T]) dtype() tensor.DType {
	var zero T
	switch _, words := any(zero).(string); {
	case l.Invert && words:
		return tensor.DTString
	case l.mode() == asTFIDF:
		return tensor.DTFloat32
	}
	return tensor.DTInt64
}
