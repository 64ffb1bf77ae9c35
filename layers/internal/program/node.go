package program

import "github.com/gockpt/ckpt/layers/internal/ops"

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
	for v := range ops.Leaves(n.args, n.kwargs) {
		if from, ok := v.(place); ok && from.node >= 0 {
			all = append(all, from.node)
		}
	}
	return all
}

// moved returns a copy of n with updated places, without what plan sets. at maps old indices of nodes to new ones.
func (n *node) moved(at []int) node {
	c := node{callee: n.callee}
	move := func(v any) (any, error) {
		if from, ok := v.(place); ok && from.node >= 0 {
			from.node = at[from.node]
			return from, nil
		}
		return v, nil
	}
	c.args, _ = ops.MapArgs(n.args, move) // move does not fail
	c.kwargs, _ = ops.MapKwargs(n.kwargs, move)
	return c
}
