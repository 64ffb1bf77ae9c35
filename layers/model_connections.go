package layers

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// A tensorRef identifies a tensor that a layer is called with: an output of a call of a layer.
type tensorRef struct {
	layer        string
	call, tensor float64
}

func (r tensorRef) String() string { return fmt.Sprintf("%s[%v][%v]", r.layer, r.call, r.tensor) }

// calls returns the tensors of each call of a layer.
func (l *describedLayer) calls() [][]tensorRef {
	all := make([][]tensorRef, len(l.InboundNodes))
	for i, call := range l.InboundNodes {
		if object, ok := call.(map[string]any); ok { // arguments first, as Keras flattens them
			appendRefs(object["args"], &all[i], 0)
			appendRefs(object["kwargs"], &all[i], 0)
			continue
		}
		appendRefs(call, &all[i], 0)
	}
	return all
}

// appendRefs appends the tensors in nested arguments of Keras 2 or 3.
func appendRefs(v any, refs *[]tensorRef, depth int) {
	if depth > maxShapeDepth {
		return
	}
	add := func(history []any) bool {
		if len(history) < 3 {
			return false
		}
		name, ok := history[0].(string)
		call, ok2 := history[1].(float64)
		tensor, ok3 := history[2].(float64)
		if ok && ok2 && ok3 {
			*refs = append(*refs, tensorRef{name, call, tensor})
		}
		return ok && ok2 && ok3
	}
	switch v := v.(type) {
	case []any:
		if add(v) {
			return
		}
		for _, item := range v {
			appendRefs(item, refs, depth+1)
		}
	case map[string]any:
		if c, ok := v["config"].(map[string]any); ok && v["class_name"] == "__keras_tensor__" {
			if history, ok := c["keras_history"].([]any); ok {
				add(history)
			}
			return
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			appendRefs(v[name], refs, depth+1)
		}
	}
}

// connections returns the column "Connected to" of Keras's summary, by the names of layers. It returns nil if
// each layer takes only the output of the previous layer: Keras has no such column then.
func connections(layers []describedLayer) map[string]string {
	before := make(map[string]string, len(layers))
	taken := make(map[tensorRef]bool)
	inputs, chain := 0, true
	for i := range layers {
		calls := layers[i].calls()
		if len(calls) == 0 {
			inputs++
		}
		chain = chain && len(calls) <= 1 && inputs <= 1
		var names []string
		for _, call := range calls {
			chain = chain && len(call) == 1
			for _, ref := range call {
				names = append(names, ref.String())
				node := tensorRef{layer: ref.layer, call: ref.call}
				chain = chain && !taken[node]
				taken[node] = true
			}
		}
		before[layers[i].Name] = strings.Join(names, ", ")
	}
	if chain {
		return nil
	}
	return before
}

// merged returns the output shape of a layer that combines tensors of one shape value by value, and nil for other layers.
func (l *describedLayer) merged(outputs map[string][]any) (shape []any) {
	switch l.ClassName {
	case "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum":
	default:
		return nil
	}
	for _, call := range l.calls() {
		for _, ref := range call {
			if shape == nil {
				shape = outputs[ref.layer]
			}
			if shape == nil || !reflect.DeepEqual(shape, outputs[ref.layer]) {
				return nil
			}
		}
	}
	return shape
}
