package keras

import (
	"bytes"
	"encoding/json"
)

// maxNested is how deeply models and wrappers may be nested.
const maxNested = 16

// A description is the part of a layer's or model's configuration on which names depend.
type description struct {
	class   string
	name    string
	options map[string]json.RawMessage
	layers  []*description // of a model, in its order, without the input layer of a Sequential
	inner   *description   // the layer that a wrapper wraps
	cells   []string       // the classes of the cells in the StackedRNNCells of an RNN
}

// parseConfig parses config.json or model_config. It returns nil if it does not understand the text.
func parseConfig(raw json.RawMessage) *description {
	if len(raw) == 0 {
		return nil
	}
	return describe(plainJSON(raw), 0)
}

func describe(raw json.RawMessage, depth int) *description {
	var object struct {
		ClassName string          `json:"class_name"`
		Config    json.RawMessage `json:"config"`
		Name      string          `json:"name"`
	}
	if depth > maxNested || json.Unmarshal(raw, &object) != nil || object.ClassName == "" {
		return nil
	}
	d := &description{class: object.ClassName, name: object.Name}
	var list []json.RawMessage // Sequential models of Keras before 2.2.3
	if json.Unmarshal(object.Config, &list) != nil {
		if json.Unmarshal(object.Config, &d.options) != nil {
			return d
		}
		_ = json.Unmarshal(d.options["name"], &d.name) // otherwise it is the name next to the class
		if json.Unmarshal(d.options["layers"], &list) != nil {
			list = nil
		}
	}
	for i, raw := range list {
		layer := describe(raw, depth+1)
		if layer == nil {
			layer = &description{}
		}
		if i > 0 || layer.class != "InputLayer" || d.class != "Sequential" {
			d.layers = append(d.layers, layer)
		}
	}
	if len(list) == 0 {
		if wrapped, ok := d.options["layer"]; ok {
			d.inner = describe(wrapped, depth+1)
		}
	}
	d.cells = cellClasses(d.options["cell"])
	return d
}

// cellClasses returns the classes of the cells of a StackedRNNCells, or nil for any other cell.
func cellClasses(cell json.RawMessage) []string {
	var stack struct {
		ClassName string `json:"class_name"`
		Config    struct {
			Cells []struct {
				ClassName string `json:"class_name"`
			} `json:"cells"`
		} `json:"config"`
	}
	if json.Unmarshal(cell, &stack) != nil || stack.ClassName != "StackedRNNCells" {
		return nil
	}
	var classes []string
	for _, c := range stack.Config.Cells {
		classes = append(classes, c.ClassName)
	}
	return classes
}

// off reports whether an option is false.
func (d *description) off(option string) bool {
	return d != nil && string(bytes.TrimSpace(d.options[option])) == "false"
}

// plainJSON returns raw with null in place of Python's Infinity and NaN, which JSON does not have.
func plainJSON(raw json.RawMessage) json.RawMessage {
	if json.Valid(raw) {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for quoted := false; len(raw) > 0; {
		n := 1
		switch {
		case quoted && raw[0] == '\\':
			n = min(2, len(raw))
		case raw[0] == '"':
			quoted = !quoted
		case quoted:
		case bytes.HasPrefix(raw, []byte("-Infinity")):
			out, raw = append(out, "null"...), raw[len("-Infinity"):]
			continue
		case bytes.HasPrefix(raw, []byte("Infinity")):
			out, raw = append(out, "null"...), raw[len("Infinity"):]
			continue
		case bytes.HasPrefix(raw, []byte("NaN")):
			out, raw = append(out, "null"...), raw[len("NaN"):]
			continue
		}
		out, raw = append(out, raw[:n]...), raw[n:]
	}
	return out
}
