package layers

import (
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// This file has what a layer does for the layers that are joined to it: see joins.go.

// joined returns the layer that a ZeroPadding hands its input to, and takes it from those that are to come; nil for none.
func (c *Context) joined() Layer {
	if c == nil || len(c.then) == 0 {
		return nil
	}
	l := c.then[0].(Layer)
	c.then = c.then[1:]
	return l
}

// inputShape returns the shape of the input that a convolution has in a model's description: x's, with the zeros around it.
func (c *Context) inputShape(x *Tensor) tensor.Shape {
	if c == nil || c.padded == nil {
		return x.Shape()
	}
	return c.padded
}

// unpad makes c, planned for an input with zeros around it, look for them beyond the edges of x.
func (c *convolution) unpad(ctx *Context, l *layout, x *Tensor) {
	if ctx == nil || ctx.padded == nil {
		return
	}
	copy(l.size[3-l.rank:], x.Shape()[1:])
	c.in = l.size
	for i := range c.axes {
		c.axes[i].offset -= ctx.padding[i]
	}
}

// epilogue returns what is done with the values of a layer's output of the given shape, with the layer's own activation: what the
// layers that are joined to it compute. Its memory is the Workspace's.
func (c *Context) epilogue(own activation.Func, output tensor.Shape) (kernel.Epilogue, error) {
	e := kernel.Epilogue{Activation: own}
	if c == nil {
		return e, nil
	}
	for _, l := range c.then {
		switch l := l.(type) {
		case *BatchNormalization:
			if _, err := l.plan(output); err != nil {
				return e, err
			}
			e.Mul, e.Add = l.factors(c.workspace())
		case interface {
			function() (activation.Func, error)
		}:
			f, err := l.function()
			if err != nil {
				return e, err
			}
			e.Activation = f
		}
	}
	return e, nil
}

// folded returns weights, with a filter's along the last axis, and bias as they are with a factor and a summand for each filter in them, and takes
// those from the epilogue; or as they are, where a new copy of the weights costs more than it saves.
func (c *convolution) folded(w *kernel.Scratch, weights, bias []float32) (_, _ []float32) {
	e := &c.epilogue
	if e.Mul == nil || c.filters == 0 || len(weights)/c.filters > c.out.len()/4 {
		return weights, bias
	}
	scaled, shifted := w.Floats(len(weights)), w.Floats(c.filters)
	for at := 0; at < len(scaled); at += c.filters {
		for i, m := range e.Mul {
			scaled[at+i] = weights[at+i] * m
		}
	}
	copy(shifted, e.Add)
	for i, b := range bias {
		shifted[i] += b * e.Mul[i]
	}
	e.Mul, e.Add = nil, nil
	return scaled, shifted
}
