package layers

import (
	"github.com/gockpt/ckpt/layers/activation"
)

// This file joins calls of a model: a convolution, a Dense or a sum, then a BatchNormalization of its channels, then an
// activation. Weights do not change. The later layers are computed for each block of the first layer's result while the block is
// in the cache.

// Join reports whether a call of layer also computes the calls of other layers after it. It then finds these in the field then of
// its Context.
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

// Keeps reports whether a layer may keep tensors after a call: a layer of FromKeras's caller, or a layer that may contain one.
func (k kerasLibrary) Keeps(class string, layer any) bool {
	switch layer.(type) {
	case *TimeDistributed, *Bidirectional, *RNN, *SpectralNormalization:
		return len(k.custom) > 0
	}
	return k.custom[class] != nil
}

// A joinable says which layers may be joined to a layer.
type joinable struct {
	scaled bool // a BatchNormalization of its last axis
	rank   int  // the rank of its output, or 0 for any
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

// asZeroPadding returns the number of spatial axes of a ZeroPadding, or 0 if the convolution after it cannot pad by itself.
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

// findsZeros returns the number of spatial axes of a convolution that can pad by itself instead of a ZeroPadding, or 0 for another
// layer.
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
