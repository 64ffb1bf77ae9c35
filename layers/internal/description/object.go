package description

import (
	"bytes"
	"encoding/json"

	"github.com/gockpt/ckpt/layers/internal/config"
)

// An Object is Keras's description of a model, a layer or an operator.
type Object struct {
	Module       string          `json:"module"`
	ClassName    string          `json:"class_name"`
	Config       json.RawMessage `json:"config"`
	Name         string          `json:"name"`
	Registered   string          `json:"registered_name"`
	InboundNodes []Node          `json:"inbound_nodes"`
}

// A Model is the output of Keras's to_json for a model.
type Model struct {
	Class  string
	Config json.RawMessage
	Keras2 bool // written by Keras 2, in which some options have other meanings
}

// Parse reads the description of a model that Python's json module wrote.
func Parse(raw []byte) (Model, error) {
	raw = config.PlainJSON(raw)
	var o Object
	err := json.Unmarshal(raw, &o)
	return Model{o.ClassName, o.Config, isKeras2(raw)}, err
}

// isKeras2 reports whether Keras 2 wrote the description. It checks the version, or an option that Keras 3 writes differently.
func isKeras2(raw []byte) bool {
	var o struct {
		Version string `json:"keras_version"`
	}
	if json.Unmarshal(raw, &o) == nil && o.Version != "" {
		return o.Version[0] < '3'
	}
	return bytes.Contains(raw, []byte(`"batch_input_shape"`))
}

// A Node is one call of a layer. Keras 3 writes an object with args and kwargs. Keras 2 writes nested lists of tensors. Each tensor
// is a list of a layer's name, the number of its call, the number of the call's tensor, and sometimes keyword arguments.
type Node struct {
	Args, Kwargs json.RawMessage
	nest         json.RawMessage // the form of Keras 2
}

// UnmarshalJSON reads a node in either form.
func (n *Node) UnmarshalJSON(raw []byte) error {
	var object struct {
		Args   json.RawMessage `json:"args"`
		Kwargs json.RawMessage `json:"kwargs"`
	}
	if raw = bytes.TrimSpace(raw); len(raw) > 0 && raw[0] == '{' {
		if err := json.Unmarshal(raw, &object); err != nil {
			return err
		}
	}
	if object.Args == nil {
		n.nest = bytes.Clone(raw)
		return nil
	}
	n.Args, n.Kwargs = object.Args, object.Kwargs
	return nil
}
