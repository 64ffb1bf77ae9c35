package ops

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/tensor"
)

// A tensorFlowFunction expresses a TensorFlow function, which Keras 2 wraps in a TFOpLambda layer, by a class of keras.ops.
type tensorFlowFunction struct {
	class    string
	operands []string          // the tensor arguments after the first, in order
	options  map[string]string // the other arguments: TensorFlow's name → name in the class's configuration
	defaults map[string]any    // TensorFlow's defaults that differ from the configuration's
	only     map[string]any    // arguments for which only this value is supported
	adjust   func(options map[string]any, a *Arguments) error
}

// TensorFlowOperator returns the operator for a function by its name in TFOpLambda, such as math.add, or nil if this package does not
// support it. The operator takes TensorFlow's arguments.
func TensorFlowOperator(function string) Operator {
	if function == "compat.v1.shape" || function == "shape" {
		return shapeOf
	}
	f, ok := tensorFlowFunctions[function]
	if !ok {
		return nil
	}
	return f.call
}

func (f *tensorFlowFunction) call(a *Arguments) ([]*Value, error) {
	a.ignore("name")
	if len(a.Args) != 1 { // Keras 2 writes all other arguments by name
		return nil, fmt.Errorf("%d arguments without a name, want 1", len(a.Args))
	}
	args := slices.Clone(a.Args)
	for _, name := range f.operands {
		args = append(args, a.Get(-1, name))
	}
	options := maps.Clone(f.defaults)
	if options == nil {
		options = make(map[string]any)
	}
	for _, name := range slices.Sorted(maps.Keys(f.options)) {
		if _, given := a.Kw[name]; given {
			v, err := plainArgument(a.Get(-1, name))
			if err != nil {
				return nil, fmt.Errorf("argument %q: %w", name, err)
			}
			options[f.options[name]] = v
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.only)) {
		v, err := plainArgument(a.Get(-1, name))
		if err != nil || v != nil && v != f.only[name] {
			return nil, fmt.Errorf("argument %q is %s, want %v: %w", name, DescribeArg(a.Kw[name]), f.only[name], fault.ErrUnknownOption)
		}
	}
	inner := &Arguments{Args: args, Kw: make(map[string]any), Work: a.Work, Used: make(map[string]bool)}
	if f.adjust != nil {
		if err := f.adjust(options, inner); err != nil {
			return nil, err
		}
	}
	raw, err := json.Marshal(options)
	if err != nil {
		return nil, err
	}
	c, err := config.New(f.class, raw, nil)
	if err != nil {
		return nil, err
	}
	operator := MakerOf(f.class)(c)
	if err := c.Done(); err != nil {
		return nil, err
	}
	return operator(inner)
}

// plainArgument returns an argument in encoding/json's types. A tensor must have integers: a shape, or a part of one.
func plainArgument(arg any) (any, error) {
	switch v := arg.(type) {
	case Scalar:
		if v.Whole && math.Abs(v.F) < 1<<53 {
			return int64(v.F), nil
		}
		return v.F, nil
	case *Value:
		n, err := v.Ints()
		if err != nil {
			return nil, err
		}
		if len(n.Shape()) == 0 {
			return n.Data()[0], nil
		}
		return n.Data(), nil
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			var err error
			if list[i], err = plainArgument(item); err != nil {
				return nil, err
			}
		}
		return list, nil
	case nil, bool, string:
		return v, nil
	}
	return nil, fmt.Errorf("%s: %w", DescribeArg(arg), fault.ErrUnknownOption)
}

// shapeOf implements tf.shape.
func shapeOf(a *Arguments) ([]*Value, error) {
	a.ignore("name", "out_type")
	x, err := a.value(0, "input")
	if err != nil {
		return nil, err
	}
	lengths := tensor.New[int64](len(x.Shape()))
	for i, n := range x.Shape() {
		lengths.Data()[i] = int64(n)
	}
	return []*Value{IntValue(lengths, tensor.DTInt32)}, nil
}

// TensorFlowSlice implements SlicingOpLambda, an index into a tensor.
func TensorFlowSlice(a *Arguments) ([]*Value, error) {
	a.ignore("name")
	x, err := a.value(0, "tensor")
	if err != nil {
		return nil, err
	}
	key, err := sliceKey(a.Get(-1, "slice_spec"))
	if err != nil {
		return nil, err
	}
	y, err := getItem(x, key)
	if err != nil {
		return nil, err
	}
	return []*Value{y.without()}, nil
}

// sliceKey returns an index with Python's slices instead of dicts, and numbers instead of tensors.
func sliceKey(spec any) (any, error) {
	switch v := spec.(type) {
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			var err error
			if list[i], err = sliceKey(item); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		var s PySlice
		for name, to := range map[string]**int{"start": &s.Start, "stop": &s.Stop, "step": &s.Step} {
			n, err := plainArgument(v[name])
			if err != nil {
				return nil, fmt.Errorf("slice's %s: %w", name, err)
			}
			switch n := n.(type) {
			case nil:
			case int64:
				at := int(n)
				*to = &at
			default:
				return nil, fmt.Errorf("slice's %s is %v: %w", name, n, fault.ErrUnknownOption)
			}
		}
		return s, nil
	case *Value:
		n, err := plainArgument(v)
		if at, ok := n.(int64); ok {
			return Scalar{F: float64(at), Whole: true}, nil
		} else if err == nil {
			err = fmt.Errorf("a tensor as an index: %w", fault.ErrUnknownOption)
		}
		return nil, err
	}
	return spec, nil
}
