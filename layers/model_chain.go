package layers

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// sequence makes the nodes of a chain of layers.
func (b *modelBuilder) sequence(layers []modelObject, shape json.RawMessage) error {
	spec := TensorSpec{Name: "input", DType: tensor.DTFloat32}
	if len(layers) > 0 && layers[0].ClassName == "InputLayer" {
		at, err := b.add(&layers[0])
		if err != nil {
			return err
		}
		spec, layers = *b.specs[at], layers[1:]
	} else if len(shape) > 0 {
		c := &config{options: map[string]json.RawMessage{"shape": shape}, read: make(map[string]bool)}
		if dims := c.dims("shape"); c.err == nil { // else there are several inputs
			spec.Shape = dims
		}
	}
	m := b.model
	m.inputs = []TensorSpec{spec}
	m.outputs = []place{{input: 0, node: -1}}
	for i := range layers {
		if layers[i].Name == "" {
			layers[i].Name = nameOf(layers[i].Config)
		}
		at, known := b.index[layers[i].Name] // a layer may stand in the chain twice
		if !known {
			var err error
			if at, err = b.add(&layers[i]); err != nil {
				return err
			}
		}
		m.nodes = append(m.nodes, node{callee: b.callees[at], args: []any{m.outputs[0]}})
		m.outputs = []place{{node: len(m.nodes) - 1}}
	}
	m.Operations = chainOperations(m.nodes)
	m.specs = []TensorSpec{{DType: m.dtypes()[0]}}
	return nil
}

func nameOf(config json.RawMessage) string {
	var named struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(config, &named) // what is wrong with it shows where it is read
	return named.Name
}

// A chainStep is a layer of a chain, or an operator that Keras adds for a mask; from are those before it.
type chainStep struct {
	track  any
	isMask bool
	from   []int
	depth  int // counted from the output; -1: the output does not need it
}

// chainOperations returns the layers of a chain as Keras 3 holds them: behind an input, and among operators that make masks where
// an embedding or Masking has them made and a layer behind takes them. The JSON does not have those.
func chainOperations(nodes []node) []any {
	steps := []chainStep{{depth: -1}} // the input
	add := func(s chainStep) int {
		s.depth = -1
		steps = append(steps, s)
		return len(steps) - 1
	}
	last, mask := 0, -1
	for _, n := range nodes {
		step := chainStep{track: n.callee.layer, from: []int{last}}
		if mask >= 0 && takesMask(n.callee) {
			step.from = append(step.from, mask)
		}
		input := last
		last = add(step)
		switch l := n.callee.layer.(type) {
		case *Embedding:
			if mask = -1; l.MaskZero {
				mask = add(chainStep{isMask: true, from: []int{input}}) // NotEqual
			}
		case *Masking:
			mask = add(chainStep{isMask: true, from: []int{input}}) // NotEqual
			mask = add(chainStep{isMask: true, from: []int{mask}})  // Any
		default:
			if !passesMask(l) {
				mask = -1
			}
		}
	}
	steps[last].depth = 0
	order := make([]int, 0, len(steps))
	for i := range slices.Backward(steps) {
		if steps[i].depth < 0 {
			continue
		}
		order = append(order, i)
		for _, from := range steps[i].from {
			steps[from].depth = max(steps[from].depth, steps[i].depth+1)
		}
	}
	slices.SortFunc(order, func(i, j int) int {
		switch a, b := steps[i], steps[j]; {
		case a.depth != b.depth:
			return b.depth - a.depth
		case a.isMask == b.isMask:
			return i - j
		case a.isMask: // Keras comes to masks behind the layers
			return 1
		}
		return -1
	})
	var operations []any
	seen := make(map[any]bool)
	for _, i := range order {
		t := steps[i].track
		if t != nil && reflect.TypeOf(t).Kind() == reflect.Pointer { // a layer that stands in the chain twice
			if seen[t] {
				continue
			}
			seen[t] = true
		}
		operations = append(operations, t)
	}
	return operations
}

// takesMask reports the layers whose call has an argument for a mask.
func takesMask(c *callee) bool {
	switch c.layer.(type) {
	case *Model, *Sequential:
		return true
	}
	switch c.class {
	case "BatchNormalization", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "GRU", "GlobalAveragePooling1D", "LSTM", "RNN",
		"SimpleRNN", "Softmax", "TimeDistributed":
		return true
	}
	return false
}

// passesMask reports a layer that hands its input's mask on as it is.
func passesMask(layer any) bool {
	l, ok := layer.(Masker)
	if !ok {
		return false
	}
	in := tensor.New[bool](1, 1)
	out, err := l.OutputMask(&Context{Masks: []*Mask{in}})
	return err == nil && out == in
}
