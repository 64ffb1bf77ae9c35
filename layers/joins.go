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
func (kerasLibrary) Join(layer any, others []any) bool {
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
