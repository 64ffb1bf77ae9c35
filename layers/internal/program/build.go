package program

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/description"
	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// New makes the program for a model from its class and configuration. It returns nil if the configuration is not a model's.
func New(class string, raw json.RawMessage, lib Library) (*Program, error) {
	var config struct {
		Name            string               `json:"name"`
		Layers          []description.Object `json:"layers"`
		InputLayers     json.RawMessage      `json:"input_layers"`
		OutputLayers    json.RawMessage      `json:"output_layers"`
		BuildInputShape json.RawMessage      `json:"build_input_shape"`
	}
	sequential := class == "Sequential"
	functional := class == "Functional" || class == "Model"
	var err error
	if layers := bytes.TrimSpace(raw); sequential && len(layers) > 0 && layers[0] == '[' { // written by Keras before 2.2.3
		err = json.Unmarshal(layers, &config.Layers)
	} else {
		err = json.Unmarshal(raw, &config)
	}
	// A user's subclass of Functional has the same configuration if its constructor takes inputs and outputs.
	if !sequential && !functional && (err != nil || config.InputLayers == nil || config.OutputLayers == nil) {
		return nil, nil
	}
	p := &Program{Who: fault.Who{Kind: strings.ToLower(class), Name: config.Name}, Chain: sequential}
	if err != nil {
		return nil, fault.Errorf(p.Who, "config: %w", err)
	}
	b := &builder{Program: p, lib: lib, index: make(map[string]int)}
	if sequential {
		return p, b.sequence(config.Layers, config.BuildInputShape)
	}
	if config.InputLayers == nil || config.OutputLayers == nil {
		return nil, fault.Errorf(p.Who, "config has no input_layers and output_layers: %w", fault.ErrUnknownOption)
	}
	return p, b.graph(config.Layers, config.InputLayers, config.OutputLayers)
}

// add makes the layer, the model or the operator that o describes.
func (b *builder) add(o *description.Object) (int, error) {
	if o.Name == "" {
		o.Name = nameOf(o.Config)
	}
	c := &Callee{Who: fault.Who{Kind: o.ClassName, Name: o.Name}, Class: o.ClassName, lib: b.lib}
	var input *Spec
	var err error
	switch {
	case o.ClassName == "InputLayer":
		input, err = inputSpec(c.Who, o.Config)
	case b.lib.Keras2() && (o.ClassName == tensorFlowFunction || o.ClassName == tensorFlowSlice):
		c.operator, err = tensorFlowOperator(c.Who, o.Config)
	case ops.IsOperatorModule(o.Module) || !b.lib.Keras2() && isBareOperator(o):
		c.operator, c.to, err = makeOperator(o.ClassName, o.Config)
	default:
		class := o.ClassName
		if b.lib.Custom(o.Registered) {
			class = o.Registered
		}
		c.Layer, err = b.lib.Make(class, o.Config)
		c.keeps = b.lib.Keeps(class, c.Layer)
		if errors.Is(err, fault.ErrUnknownLayer) && o.Module == "" && !b.lib.Keras2() && ops.MakerOf(class) != nil {
			c.operator, c.to, err = makeOperator(class, o.Config)
		}
	}
	if err != nil {
		return 0, err
	}
	if _, ok := b.index[o.Name]; ok {
		return 0, fault.Errorf(b.Who, "two layers are called %q", o.Name)
	}
	at := len(b.Callees)
	b.index[o.Name] = at
	b.Callees, b.kinds, b.calls = append(b.Callees, c), append(b.kinds, input), append(b.calls, nil)
	return at, nil
}

// isBareOperator reports whether o is an operator that has the class name of a layer. Legacy files of Keras 3 do not give the module of
// a class. Such a layer takes one argument, a list, but the operator takes several. Reshape differs in an option.
func isBareOperator(o *description.Object) bool {
	if o.Module != "" || o.Registered != "" || ops.MakerOf(o.ClassName) == nil {
		return false
	}
	for _, n := range o.InboundNodes {
		var args []json.RawMessage
		if json.Unmarshal(n.Args, &args) == nil && len(args) > 1 {
			return true
		}
	}
	var options struct {
		NewShape json.RawMessage `json:"newshape"`
	}
	return json.Unmarshal(o.Config, &options) == nil && options.NewShape != nil
}

// tensorFlowOperator makes an operator from the layer that Keras 2 creates for a TensorFlow function called on a Keras tensor.
func tensorFlowOperator(who fault.Who, raw json.RawMessage) (ops.Operator, error) {
	var c struct {
		Function string `json:"function"`
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fault.Errorf(who, "config: %w", err)
	}
	if who.Kind == tensorFlowSlice {
		if c.Function == "__operators__.getitem" {
			return ops.TensorFlowSlice, nil
		}
	} else if o := ops.TensorFlowOperator(c.Function); o != nil {
		return o, nil
	}
	return nil, fault.Errorf(who, "the function tf.%s is not supported; use a Keras layer instead, or load the weights into a struct: %w", c.Function, fault.ErrUnknownLayer)
}

// makeOperator makes an operator from the name of its class and its configuration. to is the dtype that the configuration requests,
// or InvalidDType.
func makeOperator(class string, raw json.RawMessage) (o ops.Operator, to tensor.DType, err error) {
	m := ops.MakerOf(class)
	if m == nil {
		return nil, to, fault.Errorf(fault.Who{Kind: "keras.ops " + class}, "%w", fault.ErrUnknownLayer)
	}
	c, err := config.New(class, raw, nil)
	if err != nil {
		return nil, to, err
	}
	o, to = m(c), c.Dtype("dtype")
	return o, to, c.Done()
}

// graph makes the nodes that the outputs need, and orders them so that each follows its arguments.
func (b *builder) graph(layers []description.Object, inputs, outputs json.RawMessage) error {
	for i := range layers {
		at, err := b.add(&layers[i])
		if err != nil {
			return err
		}
		for _, n := range layers[i].InboundNodes {
			c, err := n.Call()
			if err != nil {
				return fault.Errorf(b.Callees[at].Who, "config: %w", err)
			}
			b.calls[at] = append(b.calls[at], call{Call: c})
		}
	}
	ins, named, err := description.References(inputs)
	if err != nil {
		return fault.Errorf(b.Who, "input_layers: %w", err)
	}
	b.named = named
	b.places = make(map[[2]int]int)
	for _, r := range ins {
		at, ok := b.index[r.Name]
		if !ok || b.kinds[at] == nil {
			return fault.Errorf(b.Who, "input_layers: %q is not an input", r.Name)
		}
		b.places[[2]int{at, 0}] = -1 - len(b.Inputs)
		b.Inputs = append(b.Inputs, *b.kinds[at])
	}
	outs, _, err := description.References(outputs)
	if err != nil {
		return fault.Errorf(b.Who, "output_layers: %w", err)
	}
	for _, r := range outs {
		if at, ok := b.index[r.Name]; ok && b.isFunctional(at) && r.Node > 0 && !b.lib.Keras2() {
			r.Node-- // here, but not in calls' arguments, Keras 3 counts the call that made the inner model
		}
		p, err := b.find(r)
		if err != nil {
			return err
		}
		b.outputs = append(b.outputs, p)
		b.Results = append(b.Results, Spec{Name: r.Name})
	}
	b.order()
	b.plan()
	for i, d := range b.dtypes() {
		b.Results[i].DType = d
	}
	return nil
}
