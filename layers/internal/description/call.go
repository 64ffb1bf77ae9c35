package description

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// toScalar converts a JSON number.
func toScalar(n json.Number) (ops.Scalar, error) {
	f, whole, err := config.ParseNumber(n)
	return ops.Scalar{F: f, Whole: whole}, err
}

// parseArg converts an argument of a call to its form in [Call], with references for tensors.
func parseArg(v any) (any, error) {
	switch v := v.(type) {
	case json.Number:
		return toScalar(v)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			arg, err := parseArg(item)
			if err != nil {
				return nil, err
			}
			list[i] = arg
		}
		return list, nil
	case map[string]any:
		if class, ok := v["class_name"].(string); ok {
			return parseObjectArg(class, v["config"])
		}
		dict := make(map[string]any, len(v))
		for name, item := range v {
			arg, err := parseArg(item)
			if err != nil {
				return nil, err
			}
			dict[name] = arg
		}
		return dict, nil
	}
	return v, nil // nil, a bool or a string
}

// parseObjectArg reads an argument that Keras wrote as an object (keras.src.saving.serialization_lib).
func parseObjectArg(class string, config any) (any, error) {
	c, _ := config.(map[string]any)
	switch class {
	case "__keras_tensor__":
		return parseReference(c["keras_history"])
	case "__slice__":
		var s ops.PySlice
		for name, to := range map[string]**int{"start": &s.Start, "stop": &s.Stop, "step": &s.Step} {
			switch n := c[name].(type) {
			case nil:
			case json.Number:
				i, err := strconv.Atoi(n.String())
				if err != nil {
					return nil, fmt.Errorf("slice's %s: %w", name, err)
				}
				*to = &i
			default:
				return nil, fmt.Errorf("slice's %s is %v: %w", name, n, fault.ErrUnknownOption)
			}
		}
		return s, nil
	case "__ellipsis__":
		return ops.Ellipsis{}, nil
	case "__tensor__", "__numpy__":
		return parseTensorArg(c)
	}
	return nil, fmt.Errorf("argument of class %q: %w", class, fault.ErrUnknownOption)
}

func parseTensorArg(c map[string]any) (any, error) {
	arg, err := parseArg(c["value"])
	if err != nil {
		return nil, err
	}
	v, _, err := ops.Operand(arg)
	if err != nil {
		return nil, err
	}
	name, _ := c["dtype"].(string)
	d, err := tensor.ParseDType(name)
	if err != nil {
		return nil, err
	}
	return v.Cast(d)
}

// A Call is a call of a layer or an operator. Each tensor among its arguments is a [Reference].
type Call struct {
	Args   []any
	Kwargs map[string]any
}

// Call reads the call.
func (n Node) Call() (Call, error) {
	if n.nest != nil {
		return parseNest(n.nest)
	}
	var c Call
	args, err := config.Decode(n.Args)
	if err != nil {
		return c, err
	}
	parsed, err := parseArg(args)
	if err != nil {
		return c, err
	}
	kwargs, err := config.Decode(n.Kwargs)
	if err != nil {
		return c, err
	}
	named, err := parseArg(kwargs)
	if err != nil {
		return c, err
	}
	var ok, okNamed bool
	c.Args, ok = parsed.([]any)
	c.Kwargs, okNamed = named.(map[string]any)
	if !ok || !okNamed {
		return c, fmt.Errorf("inbound node %s lacks args and kwargs", config.Short(n.Args))
	}
	return c, nil
}
