package program

import (
	"github.com/gockpt/ckpt/layers/internal/description"
	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/ops"
)

// isFunctional reports whether a callee is an inner Functional model.
func (b *builder) isFunctional(at int) bool {
	inner := b.Callees[at].inner()
	return inner != nil && !inner.Chain
}

// find returns the place of the tensor that r refers to. It makes the node that computes the tensor.
func (b *builder) find(r description.Reference) (place, error) {
	at, ok := b.index[r.Name]
	if !ok {
		return place{}, fault.Errorf(b.Who, "no layer is called %q", r.Name)
	}
	if b.lib.Keras2() && r.Node > 0 && b.Callees[at].inner() != nil {
		r.Node-- // Keras 2 always counts the call that made the inner model
	}
	if i, ok := b.places[[2]int{at, r.Node}]; ok {
		if i < 0 {
			return place{input: -1 - i, node: -1}, nil
		}
		return place{node: i, tensor: r.Tensor}, nil
	}
	if r.Node >= len(b.calls[at]) {
		return place{}, fault.Errorf(b.Who, "call %d of layer %q, which is called %d times", r.Node, r.Name, len(b.calls[at]))
	}
	c := &b.calls[at][r.Node]
	if c.state == 1 {
		return place{}, fault.Errorf(b.Who, "layer %q depends on itself", r.Name)
	}
	c.state = 1
	found := func(v any) (any, error) {
		if r, ok := v.(description.Reference); ok {
			return b.find(r)
		}
		return v, nil
	}
	n := node{callee: b.Callees[at]}
	var err error
	if n.args, err = ops.MapArgs(c.Args, found); err != nil {
		return place{}, err
	}
	if n.kwargs, err = ops.MapKwargs(c.Kwargs, found); err != nil {
		return place{}, err
	}
	c.state = 2
	b.places[[2]int{at, r.Node}] = len(b.nodes)
	b.nodes = append(b.nodes, n)
	return place{node: len(b.nodes) - 1, tensor: r.Tensor}, nil
}
