package layers

import (
	"fmt"
	"io"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// A Model is a Keras model that was made from Keras's own description of it: see [FromKeras].
//
// Its exported fields are the edges that Keras 3 saves of a model, so that it takes its weights from the checkpoint that
// tf.train.Checkpoint(model=model) wrote:
//
//	m, err := layers.FromKeras(file)
//	err = ckpt.LoadWeights(ctx, "training/ckpt-7", m, ckpt.At("model"))
//	y, err := m.Run(nil, x)
//
// What is in the fields is the model's own: layers may be looked at, but not put in or taken out.
//
// Once the weights are there, any number of goroutines may run one model at a time.
type Model struct {
	// Operations are the layers of a Functional model, in Keras's order: pointers to layers and to models, nil where an input or
	// an operator stands, which have nothing to save.
	Operations []any `ckpt:"_operations"`

	// Functional is the model that a Sequential one is made of; nil for a Functional model.
	Functional *Model `ckpt:"_functional"`

	who     id
	inputs  []TensorSpec
	named   bool // a dict is passed on by its names
	nodes   []node
	outputs []place
	specs   []TensorSpec
}

// A TensorSpec says what one of a model's inputs or outputs is. An axis of -1 may be of any length; a nil Shape is not known.
type TensorSpec struct {
	Name  string
	DType tensor.DType
	Shape tensor.Shape
}

// A node is one call of a layer or an operator.
type node struct {
	callee *callee
	args   []any          // with places for what other nodes give
	kwargs map[string]any // the same
}

// A place is where a tensor comes from: an input, or what a node gives.
type place struct{ input, node, tensor int }

// FromKeras makes a model from the JSON that Keras 3 writes: model.to_json(), or config.json in a .keras file. It knows Functional
// and Sequential models, nested in each other or not, the layers of this package, and the operators of keras.ops that stand between
// layers. Weights are not in the JSON.
//
// The error names a layer, an operator or an option that this package does not know, and has [ErrUnknownLayer] or
// [ErrUnknownOption]. Models compute in float32 whatever their dtype policy; one that is quantized is refused.
func FromKeras(r io.Reader) (*Model, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("layers: model: %w", err)
	}
	var o modelObject
	if err := o.read(raw); err != nil {
		return nil, fmt.Errorf("layers: model: %w", err)
	}
	m, err := makeModel(o.ClassName, o.Config)
	if err != nil {
		return nil, err
	}
	if m == nil {
		return nil, errorf(id{kind: o.ClassName}, "%w: want a Functional or a Sequential model", ErrUnknownLayer)
	}
	return m, nil
}

// body returns the model that has the nodes.
func (m *Model) body() *Model {
	if m.Functional != nil {
		return m.Functional
	}
	return m
}

// Name returns the model's name.
func (m *Model) Name() string { return m.who.name }

// Inputs says what Run takes, in its order: that of the model's list of inputs, or of the sorted names of a dict.
func (m *Model) Inputs() []TensorSpec { return slices.Clone(m.body().inputs) }

// Outputs says what Run returns, in its order. An output's name is that of the layer that gives it, as Keras has it, so that several
// may have one; the output of a Sequential model, which has none in Keras, is y0. Shapes are not known.
func (m *Model) Outputs() []TensorSpec {
	specs := slices.Clone(m.body().specs)
	if m.Functional != nil {
		for i := range specs {
			specs[i].Name = fmt.Sprintf("y%d", i)
		}
	}
	return specs
}

// Run computes the model. Inputs are converted to the dtypes of [Model.Inputs] as Keras converts them, and an axis of length 1 at the
// end is added or left out where that makes the rank fit. Integers come out in Keras's dtype, fractions as float32.
// The Context, which may be nil, has masks for the inputs and scratch memory.
func (m *Model) Run(c *Context, inputs ...tensor.Any) ([]tensor.Any, error) {
	vs := make([]*value, len(inputs))
	for i, x := range inputs {
		v, err := newValue(x)
		if err != nil {
			return nil, errorf(m.who, "input %d: %w", i, err)
		}
		vs[i] = &value{x: v.x, as: v.as, mask: c.Mask(i)}
	}
	out, err := m.run(c.workspace(), vs)
	if err != nil {
		return nil, err
	}
	ys := make([]tensor.Any, len(out))
	for i, v := range out {
		if ys[i], err = v.tensor(); err != nil {
			return nil, errorf(m.who, "output %d: %w", i, err)
		}
		for j := range i { // the caller's own
			if ys[i] == ys[j] {
				ys[i] = tensor.Clone(ys[i])
			}
		}
	}
	return ys, nil
}

// Arrange puts inputs that have names into the order of Run. A model with one input takes one of any name.
func (m *Model) Arrange(inputs map[string]tensor.Any) ([]tensor.Any, error) {
	specs := m.body().inputs
	if len(inputs) != len(specs) {
		return nil, errorf(m.who, "%d inputs, want %d: %q", len(inputs), len(specs), specNames(specs))
	}
	xs := make([]tensor.Any, len(specs))
	for i, s := range specs {
		x, ok := inputs[s.Name]
		if !ok && len(specs) == 1 {
			for _, x = range inputs {
				ok = true
			}
		}
		if !ok {
			return nil, errorf(m.who, "no input %q: want %q", s.Name, specNames(specs))
		}
		xs[i] = x
	}
	return xs, nil
}

func specNames(specs []TensorSpec) []string {
	names := make([]string, len(specs))
	for i, s := range specs {
		names[i] = s.Name
	}
	return names
}

// Call computes a model of one input and one output.
func (m *Model) Call(x *Tensor) (*Tensor, error) { return m.Forward(nil, x) }

// Forward is Call with a [Context].
func (m *Model) Forward(c *Context, x *Tensor) (*Tensor, error) {
	ys, err := m.ForwardAll(c, []*Tensor{x})
	if err != nil {
		return nil, err
	}
	if len(ys) != 1 {
		return nil, errorf(m.who, "%d outputs where one is wanted", len(ys))
	}
	return ys[0], nil
}

// ForwardAll computes the model for float32 inputs and outputs.
func (m *Model) ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error) {
	vs := make([]*value, len(xs))
	for i, x := range xs {
		if err := checkInput(m.who, x, 0, 0); err != nil {
			return nil, err
		}
		vs[i] = &value{x: x, as: tensor.DTFloat32, mask: c.Mask(i)}
	}
	out, err := m.run(c.workspace(), vs)
	if err != nil {
		return nil, err
	}
	ys := make([]*Tensor, len(out))
	for i, v := range out {
		if ys[i], err = v.float(); err != nil {
			return nil, errorf(m.who, "output %d: %w", i, err)
		}
	}
	return ys, nil
}

// run computes the nodes in their order.
func (m *Model) run(work *Workspace, inputs []*value) ([]*value, error) {
	b := m.body()
	if len(inputs) != len(b.inputs) {
		return nil, errorf(m.who, "%d inputs, want %d: %q", len(inputs), len(b.inputs), specNames(b.inputs))
	}
	in := make([]*value, len(inputs))
	for i, v := range inputs {
		var err error
		if in[i], err = b.inputs[i].fit(m.who, v); err != nil {
			return nil, err
		}
	}
	results := make([][]*value, len(b.nodes))
	at := func(p place) (*value, error) {
		if p.node < 0 {
			return in[p.input], nil
		}
		if p.tensor >= len(results[p.node]) {
			return nil, errorf(b.nodes[p.node].callee.who, "tensor %d of %d is asked for", p.tensor, len(results[p.node]))
		}
		return results[p.node][p.tensor], nil
	}
	for i := range b.nodes {
		n := &b.nodes[i]
		a := &arguments{who: n.callee.who, kw: make(map[string]any, len(n.kwargs)), work: work, used: make(map[string]bool)}
		for _, arg := range n.args {
			given, err := resolveArg(arg, at)
			if err != nil {
				return nil, err
			}
			a.args = append(a.args, given)
		}
		for name, arg := range n.kwargs {
			given, err := resolveArg(arg, at)
			if err != nil {
				return nil, err
			}
			a.kw[name] = given
		}
		var err error
		if results[i], err = n.callee.call(a); err != nil {
			return nil, err
		}
	}
	out := make([]*value, len(b.outputs))
	for i, p := range b.outputs {
		var err error
		if out[i], err = at(p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// resolveArg returns arg with values for places.
func resolveArg(arg any, at func(place) (*value, error)) (any, error) {
	switch a := arg.(type) {
	case place:
		return at(a)
	case []any:
		list := make([]any, len(a))
		for i, item := range a {
			given, err := resolveArg(item, at)
			if err != nil {
				return nil, err
			}
			list[i] = given
		}
		return list, nil
	case map[string]any:
		dict := make(map[string]any, len(a))
		for name, item := range a {
			given, err := resolveArg(item, at)
			if err != nil {
				return nil, err
			}
			dict[name] = given
		}
		return dict, nil
	}
	return arg, nil
}

// fit returns v as the input s: Functional._standardize_inputs.
func (s TensorSpec) fit(who id, v *value) (*value, error) {
	x, err := v.cast(s.DType)
	if err != nil {
		return nil, errorf(who, "input %q: %w", s.Name, err)
	}
	if s.Shape == nil {
		return x.masked(v.mask), nil
	}
	got, rank := x.shape(), len(s.Shape)
	switch {
	case len(got) == rank+1 && got[rank] == 1:
		x, err = reshapeValue(x, got[:rank]...)
	case len(got) == rank-1 && s.Shape[rank-1] == 1:
		x, err = reshapeValue(x, append(slices.Clone(got), 1)...)
	}
	if err != nil {
		return nil, errorf(who, "input %q: %w", s.Name, err)
	}
	got = x.shape()
	fits := len(got) == rank
	for i := 1; fits && i < rank; i++ { // as in Keras, any batch will do
		fits = s.Shape[i] < 0 || s.Shape[i] == got[i]
	}
	if !fits {
		return nil, shapeErrorf(who, fmt.Sprintf("input %q", s.Name), v.shape(), "%s", pattern(s.Shape))
	}
	return x.masked(v.mask), nil
}
