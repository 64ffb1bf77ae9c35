package program

import (
	"encoding/json"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/description"
	"github.com/gockpt/ckpt/tensor"
)

// sequence makes the nodes for a Sequential model.
func (b *builder) sequence(layers []description.Object, shape json.RawMessage) error {
	input := Spec{Name: "input", DType: tensor.DTFloat32}
	if len(layers) > 0 && layers[0].ClassName == "InputLayer" {
		at, err := b.add(&layers[0])
		if err != nil {
			return err
		}
		input, layers = *b.kinds[at], layers[1:]
	} else {
		if len(shape) == 0 && len(layers) > 0 { // as in Keras 2
			shape = inputShapeOf(layers[0].Config)
		}
		if dims, err := config.ParseDims(shape); err == nil { // otherwise there are several inputs
			input.Shape = dims
		}
	}
	b.Inputs = []Spec{input}
	b.outputs = []place{{input: 0, node: -1}}
	for i := range layers {
		if layers[i].Name == "" {
			layers[i].Name = nameOf(layers[i].Config)
		}
		at, known := b.index[layers[i].Name] // a layer may occur twice
		if !known {
			var err error
			if at, err = b.add(&layers[i]); err != nil {
				return err
			}
		}
		b.nodes = append(b.nodes, node{callee: b.Callees[at], args: []any{b.outputs[0]}})
		b.outputs = []place{{node: len(b.nodes) - 1}}
	}
	b.plan()
	b.Results = []Spec{{DType: b.dtypes()[0]}}
	return nil
}

// inputShapeOf returns the input shape, which Keras 2 writes as an option of a Sequential model's first layer.
func inputShapeOf(config json.RawMessage) json.RawMessage {
	var first struct {
		Shape json.RawMessage `json:"batch_input_shape"`
	}
	_ = json.Unmarshal(config, &first) // making the layer reports errors
	if first.Shape == nil {
		return json.RawMessage("null")
	}
	return first.Shape
}

func nameOf(config json.RawMessage) string {
	var named struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(config, &named) // making the layer reports errors
	return named.Name
}
