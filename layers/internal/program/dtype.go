package program

import (
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// dtypes returns the dtype of every output.
func (p *Program) dtypes() []tensor.DType {
	known := make([]tensor.DType, len(p.nodes))
	of := func(from place) tensor.DType {
		if from.node < 0 {
			return p.Inputs[from.input].DType
		}
		c := p.nodes[from.node].callee
		switch {
		case known[from.node] == tensor.InvalidDType: // an inner model, which may have several outputs
			if inner := c.inner(); inner != nil && from.tensor < len(inner.Results) {
				return inner.Results[from.tensor].DType
			}
		case from.tensor > 0 && c.operator != nil:
			return ops.LaterDType(c.Class, known[from.node])
		}
		return known[from.node]
	}
	for i := range p.nodes {
		known[i] = p.nodes[i].dtype(of)
	}
	out := make([]tensor.DType, len(p.outputs))
	for i, from := range p.outputs {
		out[i] = of(from)
		if ops.IsFloat(out[i]) || out[i] == tensor.InvalidDType {
			out[i] = tensor.DTFloat32
		}
	}
	return out
}

// dtype returns the dtype of n's result. of returns the dtypes of its arguments. For an inner model, dtype returns InvalidDType.
func (n *node) dtype(of func(place) tensor.DType) tensor.DType {
	c := n.callee
	if c.operator == nil {
		if c.inner() != nil {
			return tensor.InvalidDType
		}
		if fixed := c.lib.DType(c.Class, c.Layer); fixed != tensor.InvalidDType {
			return fixed
		}
	}
	if to := c.to; to != tensor.InvalidDType {
		return to
	}
	known := func(leaf any) (any, error) {
		if from, ok := leaf.(place); ok {
			return ops.Known{DType: of(from)}, nil
		}
		return leaf, nil
	}
	args, _ := ops.MapArgs(n.args, known) // known does not fail
	kwargs, _ := ops.MapKwargs(n.kwargs, known)
	if c.operator == nil {
		return ops.CommonArgDType(args, kwargs)
	}
	return ops.ResultDType(c.Class, args, kwargs)
}
