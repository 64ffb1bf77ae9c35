package layers

import (
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// This file has the calls of a model that are one: a convolution, a Dense or a sum, the BatchNormalization of its channels behind it, and an
// activation behind that. Weights stay as they are; what the layers behind compute is done with a block of the first one's result while it
// is in the cache.

// Join reports whether a call of layer does what calls of others behind it do: it takes them from its Context's then.
func (k kerasLibrary) Join(layer any, others []any) bool {
	if rank, ok := asZeroPadding(layer); ok {
		return rank > 0 && rank == findsZeros(others[0]) && (len(others) == 1 || k.Join(others[0], others[1:]))
	}
	first, ok := joinedTo(layer)
	if !ok {
		return false
	}
	for i, l := range others {
		switch l := l.(type) {
		case *BatchNormalization:
			axis := axisOrLast(l.Axis)
			if i > 0 || !first.scaled || axis != -1 && axis != first.rank-1 {
				return false
			}
		case interface {
			function() (activation.Func, error)
		}:
			f, err := l.function()
			if err != nil || f.ByRow() || i != len(others)-1 {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// Keeps reports whether a layer may hold on to tensors: one that FromKeras's caller gave, or one in which such a layer may be.
func (k kerasLibrary) Keeps(class string, layer any) bool {
	switch layer.(type) {
	case *TimeDistributed, *Bidirectional, *RNN, *SpectralNormalization:
		return len(k.custom) > 0
	}
	return k.custom[class] != nil
}

// A joinable says what may be joined to a layer.
type joinable struct {
	scaled bool // a BatchNormalization of its last axis
	rank   int  // of its output, 0 where that is any
}

func joinedTo(layer any) (joinable, bool) {
	switch l := layer.(type) {
	case *Conv1D:
		return joinable{true, 3}, l.Activation.IsLinear() && !l.ChannelsFirst
	case *Conv2D:
		return joinable{true, 4}, l.Activation.IsLinear() && !l.ChannelsFirst
	case *Conv3D:
		return joinable{true, 5}, l.Activation.IsLinear() && !l.ChannelsFirst
	case *Conv1DTranspose:
		return joinable{true, 3}, l.Activation.IsLinear() && !l.ChannelsFirst
	case *Conv2DTranspose:
		return joinable{true, 4}, l.Activation.IsLinear() && !l.ChannelsFirst
	case *DepthwiseConv1D:
		return joinable{true, 3}, l.Activation.IsLinear() && !l.ChannelsFirst
	case *DepthwiseConv2D:
		return joinable{true, 4}, l.Activation.IsLinear() && !l.ChannelsFirst
	case *SeparableConv1D:
		return joinable{true, 3}, l.Activation.IsLinear() && !l.ChannelsFirst
	case *SeparableConv2D:
		return joinable{true, 4}, l.Activation.IsLinear() && !l.ChannelsFirst
	case *Dense:
		return joinable{true, 0}, l.Activation.IsLinear() && l.policy == ""
	case *BatchNormalization, *Add:
		return joinable{}, true
	}
	return joinable{}, false
}

// asZeroPadding returns the number of spatial axes of a ZeroPadding, 0 where no convolution behind it finds its zeros by itself.
func asZeroPadding(layer any) (rank int, ok bool) {
	of := func(z *ZeroPadding, rank int) (int, bool) {
		if z.ChannelsFirst {
			return 0, true
		}
		return rank, true
	}
	switch z := layer.(type) {
	case *ZeroPadding1D:
		return of((*ZeroPadding)(z), 1)
	case *ZeroPadding2D:
		return of((*ZeroPadding)(z), 2)
	case *ZeroPadding3D:
		return of((*ZeroPadding)(z), 3)
	}
	return 0, false
}

// findsZeros returns the number of spatial axes of a convolution that can do without a ZeroPadding, 0 for another layer.
func findsZeros(layer any) int {
	of := func(padding Padding, channelsFirst bool, rank int) int {
		if padding != Valid || channelsFirst {
			return 0
		}
		return rank
	}
	switch l := layer.(type) {
	case *Conv1D:
		return of(l.Padding, l.ChannelsFirst, 1)
	case *Conv2D:
		return of(l.Padding, l.ChannelsFirst, 2)
	case *Conv3D:
		return of(l.Padding, l.ChannelsFirst, 3)
	case *DepthwiseConv1D:
		return of(l.Padding, l.ChannelsFirst, 1)
	case *DepthwiseConv2D:
		return of(l.Padding, l.ChannelsFirst, 2)
	}
	return 0
}

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
