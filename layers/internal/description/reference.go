package description

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/gockpt/ckpt/layers/internal/config"
)

// References returns the tensors in nested lists and dicts, flattened as in Keras, with the values of a dict sorted by name. named
// reports whether raw is a dict.
func References(raw json.RawMessage) (refs []Reference, named bool, err error) {
	nest, err := config.Decode(raw)
	if err != nil {
		return nil, false, err
	}
	_, named = nest.(map[string]any)
	var walk func(v any) error
	walk = func(v any) error {
		switch v := v.(type) {
		case []any:
			if len(v) == 3 {
				if _, leaf := v[0].(string); leaf {
					r, err := parseReference(v)
					refs = append(refs, r)
					return err
				}
			}
			for _, item := range v {
				if err := walk(item); err != nil {
					return err
				}
			}
			return nil
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				if err := walk(v[name]); err != nil {
					return err
				}
			}
			return nil
		}
		return fmt.Errorf("%v is not a reference to a tensor", v)
	}
	return refs, named, walk(nest)
}

// parseReference reads [name of the layer, index of its call, index of the call's tensor].
func parseReference(v any) (Reference, error) {
	list, ok := v.([]any)
	if !ok || len(list) != 3 {
		return Reference{}, fmt.Errorf("%v is not a reference to a tensor", v)
	}
	r := Reference{}
	if r.Name, ok = list[0].(string); !ok {
		return r, fmt.Errorf("%v is not a reference to a tensor", v)
	}
	for i, to := range []*int{&r.Node, &r.Tensor} {
		n, ok := list[i+1].(json.Number)
		if !ok {
			return r, fmt.Errorf("%v is not a reference to a tensor", v)
		}
		at, err := strconv.Atoi(n.String())
		if err != nil || at < 0 {
			return r, fmt.Errorf("%v is not a reference to a tensor", v)
		}
		*to = at
	}
	return r, nil
}

// A Reference identifies a tensor in the description of a call (keras_history).
type Reference struct {
	Name         string
	Node, Tensor int
}
