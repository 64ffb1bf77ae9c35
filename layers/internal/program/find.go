package program

import (
	"maps"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/fault"
)

// isFunctional reports a callee that is an inner Functional model.
func (b *builder) isFunctional(at int) bool {
	inner := b.Callees[at].inner()
	return inner != nil && !inner.Chain
}

// find returns the place of the tensor that r refers to, and makes the node that gives it.
func (b *builder) find(r reference) (place, error) {
	at, ok := b.index[r.name]
	if !ok {
		return place{}, fault.Errorf(b.Who, "no layer is called %q", r.name)
	}
	if b.lib.Keras2() && r.node > 0 && b.Callees[at].inner() != nil {
		r.node-- // Keras 2 counts the call that made the inner model, everywhere
	}
	if i, ok := b.places[[2]int{at, r.node}]; ok {
		if i < 0 {
			return place{input: -1 - i, node: -1}, nil
		}
		return place{node: i, tensor: r.tensor}, nil
	}
	if r.node >= len(b.calls[at]) {
		return place{}, fault.Errorf(b.Who, "call %d of layer %q, which is called %d times", r.node, r.name, len(b.calls[at]))
	}
	c := &b.calls[at][r.node]
	if c.state == 1 {
		return place{}, fault.Errorf(b.Who, "layer %q depends on itself", r.name)
	}
	c.state = 1
	n := node{callee: b.Callees[at], kwargs: make(map[string]any, len(c.kwargs))}
	for _, arg := range c.args {
		given, err := b.findIn(arg)
		if err != nil {
			return place{}, err
		}
		n.args = append(n.args, given)
	}
	for _, name := range slices.Sorted(maps.Keys(c.kwargs)) {
		given, err := b.findIn(c.kwargs[name])
		if err != nil {
			return place{}, err
		}
		n.kwargs[name] = given
	}
	c.state = 2
	b.places[[2]int{at, r.node}] = len(b.nodes)
	b.nodes = append(b.nodes, n)
	return place{node: len(b.nodes) - 1, tensor: r.tensor}, nil
}

// findIn returns arg with places for references.
func (b *builder) findIn(arg any) (any, error) {
	switch a := arg.(type) {
	case reference:
		return b.find(a)
	case []any:
		list := make([]any, len(a))
		for i, item := range a {
			found, err := b.findIn(item)
			if err != nil {
				return nil, err
			}
			list[i] = found
		}
		return list, nil
	case map[string]any:
		dict := make(map[string]any, len(a))
		for _, name := range slices.Sorted(maps.Keys(a)) {
			found, err := b.findIn(a[name])
			if err != nil {
				return nil, err
			}
			dict[name] = found
		}
		return dict, nil
	}
	return arg, nil
}
