package layers

import (
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// A Tensor is what layers compute with.
type Tensor = tensor.Tensor[float32]

// A Mask says which steps of a tensor count: its shape is that of the tensor's first axes, usually [batch steps].
type Mask = tensor.Tensor[bool]

// A Layer computes one tensor from one other.
type Layer interface {
	// Call returns the layer's output for x: Forward without a Context.
	Call(x *Tensor) (*Tensor, error)

	// Forward is Call with what may go along; c may be nil.
	Forward(c *Context, x *Tensor) (*Tensor, error)
}

// A MultiLayer takes or returns several tensors, in the order in which Keras's layer has them. A Layer that also is a
// MultiLayer does in Forward what its one most usual input and output ask for.
type MultiLayer interface {
	ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error)
}

// A Builder makes the weights that it lacks, from the shape of its input, batch axis included, and returns an error where
// one that it has does not fit. Forward does this by itself; Build beforehand spares the first Forward the time. The Builders of this package
// may be called by any number of goroutines.
type Builder interface {
	Build(input tensor.Shape) error
}

// A Masker is a layer that hands a mask on: Keras's supports_masking and compute_mask. OutputMask returns the mask of the
// layer's output, nil for none, given the inputs and, in c, their masks.
type Masker interface {
	OutputMask(c *Context, xs ...*Tensor) (*Mask, error)
}

// A Context is what goes along with a layer's inputs. The nil Context has no masks and makes its scratch memory anew.
// A Context belongs to one call at a time.
type Context struct {
	// Masks has one mask per input, nil for an input without one; it may be shorter than the number of inputs.
	Masks []*Mask

	// Workspace is where scratch memory comes from; nil makes it anew for each call.
	Workspace *Workspace

	passing bool  // the output goes on to other layers of a run alone, and lies in the Workspace
	then    []any // layers that Forward applies to its output: see joins.go

	padded  tensor.Shape // of the input of a convolution with zeros around it, which it does not have; nil: it has none
	padding triple       // how many of them are before each spatial axis
}

// Mask returns the mask of the i-th input, nil where it has none.
func (c *Context) Mask(i int) *Mask {
	if c == nil || i >= len(c.Masks) {
		return nil
	}
	return c.Masks[i]
}

// workspace returns the scratch memory, nil where c has none.
func (c *Context) workspace() *kernel.Scratch {
	if c == nil {
		return nil
	}
	return (*kernel.Scratch)(c.Workspace)
}

// newOutput returns a tensor for a layer's result: its values are undefined, and the layer sets them all.
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

// A Workspace keeps the scratch memory of layers, and of the results that go from layer to layer within a model, from call to call. Its zero
// value is ready to use. Scratch memory grows to what the largest call needs and stays; of the results it keeps what the last run needed. It belongs to one call at a time: goroutines that call layers concurrently need one each.
type Workspace kernel.Scratch

// Reuse gives w the memory of results that the caller needs no longer: results of later calls with w may lie there, which spares the system
// and the garbage collector large ones. Nobody may use them, nor tensors over the same memory, from then on; w must not be in a call. A
// Workspace keeps the last few that it was given.
func (w *Workspace) Reuse(results ...*Tensor) {
	for _, y := range results {
		w.Results.Give(y.Data())
	}
}
