package keras

import (
	"slices"
	"strings"
)

// innerNames replaces, in the names of a legacy layer's weights, the names of the layers inside by those of the attributes, as newer
// files have them: memory/lstm_cell/kernel becomes memory/cell/kernel, cross/key/bias becomes cross/key_dense/bias. Names that do not tell
// which attribute they belong to stay as they are.
type innerNames map[string]map[string]bool // the objects inside of each object, by its path

func newInnerNames(weights []*weight) innerNames {
	inside := make(innerNames)
	for _, w := range weights {
		if len(w.steps) > maxSteps {
			continue
		}
		for i := 1; i < len(w.steps); i++ {
			path := strings.Join(w.steps[:i], "/")
			if inside[path] == nil {
				inside[path] = make(map[string]bool)
			}
			inside[path][w.steps[i]] = true
		}
	}
	return inside
}

// of returns the steps of a weight with the names of attributes.
func (inside innerNames) of(steps []string) []string {
	if len(steps) > maxSteps {
		return steps
	}
	renamed := slices.Clone(steps)
	for i := 1; i < len(steps)-1; i++ { // the first is the layer itself, the last its variable
		renamed[i] = inside.attribute(strings.Join(steps[:i], "/"), steps[i])
	}
	return renamed
}

func (inside innerNames) attribute(object, name string) string {
	has := inside[object]
	forward, isForward := strings.CutPrefix(name, "forward_")
	backward, isBackward := strings.CutPrefix(name, "backward_")
	switch {
	case isForward && has["backward_"+forward] && len(has) == 2:
		return "forward_layer"
	case isBackward && has["forward_"+backward] && len(has) == 2:
		return "backward_layer"
	case strings.HasSuffix(name, "_cell") && len(has) == 1 && inside[object+"/"+name]["recurrent_kernel"]:
		return "cell"
	case !has["attention_output"] || !has["query"] || !has["key"] || !has["value"]:
	case name == "attention_output":
		return "output_dense"
	case name == "query", name == "key", name == "value", name == "gate":
		return name + "_dense"
	}
	return name
}
