package layers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/tensor"
)

// A modelObject is Keras's description of a model, a layer or an operator.
type modelObject struct {
	Module       string          `json:"module"`
	ClassName    string          `json:"class_name"`
	Config       json.RawMessage `json:"config"`
	Name         string          `json:"name"`
	InboundNodes []inboundNode   `json:"inbound_nodes"`
}

type inboundNode struct {
	Args   json.RawMessage `json:"args"`
	Kwargs json.RawMessage `json:"kwargs"`
}

// read decodes what Python's json module wrote.
func (o *modelObject) read(raw []byte) error { return json.Unmarshal(plainJSON(raw), o) }

// plainJSON returns raw with JSON in place of Python's Infinity and NaN: a number beyond all others, and a string.
func plainJSON(raw []byte) []byte {
	if !bytes.Contains(raw, []byte("Infinity")) && !bytes.Contains(raw, []byte("NaN")) {
		return raw
	}
	out := make([]byte, 0, len(raw))
	quoted := false
	for i := 0; i < len(raw); i++ {
		switch {
		case quoted && raw[i] == '\\' && i+1 < len(raw):
			out = append(out, raw[i])
			i++
		case raw[i] == '"':
			quoted = !quoted
		case !quoted && bytes.HasPrefix(raw[i:], []byte("Infinity")):
			out = append(out, "1e999"...)
			i += len("Infinity") - 1
			continue
		case !quoted && bytes.HasPrefix(raw[i:], []byte("NaN")):
			out = append(out, `"NaN"`...)
			i += len("NaN") - 1
			continue
		}
		out = append(out, raw[i])
	}
	return out
}

// decode reads JSON into Go's plain types, numbers as json.Number: 2 and 2.0 differ in Python.
func decode(raw json.RawMessage) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return v, nil
}

// toScalar returns a number of JSON.
func toScalar(n json.Number) (scalar, error) {
	f, err := strconv.ParseFloat(n.String(), 64)
	if err != nil && !math.IsInf(f, 0) {
		return scalar{}, err
	}
	return scalar{f: f, whole: !strings.ContainsAny(n.String(), ".eE")}, nil
}

// A reference is a tensor in the description of a call: keras_history.
type reference struct {
	name         string
	node, tensor int
}

// parseArg turns an argument of a call into what arguments has, with references for tensors.
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
		var s pySlice
		for name, to := range map[string]**int{"start": &s.start, "stop": &s.stop, "step": &s.step} {
			switch n := c[name].(type) {
			case nil:
			case json.Number:
				i, err := strconv.Atoi(n.String())
				if err != nil {
					return nil, fmt.Errorf("slice's %s: %w", name, err)
				}
				*to = &i
			default:
				return nil, fmt.Errorf("slice's %s is %v: %w", name, n, ErrUnknownOption)
			}
		}
		return s, nil
	case "__ellipsis__":
		return ellipsis{}, nil
	case "__tensor__", "__numpy__":
		return parseTensorArg(c)
	}
	return nil, fmt.Errorf("argument of class %q: %w", class, ErrUnknownOption)
}

func parseTensorArg(c map[string]any) (any, error) {
	arg, err := parseArg(c["value"])
	if err != nil {
		return nil, err
	}
	v, _, err := operand(arg)
	if err != nil {
		return nil, err
	}
	name, _ := c["dtype"].(string)
	d, err := tensor.ParseDType(name)
	if err != nil {
		return nil, err
	}
	return v.cast(d)
}

// parseReference reads [layer's name, its call, tensor of the call].
func parseReference(v any) (reference, error) {
	list, ok := v.([]any)
	if !ok || len(list) != 3 {
		return reference{}, fmt.Errorf("%v is no reference to a tensor", v)
	}
	r := reference{}
	if r.name, ok = list[0].(string); !ok {
		return r, fmt.Errorf("%v is no reference to a tensor", v)
	}
	for i, to := range []*int{&r.node, &r.tensor} {
		n, ok := list[i+1].(json.Number)
		if !ok {
			return r, fmt.Errorf("%v is no reference to a tensor", v)
		}
		at, err := strconv.Atoi(n.String())
		if err != nil || at < 0 {
			return r, fmt.Errorf("%v is no reference to a tensor", v)
		}
		*to = at
	}
	return r, nil
}
