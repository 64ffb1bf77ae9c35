package objectgraph

// Valued returns, for each node, whether the node or any node below it has attributes, slots or a registered saver
// (add_checkpoint_values_check). g must have passed Graph.Check.
func (g *Graph) Valued() []bool {
	return Valued(len(g.Nodes), func(i int) bool {
		n := &g.Nodes[i]
		return len(n.Attributes) > 0 || len(n.Slots) > 0 || n.Saver != nil
	}, func(i int, yield func(child int)) {
		for _, c := range g.Nodes[i].Children {
			yield(c.ID)
		}
	})
}

// Valued is Graph.Valued for a graph of n nodes in any form. has reports whether a node itself has values.
// children yields the nodes that a node's edges lead to.
func Valued(n int, has func(node int) bool, children func(node int, yield func(child int))) []bool {
	// The parents of node i are parents[first[i]:first[i+1]]. A graph may be deep: this walks it without recursion.
	first := make([]int32, n+1)
	count := func(child int) { first[child+1]++ } // one function for all nodes
	for i := range n {
		children(i, count)
	}
	for i := range n {
		first[i+1] += first[i]
	}
	parents, filled := make([]int32, first[n]), make([]int32, n)
	var parent int32
	fill := func(child int) {
		parents[first[child]+filled[child]] = parent
		filled[child]++
	}
	for i := range n {
		parent = int32(i)
		children(i, fill)
	}

	valued := make([]bool, n)
	todo := filled[:0] // each node comes once, and filled is no longer needed
	for i := range n {
		if has(i) {
			valued[i] = true
			todo = append(todo, int32(i))
		}
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, p := range parents[first[i]:first[i+1]] {
			if !valued[p] {
				valued[p] = true
				todo = append(todo, p)
			}
		}
	}
	return valued
}

// SetHasValues sets HasValues of every node according to Graph.Valued, as writers do.
func (g *Graph) SetHasValues() {
	valued := g.Valued()
	for i := range g.Nodes {
		g.Nodes[i].HasValues = &valued[i]
	}
}
