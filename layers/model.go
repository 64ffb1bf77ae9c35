package layers

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/layers/internal/program"
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
// Any number of goroutines may run one model at a time, each with a Context of its own or none. Runs that may have to make weights, those
// until the first that succeeds, take turns. Loading weights must come before or after all runs.
//
// A run takes as much memory as the results need that there are at a time, and the scratch memory of the largest layer. Its Workspace keeps
// that for the next run; runs without one share what idle runs of the model left, which the garbage collector may take. So n runs at a
// time need n times that, and no run copies weights but those of a convolution before a BatchNormalization, where they are few beside the
// output. A layer of [WithLayer] may hold on to tensors.
type Model struct {
	// Operations are the layers of a Functional model, in Keras's order: pointers to layers and to models, nil where an input or
	// an operator stands, which have nothing to save. Those of a Sequential model are Functional's, and this is empty.
	Operations []any `ckpt:"_operations"`

	// Functional is the model that a Sequential one is made of; nil for a Functional model.
	Functional *Model `ckpt:"_functional"`

	first   *firstRun
	program *program.Program
	idle    *sync.Pool      // of *kernel.Scratch, for runs without a Workspace
	source  json.RawMessage // what FromKeras read; nil for a model within another
}

// A TensorSpec says what one of a model's inputs or outputs is. An axis of -1 may be of any length; a nil Shape is not known.
type TensorSpec struct {
	Name  string
	DType tensor.DType
	Shape tensor.Shape
}

// Config returns the JSON that the model was made from, as it was read; nil for a model within another.
func (m *Model) Config() json.RawMessage { return slices.Clone(m.source) }

// Name returns the model's name.
func (m *Model) Name() string { return m.program.Who.Name }

// Inputs says what Run takes, in its order: that of the model's list of inputs, or of the sorted names of a dict.
func (m *Model) Inputs() []TensorSpec { return publicSpecs(m.program.Inputs) }

// Outputs says what Run returns, in its order. An output's name is that of the layer that gives it, as Keras has it, so that several
// may have one; the output of a Sequential model, which has none in Keras, is y0. Shapes are not known.
func (m *Model) Outputs() []TensorSpec {
	specs := publicSpecs(m.program.Results)
	if m.Functional != nil {
		for i := range specs {
			specs[i].Name = fmt.Sprintf("y%d", i)
		}
	}
	return specs
}

// Run computes the model. Inputs are converted to the dtypes of [Model.Inputs] as Keras converts them, and an axis of length 1 at the
// end is added or left out where that makes the rank fit. Integers come out in Keras's dtype, fractions as float32.
// The Context, which may be nil, has masks for the inputs and scratch memory. The outputs are the caller's own: they share memory neither
// with each other, nor with the inputs, nor with the model.
func (m *Model) Run(c *Context, inputs ...tensor.Any) ([]tensor.Any, error) {
	vs := make([]*ops.Value, len(inputs))
	for i, x := range inputs {
		v, err := ops.NewValue(x)
		if err != nil {
			return nil, errorf(m.id(), "input %d: %w", i, err)
		}
		vs[i] = &ops.Value{X: v.X, As: v.As, Mask: c.Mask(i)}
	}
	out, err := m.run(c, vs)
	if err != nil {
		return nil, err
	}
	ys := make([]tensor.Any, len(out))
	for i, v := range out {
		if ys[i], err = v.Tensor(); err != nil {
			return nil, errorf(m.id(), "output %d: %w", i, err)
		}
	}
	return ys, nil
}

// Arrange puts inputs that have names into the order of Run. A model with one input takes one of any name.
func (m *Model) Arrange(inputs map[string]tensor.Any) ([]tensor.Any, error) {
	specs := m.program.Inputs
	if len(inputs) != len(specs) {
		return nil, errorf(m.id(), "%d inputs, want %d: %q", len(inputs), len(specs), m.program.InputNames())
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
			return nil, errorf(m.id(), "no input %q: want %q", s.Name, m.program.InputNames())
		}
		xs[i] = x
	}
	return xs, nil
}

func (m *Model) id() id { return id{m.program.Who.Kind, m.program.Who.Name} }

func publicSpecs(specs []program.Spec) []TensorSpec {
	public := make([]TensorSpec, len(specs))
	for i, s := range specs {
		public[i] = TensorSpec(s)
	}
	return public
}

// run runs the model's program.
func (m *Model) run(c *Context, inputs []*ops.Value) ([]*ops.Value, error) {
	var out []*ops.Value
	work := c.workspace()
	if work == nil {
		work = m.idle.Get().(*kernel.Scratch)
		defer m.idle.Put(work)
	}
	err := m.first.do(func() (err error) {
		out, err = m.program.Run(work, inputs, true)
		return err
	})
	if err != nil {
		return nil, shapeError(err)
	}
	return m.program.Own(inputs, out), nil
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
		return nil, errorf(m.id(), "%d outputs where one is wanted", len(ys))
	}
	return ys[0], nil
}

// ForwardAll computes the model for float32 inputs and outputs.
func (m *Model) ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error) {
	vs := make([]*ops.Value, len(xs))
	for i, x := range xs {
		if err := checkInput(m.id(), x, 0, 0); err != nil {
			return nil, err
		}
		vs[i] = &ops.Value{X: x, As: tensor.DTFloat32, Mask: c.Mask(i)}
	}
	out, err := m.run(c, vs)
	if err != nil {
		return nil, err
	}
	ys := make([]*Tensor, len(out))
	for i, v := range out {
		if ys[i], err = v.Float(); err != nil {
			return nil, errorf(m.id(), "output %d: %w", i, err)
		}
	}
	return ys, nil
}
