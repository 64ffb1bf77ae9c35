package layers

import (
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// This file computes the layers that are joined to a layer: see joins.go.

// joined returns the layer to which a ZeroPadding passes its input, and removes it from the layers to come. It returns nil if
// there is none.
func (c *Context) joined() Layer {
	if c == nil || len(c.then) == 0 {
		return nil
	}
	l := c.then[0].(Layer)
	c.then = c.then[1:]
	return l
}

// inputShape returns the shape of a convolution's input in the model's description: that of x with the zeros around it.
func (c *Context) inputShape(x *Tensor) tensor.Shape {
	if c == nil || c.padded == nil {
		return x.Shape()
	}
	return c.padded
}

// unpad changes c, which was planned for an input with zeros around it, to find these zeros beyond the edges of x.
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

// epilogue returns the operations on a layer's output of the given shape: the layer's activation and the layers that are joined to
// it. It uses the Workspace's memory.
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

// folded multiplies the epilogue's factor and adds its summand for each filter into weights, which have the filters along the last
// axis, and into bias, and removes them from the epilogue. If a copy of the weights costs more than it saves, folded returns
// weights and bias unchanged.
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
