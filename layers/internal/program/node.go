package program

import (
	"maps"
	"slices"
)

// A node is one call of a layer or an operator.
type node struct {
	callee *Callee
	args   []any          // with places for what other nodes give
	kwargs map[string]any // the same

	// What plan finds:
	then   []int // nodes that the call does, too
	joined bool  // the node is in another's then
	gives  bool  // the result is an output
}

// A place is where a tensor comes from: an input, or what a node gives.
type place struct{ input, node, tensor int }

// parents returns the nodes that give the tensors for the call of n, in the order of its arguments.
func (n *node) parents() []int {
	var all []int
	for _, from := range n.sources() {
		if from.node >= 0 {
			all = append(all, from.node)
		}
	}
	return all
}

// sources returns the places of the tensors that n is called with, in the order of its arguments.
func (n *node) sources() []place {
	var all []place
	var walk func(arg any)
	walk = func(arg any) {
		switch a := arg.(type) {
		case place:
			all = append(all, a)
		case []any:
			for _, item := range a {
				walk(item)
			}
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(a)) {
				walk(a[name])
			}
		}
	}
	walk(n.args)
	walk(n.kwargs)
	return all
}

// moved changes n's places after nodes moved to the given ones.
func (n *node) moved(at []int) {
	var moved func(arg any) any
	moved = func(arg any) any {
		switch a := arg.(type) {
		case place:
			if a.node >= 0 {
				a.node = at[a.node]
			}
			return a
		case []any:
			for i := range a {
				a[i] = moved(a[i])
			}
		case map[string]any:
			for name := range a {
				a[name] = moved(a[name])
			}
		}
		return arg
	}
	moved(n.args)
	moved(n.kwargs)
}

// copied returns a copy of n with places for nodes that are at other indices.
func (n *node) copied(at []int) node {
	var copied func(arg any) any
	copied = func(arg any) any {
		switch a := arg.(type) {
		case place:
			if a.node >= 0 {
				a.node = at[a.node]
			}
			return a
		case []any:
			list := make([]any, len(a))
			for i, item := range a {
				list[i] = copied(item)
			}
			return list
		case map[string]any:
			dict := make(map[string]any, len(a))
			for name, item := range a {
				dict[name] = copied(item)
			}
			return dict
		}
		return arg
	}
	c := node{callee: n.callee, kwargs: copied(n.kwargs).(map[string]any)}
	if n.args != nil {
		c.args = copied(n.args).([]any)
	}
	return c
}
