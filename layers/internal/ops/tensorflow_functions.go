package ops

import (
	"fmt"
	"math"

	"github.com/gockpt/ckpt/layers/internal/fault"
)

// binaryFunction is a function of two tensors.
func binaryFunction(class string) tensorFlowFunction {
	return tensorFlowFunction{class: class, operands: []string{"y"}}
}

// unaryFunction is a function of one tensor.
func unaryFunction(class string) tensorFlowFunction { return tensorFlowFunction{class: class} }

// reducingFunction is a function that reduces values along axes.
func reducingFunction(class string) tensorFlowFunction {
	return tensorFlowFunction{class: class, options: map[string]string{"axis": "axis", "keepdims": "keepdims"}}
}

// rowFunction is a function along an axis, by default the last.
func rowFunction(class string) tensorFlowFunction {
	return tensorFlowFunction{class: class, options: map[string]string{"axis": "axis"}, defaults: map[string]any{"axis": -1}}
}

// joiningFunction is a function that joins tensors along an axis.
func joiningFunction(class string) tensorFlowFunction {
	return tensorFlowFunction{class: class, options: map[string]string{"axis": "axis"}, adjust: func(_ map[string]any, a *Arguments) error {
		if _, list := a.Args[0].([]any); !list { // Keras 2 does not write lists of length one
			a.Args[0] = []any{a.Args[0]}
		}
		return nil
	}}
}

var (
	transposeFunction = tensorFlowFunction{class: "Transpose", options: map[string]string{"perm": "axes"}, only: map[string]any{"conjugate": false}}
	squeezeFunction   = tensorFlowFunction{class: "Squeeze", options: map[string]string{"axis": "axis", "squeeze_dims": "axis"}}
	gatherFunction    = tensorFlowFunction{class: "Take", operands: []string{"indices"}, options: map[string]string{"axis": "axis"},
		defaults: map[string]any{"axis": 0}, only: map[string]any{"batch_dims": int64(0), "validate_indices": true}}
	padFunction = tensorFlowFunction{class: "Pad", options: map[string]string{"paddings": "pad_width", "mode": "mode"},
		only: map[string]any{"constant_values": int64(0)}, adjust: padMode}
	matmulFunction = tensorFlowFunction{class: "Matmul", operands: []string{"b"}, options: map[string]string{"transpose_a": "a", "transpose_b": "b"},
		only: map[string]any{"adjoint_a": false, "adjoint_b": false, "a_is_sparse": false, "b_is_sparse": false, "output_type": nil}, adjust: matmulSides}
	siluFunction = tensorFlowFunction{class: "Silu", only: map[string]any{"beta": 1.0}}
)

// tensorFlowFunctions maps Keras 2's names to functions.
var tensorFlowFunctions = map[string]tensorFlowFunction{
	"__operators__.add": binaryFunction("Add"), "math.add": binaryFunction("Add"),
	"math.subtract": binaryFunction("Subtract"), "math.multiply": binaryFunction("Multiply"),
	"math.truediv": binaryFunction("TrueDivide"), "math.divide": binaryFunction("TrueDivide"), "math.divide_no_nan": binaryFunction("DivideNoNan"),
	"math.floordiv": binaryFunction("FloorDivide"), "math.floormod": binaryFunction("Mod"),
	"math.maximum": binaryFunction("Maximum"), "math.minimum": binaryFunction("Minimum"), "math.pow": binaryFunction("Power"),
	"math.atan2": {class: "Arctan2", operands: []string{"x"}},
	"math.equal": binaryFunction("Equal"), "__operators__.eq": {class: "Equal", operands: []string{"other"}},
	"math.not_equal": binaryFunction("NotEqual"), "__operators__.ne": {class: "NotEqual", operands: []string{"other"}},
	"math.less": binaryFunction("Less"), "math.less_equal": binaryFunction("LessEqual"),
	"math.greater": binaryFunction("Greater"), "math.greater_equal": binaryFunction("GreaterEqual"),
	"math.logical_and": binaryFunction("LogicalAnd"), "math.logical_or": binaryFunction("LogicalOr"), "math.logical_xor": binaryFunction("LogicalXor"),
	"where": {class: "Where", operands: []string{"x", "y"}},

	"math.abs": unaryFunction("Absolute"), "math.negative": unaryFunction("Negative"), "math.sign": unaryFunction("Sign"),
	"math.square": unaryFunction("Square"), "math.sqrt": unaryFunction("Sqrt"), "math.rsqrt": unaryFunction("Rsqrt"), "math.reciprocal": unaryFunction("Reciprocal"),
	"math.exp": unaryFunction("Exp"), "math.expm1": unaryFunction("Expm1"), "math.log": unaryFunction("Log"), "math.log1p": unaryFunction("Log1p"),
	"math.floor": unaryFunction("Floor"), "math.ceil": unaryFunction("Ceil"), "math.round": unaryFunction("Round"),
	"math.sin": unaryFunction("Sin"), "math.cos": unaryFunction("Cos"), "math.tan": unaryFunction("Tan"),
	"math.asin": unaryFunction("Arcsin"), "math.acos": unaryFunction("Arccos"), "math.atan": unaryFunction("Arctan"),
	"math.sinh": unaryFunction("Sinh"), "math.cosh": unaryFunction("Cosh"), "math.tanh": unaryFunction("Tanh"), "nn.tanh": unaryFunction("Tanh"),
	"math.erf": unaryFunction("Erf"), "math.logical_not": unaryFunction("LogicalNot"),
	"math.is_nan": unaryFunction("Isnan"), "math.is_inf": unaryFunction("Isinf"), "math.is_finite": unaryFunction("Isfinite"),
	"identity": unaryFunction("StopGradient"), "stop_gradient": unaryFunction("StopGradient"),
	"zeros_like": unaryFunction("ZerosLike"), "ones_like": unaryFunction("OnesLike"),
	"cast":          {class: "Cast", options: map[string]string{"dtype": "dtype"}},
	"clip_by_value": {class: "Clip", operands: nil, options: map[string]string{"clip_value_min": "x_min", "clip_value_max": "x_max"}},

	"math.sigmoid": unaryFunction("Sigmoid"), "nn.sigmoid": unaryFunction("Sigmoid"), "math.log_sigmoid": unaryFunction("LogSigmoid"),
	"math.softplus": unaryFunction("Softplus"), "nn.softplus": unaryFunction("Softplus"), "nn.softsign": unaryFunction("Softsign"),
	"nn.relu": unaryFunction("Relu"), "nn.relu6": unaryFunction("Relu6"), "nn.elu": unaryFunction("Elu"), "nn.selu": unaryFunction("Selu"),
	"nn.silu": siluFunction, "nn.swish": siluFunction,
	"nn.gelu":       {class: "Gelu", options: map[string]string{"approximate": "approximate"}, defaults: map[string]any{"approximate": false}},
	"nn.leaky_relu": {class: "LeakyRelu", options: map[string]string{"alpha": "negative_slope"}},
	"nn.softmax":    rowFunction("Softmax"), "nn.log_softmax": rowFunction("LogSoftmax"),
	"math.l2_normalize": {class: "Normalize", options: map[string]string{"axis": "axis", "epsilon": "epsilon"}, adjust: func(options map[string]any, _ *Arguments) error {
		epsilon, ok := options["epsilon"].(float64)
		if !ok {
			epsilon = 1e-12
		}
		options["epsilon"] = math.Sqrt(epsilon) // keras.ops bounds the norm, TensorFlow its square
		return nil
	}},

	"math.reduce_sum": reducingFunction("Sum"), "math.reduce_mean": reducingFunction("Mean"), "math.reduce_prod": reducingFunction("Prod"),
	"math.reduce_max": reducingFunction("Max"), "math.reduce_min": reducingFunction("Min"),
	"math.reduce_std": reducingFunction("Std"), "math.reduce_variance": reducingFunction("Var"), "math.reduce_logsumexp": reducingFunction("Logsumexp"),
	"math.reduce_any": reducingFunction("Any"), "math.reduce_all": reducingFunction("All"),

	"concat": joiningFunction("Concatenate"), "stack": joiningFunction("Stack"),
	"unstack":     {class: "Unstack", options: map[string]string{"num": "num", "axis": "axis"}},
	"split":       {class: "Split", options: map[string]string{"num_or_size_splits": "indices_or_sections", "axis": "axis"}, only: map[string]any{"num": nil}, adjust: splitSizes},
	"expand_dims": {class: "ExpandDims", options: map[string]string{"axis": "axis"}},
	"squeeze":     squeezeFunction, "compat.v1.squeeze": squeezeFunction,
	"reshape":   {class: "Reshape", options: map[string]string{"shape": "newshape"}},
	"transpose": transposeFunction, "compat.v1.transpose": transposeFunction,
	"tile": {class: "Tile", options: map[string]string{"multiples": "repeats"}},
	"pad":  padFunction, "compat.v1.pad": padFunction,
	"gather": gatherFunction, "compat.v1.gather": gatherFunction,
	"linalg.matmul": matmulFunction,
}

// padMode writes TensorFlow's CONSTANT as keras.ops does.
func padMode(options map[string]any, _ *Arguments) error {
	switch mode := options["mode"]; mode {
	case nil, "CONSTANT", "constant":
		options["mode"] = "constant"
	case "REFLECT", "reflect":
		options["mode"] = "reflect"
	case "SYMMETRIC", "symmetric":
		options["mode"] = "symmetric"
	default:
		return fmt.Errorf("mode %v: %w", mode, fault.ErrUnknownOption)
	}
	return nil
}

// matmulSides transposes the last two axes of operands if the options say so.
func matmulSides(options map[string]any, a *Arguments) error {
	for i, name := range []string{"a", "b"} {
		if options[name] == true {
			x, _, err := Operand(a.Args[i])
			if err != nil {
				return err
			}
			rank := len(x.Shape())
			if rank < 2 {
				return fmt.Errorf("shape %v has no two axes to transpose", x.Shape())
			}
			perm := otherAxes(nil, rank)
			perm[rank-1], perm[rank-2] = rank-2, rank-1
			if a.Args[i], err = permuteValue(x, perm); err != nil {
				return err
			}
		}
		delete(options, name)
	}
	return nil
}

// splitSizes converts the sizes of the parts to indices to split at.
func splitSizes(options map[string]any, _ *Arguments) error {
	sizes, ok := options["indices_or_sections"].([]any)
	if !ok {
		return nil
	}
	at, places := int64(0), make([]int64, 0, len(sizes))
	for _, size := range sizes[:max(len(sizes)-1, 0)] {
		n, ok := size.(int64)
		if !ok || n < 0 {
			return fmt.Errorf("sizes %v of parts: %w", sizes, fault.ErrUnknownOption)
		}
		at += n
		places = append(places, at)
	}
	options["indices_or_sections"] = places
	return nil
}
