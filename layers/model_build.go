package layers

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/tensor"
)

// makeModel makes the model of a class and its configuration; nil where it is no model's.
func makeModel(class string, raw json.RawMessage) (*Model, error) {
	var config struct {
		Name            string          `json:"name"`
		Layers          []modelObject   `json:"layers"`
		InputLayers     json.RawMessage `json:"input_layers"`
		OutputLayers    json.RawMessage `json:"output_layers"`
		BuildInputShape json.RawMessage `json:"build_input_shape"`
	}
	sequential := class == "Sequential"
	functional := class == "Functional" || class == "Model"
	err := json.Unmarshal(raw, &config)
	// A class of the user's own that is made as Functional is has the same configuration.
	if !sequential && !functional && (err != nil || config.InputLayers == nil || config.OutputLayers == nil) {
		return nil, nil
	}
	b := &modelBuilder{
		who:   id{strings.ToLower(class), config.Name},
		model: &Model{},
		index: make(map[string]int),
	}
	b.model.who = b.who
	if err != nil {
		return nil, errorf(b.who, "config: %w", err)
	}
	if sequential {
		err = b.sequence(config.Layers, config.BuildInputShape)
		return &Model{Functional: b.model, who: b.who}, err
	}
	if config.InputLayers == nil || config.OutputLayers == nil {
		return nil, errorf(b.who, "config has no input_layers and output_layers: %w", ErrUnknownOption)
	}
	return b.model, b.graph(config.Layers, config.InputLayers, config.OutputLayers)
}

// A modelBuilder turns a configuration into a model's nodes.
type modelBuilder struct {
	who     id
	model   *Model
	callees []*callee
	specs   []*TensorSpec // of the callees that are inputs
	index   map[string]int
	calls   [][]call // of each callee
	places  map[[2]int]int
}

// A call is a node whose tensors are not yet found.
type call struct {
	args   []any
	kwargs map[string]any
	state  int // 0: not looked at; 1: its arguments are being looked for; 2: done
}

// add makes the layer, the model or the operator that o describes.
func (b *modelBuilder) add(o *modelObject) (int, error) {
	if o.Name == "" {
		o.Name = nameOf(o.Config)
	}
	c := &callee{who: id{o.ClassName, o.Name}, class: o.ClassName}
	var spec *TensorSpec
	var err error
	switch {
	case o.ClassName == "InputLayer":
		spec, err = inputSpec(c.who, o.Config)
	case isOperatorModule(o.Module):
		c.operator, c.to, err = makeOperator(o.ClassName, o.Config)
	default:
		if err = checkPolicy(c.who, o.Config); err == nil {
			c.layer, err = makeLayerOrModel(o.ClassName, o.Config)
		}
	}
	if err != nil {
		return 0, err
	}
	if _, ok := b.index[o.Name]; ok {
		return 0, errorf(b.who, "two layers are called %q", o.Name)
	}
	at := len(b.callees)
	b.index[o.Name] = at
	b.callees, b.specs, b.calls = append(b.callees, c), append(b.specs, spec), append(b.calls, nil)
	b.model.Operations = append(b.model.Operations, c.layer)
	return at, nil
}

// makeLayerOrModel makes a layer, or a model of a class of the user's own.
func makeLayerOrModel(class string, raw json.RawMessage) (any, error) {
	if makerOf(class) == nil {
		if m, err := makeModel(class, raw); m != nil {
			return m, err
		}
	}
	return makeLayer(class, raw)
}

// makeOperator makes the operator that Keras describes by its class's name and its configuration; to is the dtype that it
// is asked for, InvalidDType for none.
func makeOperator(class string, raw json.RawMessage) (o operator, to tensor.DType, err error) {
	m := operatorMakerOf(class)
	if m == nil {
		return nil, to, errorf(id{kind: "keras.ops " + class}, "%w", ErrUnknownLayer)
	}
	c, err := newConfig(class, raw)
	if err != nil {
		return nil, to, err
	}
	o, to = m(c), c.dtype("dtype")
	return o, to, c.done()
}

// inputSpec reads the configuration of an InputLayer.
func inputSpec(who id, raw json.RawMessage) (*TensorSpec, error) {
	c, err := newConfig(who.kind, raw)
	if err != nil {
		return nil, err
	}
	c.skip("optional", "input_dtype")
	c.refuse("sparse", "ragged")
	spec := &TensorSpec{Name: who.name, DType: tensor.DTFloat32, Shape: c.dims("batch_shape")}
	if shape := c.dims("batch_input_shape"); spec.Shape == nil {
		spec.Shape = shape
	}
	if d := c.dtype("dtype"); d != tensor.InvalidDType {
		spec.DType = d
	}
	return spec, c.done()
}

// checkPolicy refuses a layer whose dtype policy is a quantized one: its weights are others.
func checkPolicy(who id, raw json.RawMessage) error {
	var config struct {
		DType json.RawMessage `json:"dtype"`
	}
	if json.Unmarshal(raw, &config) != nil {
		return nil // says so where it is read
	}
	var policy struct {
		ClassName string `json:"class_name"`
		Config    struct {
			Name string `json:"name"`
		} `json:"config"`
	}
	if json.Unmarshal(config.DType, &policy) == nil && (strings.Contains(policy.ClassName, "Quantized") || policy.ClassName == "DTypePolicyMap") {
		return errorf(who, "dtype policy %s %q: %w", policy.ClassName, policy.Config.Name, ErrUnknownOption)
	}
	return nil
}

// graph makes the nodes that the outputs need, in an order in which each has its arguments.
func (b *modelBuilder) graph(layers []modelObject, inputs, outputs json.RawMessage) error {
	for i := range layers {
		at, err := b.add(&layers[i])
		if err != nil {
			return err
		}
		for _, n := range layers[i].InboundNodes {
			c, err := parseCall(n)
			if err != nil {
				return errorf(b.callees[at].who, "config: %w", err)
			}
			b.calls[at] = append(b.calls[at], c)
		}
	}
	ins, named, err := references(inputs)
	if err != nil {
		return errorf(b.who, "input_layers: %w", err)
	}
	b.model.named = named
	b.places = make(map[[2]int]int)
	for _, r := range ins {
		at, ok := b.index[r.name]
		if !ok || b.specs[at] == nil {
			return errorf(b.who, "input_layers: %q is no input", r.name)
		}
		b.places[[2]int{at, 0}] = -1 - len(b.model.inputs)
		b.model.inputs = append(b.model.inputs, *b.specs[at])
	}
	outs, _, err := references(outputs)
	if err != nil {
		return errorf(b.who, "output_layers: %w", err)
	}
	for _, r := range outs {
		if at, ok := b.index[r.name]; ok && b.isFunctional(at) && r.node > 0 {
			r.node-- // Keras counts the call that made the inner model, here and not in the arguments of calls
		}
		p, err := b.find(r)
		if err != nil {
			return err
		}
		b.model.outputs = append(b.model.outputs, p)
		b.model.specs = append(b.model.specs, TensorSpec{Name: r.name})
	}
	b.order()
	for i, d := range b.model.dtypes() {
		b.model.specs[i].DType = d
	}
	return nil
}

// order puts the nodes into the order in which Keras runs them: the deeper one, counted from the outputs, first
// (keras.src.ops.function.map_graph). It matters where a layer takes a mask from a tensor that others use too.
func (b *modelBuilder) order() {
	m := b.model
	depths, layers := make(map[int]int), make(map[*callee]int)
	var seen []int
	set := func(i, depth int) {
		if old, ok := depths[i]; !ok {
			seen = append(seen, i)
			depths[i] = depth
		} else if depth > old {
			depths[i] = depth
		}
	}
	for i := len(m.nodes) - 1; i >= 0; i-- {
		set(i, 0)
		set(i, layers[m.nodes[i].callee])
		layers[m.nodes[i].callee] = depths[i]
		for _, p := range m.nodes[i].parents() {
			set(p, depths[i]+1)
		}
	}
	slices.SortStableFunc(seen, func(i, j int) int { return depths[j] - depths[i] })
	at := inverse(seen)
	nodes := make([]node, len(seen))
	for to, from := range seen {
		nodes[to] = m.nodes[from]
		nodes[to].moved(at)
	}
	m.nodes = nodes
	for i, p := range m.outputs {
		if p.node >= 0 {
			m.outputs[i].node = at[p.node]
		}
	}
}

// parents returns the nodes whose tensors n is called with, in the order of its arguments.
func (n *node) parents() []int {
	var all []int
	var walk func(arg any)
	walk = func(arg any) {
		switch a := arg.(type) {
		case place:
			if a.node >= 0 {
				all = append(all, a.node)
			}
		case []any:
			for _, item := range a {
				walk(item)
			}
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(a)) {
				walk(a[name])
			}
		}
	}
	walk(n.args)
	walk(n.kwargs)
	return all
}

// moved changes n's places after nodes moved to the given ones.
func (n *node) moved(at []int) {
	var moved func(arg any) any
	moved = func(arg any) any {
		switch a := arg.(type) {
		case place:
			if a.node >= 0 {
				a.node = at[a.node]
			}
			return a
		case []any:
			for i := range a {
				a[i] = moved(a[i])
			}
		case map[string]any:
			for name := range a {
				a[name] = moved(a[name])
			}
		}
		return arg
	}
	moved(n.args)
	moved(n.kwargs)
}

// isFunctional reports a callee that is an inner Functional model.
func (b *modelBuilder) isFunctional(at int) bool {
	m, ok := b.callees[at].layer.(*Model)
	return ok && m.Functional == nil
}

// find returns the place of the tensor that r refers to, and makes the node that gives it.
func (b *modelBuilder) find(r reference) (place, error) {
	at, ok := b.index[r.name]
	if !ok {
		return place{}, errorf(b.who, "no layer is called %q", r.name)
	}
	if i, ok := b.places[[2]int{at, r.node}]; ok {
		if i < 0 {
			return place{input: -1 - i, node: -1}, nil
		}
		return place{node: i, tensor: r.tensor}, nil
	}
	if r.node >= len(b.calls[at]) {
		return place{}, errorf(b.who, "call %d of layer %q, which is called %d times", r.node, r.name, len(b.calls[at]))
	}
	c := &b.calls[at][r.node]
	if c.state == 1 {
		return place{}, errorf(b.who, "layer %q depends on itself", r.name)
	}
	c.state = 1
	n := node{callee: b.callees[at], kwargs: make(map[string]any, len(c.kwargs))}
	for _, arg := range c.args {
		given, err := b.findIn(arg)
		if err != nil {
			return place{}, err
		}
		n.args = append(n.args, given)
	}
	for _, name := range slices.Sorted(maps.Keys(c.kwargs)) {
		given, err := b.findIn(c.kwargs[name])
		if err != nil {
			return place{}, err
		}
		n.kwargs[name] = given
	}
	c.state = 2
	b.places[[2]int{at, r.node}] = len(b.model.nodes)
	b.model.nodes = append(b.model.nodes, n)
	return place{node: len(b.model.nodes) - 1, tensor: r.tensor}, nil
}

// findIn returns arg with places for references.
func (b *modelBuilder) findIn(arg any) (any, error) {
	switch a := arg.(type) {
	case reference:
		return b.find(a)
	case []any:
		list := make([]any, len(a))
		for i, item := range a {
			found, err := b.findIn(item)
			if err != nil {
				return nil, err
			}
			list[i] = found
		}
		return list, nil
	case map[string]any:
		dict := make(map[string]any, len(a))
		for _, name := range slices.Sorted(maps.Keys(a)) {
			found, err := b.findIn(a[name])
			if err != nil {
				return nil, err
			}
			dict[name] = found
		}
		return dict, nil
	}
	return arg, nil
}

// parseCall reads an inbound node.
func parseCall(n inboundNode) (call, error) {
	var c call
	args, err := decode(n.Args)
	if err != nil {
		return c, err
	}
	parsed, err := parseArg(args)
	if err != nil {
		return c, err
	}
	kwargs, err := decode(n.Kwargs)
	if err != nil {
		return c, err
	}
	named, err := parseArg(kwargs)
	if err != nil {
		return c, err
	}
	var ok, okNamed bool
	c.args, ok = parsed.([]any)
	c.kwargs, okNamed = named.(map[string]any)
	if !ok || !okNamed {
		return c, fmt.Errorf("inbound node %s has not args and kwargs", short(n.Args))
	}
	return c, nil
}

// references returns the tensors in a nest of lists and dicts, as Keras flattens it: a dict by its sorted names. named reports a dict.
func references(raw json.RawMessage) (refs []reference, named bool, err error) {
	nest, err := decode(raw)
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
		return fmt.Errorf("%v is no reference to a tensor", v)
	}
	return refs, named, walk(nest)
}

func modelMaker(class string) maker {
	if class != "Functional" && class != "Sequential" {
		return nil
	}
	return func(c *config) any {
		raw, err := json.Marshal(c.options)
		if err == nil {
			var m *Model
			for key := range c.options {
				c.skip(key)
			}
			if m, err = makeModel(class, raw); err == nil {
				return m
			}
		}
		if c.err == nil {
			c.err = err
		}
		return (*Model)(nil)
	}
}
