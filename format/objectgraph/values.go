package objectgraph

// Valued returns, for each node, whether it or one that its children lead to has attributes, slots or a registered
// saver (add_checkpoint_values_check). g has passed [Graph.Check].
func (g *Graph) Valued() []bool {
	// The parents of node i are parents[first[i]:first[i+1]]. A graph may be deep: this walks it without recursion.
	first := make([]int32, len(g.Nodes)+1)
	for i := range g.Nodes {
		for _, c := range g.Nodes[i].Children {
			first[c.ID+1]++
		}
	}
	for i := range g.Nodes {
		first[i+1] += first[i]
	}
	parents, filled := make([]int32, first[len(g.Nodes)]), make([]int32, len(g.Nodes))
	for i := range g.Nodes {
		for _, c := range g.Nodes[i].Children {
			parents[first[c.ID]+filled[c.ID]] = int32(i)
			filled[c.ID]++
		}
	}

	valued := make([]bool, len(g.Nodes))
	todo := filled[:0] // each node comes once, and filled has done its service
	for i := range g.Nodes {
		if n := &g.Nodes[i]; len(n.Attributes) > 0 || len(n.Slots) > 0 || n.Saver != nil {
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

// SetHasValues sets every node's HasValues to what [Graph.Valued] says, as writers do.
func (g *Graph) SetHasValues() {
	valued := g.Valued()
	for i := range g.Nodes {
		g.Nodes[i].HasValues = &valued[i]
	}
}
