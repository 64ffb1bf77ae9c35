package description

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/config"
)

// parseNest reads a call in the form of Keras 2. The argument is the tensor if there is only one, and otherwise a list.
func parseNest(raw json.RawMessage) (Call, error) {
	nest, err := config.Decode(raw)
	if err != nil {
		return Call{}, err
	}
	p := nestParser{kwargs: make(map[string]any)}
	first, err := p.parse(nest)
	if err != nil {
		return Call{}, err
	}
	if list, ok := first.([]any); ok && len(list) == 1 {
		first = list[0]
	}
	return Call{Args: []any{first}, Kwargs: p.kwargs}, nil
}

// A nestParser reads a nest of tensors and collects the keyword arguments among them.
type nestParser struct{ kwargs map[string]any }

func (p *nestParser) parse(v any) (any, error) {
	switch v := v.(type) {
	case []any:
		if isTensor(v) {
			return p.tensor(v)
		}
		list := make([]any, len(v))
		for i, item := range v {
			var err error
			if list[i], err = p.parse(item); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		dict := make(map[string]any, len(v))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			var err error
			if dict[name], err = p.parse(v[name]); err != nil {
				return nil, err
			}
		}
		return dict, nil
	}
	return nil, fmt.Errorf("%v does not refer to a tensor", v)
}

// constantName replaces the name of a layer if Keras 2 gives a value instead of a tensor.
const constantName = "_CONSTANT_VALUE"

// tensor reads [name, call, tensor, kwargs], or a constant [constantName, -1, value, kwargs].
func (p *nestParser) tensor(v []any) (any, error) {
	if len(v) == 4 {
		kwargs, ok := v[3].(map[string]any)
		if !ok && v[3] != nil {
			return nil, fmt.Errorf("%v does not have keyword arguments", v)
		}
		for _, name := range slices.Sorted(maps.Keys(kwargs)) {
			arg, err := parseKwarg(kwargs[name])
			if err != nil {
				return nil, err
			}
			p.kwargs[name] = arg
		}
	}
	if v[0] == constantName {
		return parseArg(v[2])
	}
	return parseReference(v[:3])
}

// parseKwarg reads a keyword argument, which may refer to tensors as well.
func parseKwarg(v any) (any, error) {
	switch v := v.(type) {
	case []any:
		if len(v) == 3 && isTensor(v) {
			return parseReference(v)
		}
		list := make([]any, len(v))
		for i, item := range v {
			var err error
			if list[i], err = parseKwarg(item); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		if v["class_name"] == nil {
			dict := make(map[string]any, len(v))
			for _, name := range slices.Sorted(maps.Keys(v)) {
				var err error
				if dict[name], err = parseKwarg(v[name]); err != nil {
					return nil, err
				}
			}
			return dict, nil
		}
	}
	return parseArg(v)
}

// isTensor reports whether v refers to a tensor. It is a name and two numbers, or a constant.
func isTensor(v []any) bool {
	if len(v) != 3 && len(v) != 4 {
		return false
	}
	name, ok := v[0].(string)
	if !ok {
		return false
	}
	_, node := v[1].(json.Number)
	_, tensor := v[2].(json.Number)
	return node && (tensor || name == constantName)
}
