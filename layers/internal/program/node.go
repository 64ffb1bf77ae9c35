package program

import (
	"maps"
	"slices"
)

// A node is one call of a layer or an operator.
type node struct {
	callee *Callee
	args   []any          // results of other nodes are places
	kwargs map[string]any // like args

	// Set by plan:
	then   []int // nodes that the same call computes
	joined bool  // the node is in another node's then
	gives  bool  // the result is an output
}

// A place identifies a tensor: an input (if node is negative), or a result of a node.
type place struct{ input, node, tensor int }

// parents returns the nodes that compute n's arguments, in the order of the arguments.
func (n *node) parents() []int {
	var all []int
	for _, from := range n.sources() {
		if from.node >= 0 {
			all = append(all, from.node)
		}
	}
	return all
}

// sources returns the places among n's arguments, in order.
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

// moved updates n's places in place. at maps old indices of nodes to new ones.
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

// copied returns a copy of n with updated places. at maps old indices of nodes to new ones.
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
