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
// Its exported fields are the edges that Keras 3 saves for a model. So it takes its weights from a checkpoint of
// tf.train.Checkpoint(model=model):
//
//	m, err := layers.FromKeras(file)
//	err = ckpt.LoadWeights(ctx, "training/ckpt-7", m, ckpt.At("model"))
//	y, err := m.Run(nil, x)
//
// The fields belong to the model: you may read the layers, but not add or remove any.
//
// Any number of goroutines may run one model at the same time, each with its own Context or nil. Runs take turns until the first
// one succeeds, because they may have to make weights. Load weights only before or after all runs.
//
// A run needs memory for the results that exist at the same time, and for the scratch memory of the largest layer. A Workspace
// keeps this memory for the next run. Runs without a Workspace share the memory of idle runs, which the garbage collector may
// free. So n concurrent runs need n times this memory. A run does not copy weights, except those of a convolution before a
// BatchNormalization if they are small compared with the output. A layer of [WithLayer] may keep tensors.
type Model struct {
	// Operations are the layers of a Functional model, in Keras's order: pointers to layers and to models, and nil for inputs and
	// operators, which have nothing to save. It is empty for a Sequential model, which has them in Functional.
	Operations []any `ckpt:"_operations"`

	// Functional is the Functional model inside a Sequential one; nil for a Functional model.
	Functional *Model `ckpt:"_functional"`

	first   *firstRun
	program *program.Program
	idle    *sync.Pool      // of *kernel.Scratch, for runs without a Workspace
	source  json.RawMessage // the JSON that FromKeras read; nil for a model within another
	keras2  bool
}

// A TensorSpec describes an input or an output of a model. An axis of -1 may have any length. If Shape is nil, the shape is not
// known.
type TensorSpec struct {
	Name  string
	DType tensor.DType
	Shape tensor.Shape
}

// Config returns the JSON from which the model was made, or nil for a model within another.
func (m *Model) Config() json.RawMessage { return slices.Clone(m.source) }

// Keras2 reports whether Keras 2 wrote the description that the model was made from; it reports false for an inner model.
func (m *Model) Keras2() bool { return m.keras2 }

// Name returns the model's name.
func (m *Model) Name() string { return m.program.Who.Name }

// Inputs describes the inputs of Run, in their order: that of the model's list of inputs, or of the sorted names of a dict.
func (m *Model) Inputs() []TensorSpec { return publicSpecs(m.program.Inputs) }

// Outputs describes the outputs of Run, in their order. As in Keras, an output has the name of its layer, so several may have the
// same name. The output of a Sequential model, which has no name in Keras, is y0. Shapes are not known.
func (m *Model) Outputs() []TensorSpec {
	specs := publicSpecs(m.program.Results)
	if m.Functional != nil {
		for i := range specs {
			specs[i].Name = fmt.Sprintf("y%d", i)
		}
	}
	return specs
}

// Run computes the model. Like Keras it converts inputs to the dtypes of [Model.Inputs], and adds or removes a last axis of length
// 1 if the rank fits then. Integer outputs have Keras's dtype, all others are float32. The Context, which may be nil, has masks
// for the inputs and scratch memory. The outputs belong to the caller: they share no memory with each other, with the inputs or
// with the model.
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

// Arrange puts named inputs into the order of Run. If a model has one input, its name does not matter.
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

// Call computes a model with one input and one output.
func (m *Model) Call(x *Tensor) (*Tensor, error) { return m.Forward(nil, x) }

// Forward is Call with a [Context].
func (m *Model) Forward(c *Context, x *Tensor) (*Tensor, error) {
	ys, err := m.ForwardAll(c, []*Tensor{x})
	if err != nil {
		return nil, err
	}
	if len(ys) != 1 {
		return nil, errorf(m.id(), "the model has %d outputs, want one: use Run", len(ys))
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
