package layers

import (
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// A Tensor is the type of a layer's inputs, outputs and weights.
type Tensor = tensor.Tensor[float32]

// A Mask says which steps of a tensor count: its shape is that of the tensor's first axes, usually [batch steps].
type Mask = tensor.Tensor[bool]

// A Layer computes one tensor from another.
type Layer interface {
	// Call returns the layer's output for x: Forward without a Context.
	Call(x *Tensor) (*Tensor, error)

	// Forward is Call with a Context, which may be nil.
	Forward(c *Context, x *Tensor) (*Tensor, error)
}

// A MultiLayer takes or returns several tensors, in the order of Keras's layer. If a Layer is also a MultiLayer, its Forward
// handles the most common case of one input and one output.
type MultiLayer interface {
	ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error)
}

// A Builder makes missing weights for the shape of its input, including the batch axis, and returns an error if an existing weight
// does not fit. Forward does this automatically; calling Build before makes the first Forward faster. Any number of goroutines may
// call the Builders of this package.
type Builder interface {
	Build(input tensor.Shape) error
}

// A Masker is a layer that passes a mask on: Keras's supports_masking and compute_mask. OutputMask returns the mask of the layer's
// output, or nil, for the given inputs and their masks in c.
type Masker interface {
	OutputMask(c *Context, xs ...*Tensor) (*Mask, error)
}

// A Context has the masks of a layer's inputs and its scratch memory. A nil Context has no masks, and each call allocates its
// scratch memory. Only one call at a time may use a Context.
type Context struct {
	// Masks has one mask per input, or nil. It may be shorter than the number of inputs.
	Masks []*Mask

	// Workspace provides scratch memory. If it is nil, each call allocates its own.
	Workspace *Workspace

	passing bool  // the output only goes to other layers of a run, and lies in the Workspace
	then    []any // layers that Forward applies to its output: see joins.go

	padded  tensor.Shape // the shape of a convolution's input with zeros around it, which the input itself does not have; nil: no zeros
	padding triple       // the number of zeros before each spatial axis
}

// Mask returns the mask of the i-th input, or nil.
func (c *Context) Mask(i int) *Mask {
	if c == nil || i >= len(c.Masks) {
		return nil
	}
	return c.Masks[i]
}

// workspace returns the scratch memory, or nil if c has none.
func (c *Context) workspace() *kernel.Scratch {
	if c == nil {
		return nil
	}
	return (*kernel.Scratch)(c.Workspace)
}

// newOutput returns a tensor for a layer's result: its values are undefined until the layer sets all of them.
func (c *Context) newOutput(who id, shape ...int) (*Tensor, error) {
	if c == nil || c.Workspace == nil {
		return newOutput(who, shape...)
	}
	if err := checkSize(who, "output", shape); err != nil {
		return nil, err
	}
	n := tensor.Shape(shape).Len()
	if c.passing {
		return tensor.FromSlice(c.Workspace.Results.Floats(n), shape...)
	}
	if data := c.Workspace.Results.Given(n); data != nil {
		return tensor.FromSlice(data, shape...)
	}
	return tensor.New[float32](shape...), nil
}

// newZeros is newOutput with zeros.
func (c *Context) newZeros(who id, shape ...int) (*Tensor, error) {
	y, err := c.newOutput(who, shape...)
	if err == nil && c != nil && c.Workspace != nil {
		kernel.Parallel(y.Len(), 1, func(_, lo, hi int) { clear(y.Data()[lo:hi]) })
	}
	return y, err
}

// clone returns a copy of x for a layer's result.
func (c *Context) clone(who id, x *Tensor) (*Tensor, error) {
	if c == nil || !c.passing {
		return x.Clone(), nil
	}
	y, err := c.newOutput(who, x.Shape()...)
	if err == nil {
		kernel.Parallel(y.Len(), 1, func(_, lo, hi int) { copy(y.Data()[lo:hi], x.Data()[lo:hi]) })
	}
	return y, err
}

// A Workspace keeps memory from call to call: the scratch memory of layers, and the results that go from layer to layer within a
// model. Its zero value is ready to use. Scratch memory grows to the needs of the largest call. The memory for results is that of
// the last run. Only one call at a time may use a Workspace: goroutines that call layers concurrently need one each.
type Workspace kernel.Scratch

// Reuse gives w the memory of results that the caller no longer needs, so that later calls with w can use it for their results.
// This saves large allocations. Afterwards neither these tensors nor others that share their memory may be used. Do not call Reuse
// while a call uses w. A Workspace keeps the last few tensors that it received.
func (w *Workspace) Reuse(results ...*Tensor) {
	for _, y := range results {
		w.Results.Give(y.Data())
	}
}
