package program

import "slices"

// plan finds the nodes that one call can compute together, and the last use of each node's results.
func (p *Program) plan() {
	uses := make([][]int, len(p.nodes)) // the nodes that use a node's tensors, once per use
	given := make([]bool, len(p.nodes)) // the node's result is an output
	for i := range p.nodes {
		n := &p.nodes[i]
		n.then, n.joined, n.gives = nil, false, false
		for _, from := range n.parents() {
			uses[from] = append(uses[from], i)
		}
	}
	for _, o := range p.outputs {
		if o.node >= 0 {
			given[o.node] = true
		}
	}
	p.dead = make([][]int, len(p.nodes))
	for i := range p.nodes {
		n := &p.nodes[i]
		if n.joined {
			continue
		}
		last := i
		for !given[last] && len(uses[last]) == 1 {
			next := &p.nodes[uses[last][0]]
			if n.callee.operator != nil || !next.takesOnly(last) || !n.callee.lib.Join(n.callee.Layer, append(p.layersOf(n.then), next.callee.Layer)) {
				break
			}
			last = uses[last][0]
			n.then, next.joined = append(n.then, last), true
		}
		if n.gives = given[last]; !n.gives {
			end := slices.Max(append(uses[last], i))
			p.dead[end] = append(p.dead[end], last)
		}
	}
}

// takesOnly reports whether n calls a layer with the first tensor of node at as its only argument.
func (n *node) takesOnly(at int) bool {
	if n.callee.operator != nil || n.callee.Layer == nil || len(n.args) != 1 || n.args[0] != any(place{node: at}) {
		return false
	}
	for _, arg := range n.kwargs {
		if arg != nil && arg != false {
			return false
		}
	}
	return true
}

// layersOf returns the layers that nodes call.
func (p *Program) layersOf(nodes []int) []any {
	var layers []any
	for _, i := range nodes {
		layers = append(layers, p.nodes[i].callee.Layer)
	}
	return layers
}
