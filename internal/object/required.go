package object

import "slices"

// Leaves returns how many nodes have values.
func (g *Graph) Leaves() int {
	count := 0
	for _, n := range g.Nodes {
		if len(n.Values) > 0 {
			count++
		}
	}
	return count
}

// waitsForMemory reports a nil slice that a restore would make: the program does not have the value yet.
func (n *Node) waitsForMemory() bool {
	return len(n.Values) == 1 && !n.Values[0].Built() && !n.Leaf
}

// Required returns the leaves that are not in matched and that a path without an unmatched optional edge leads to, in their
// order. Nil slices of numbers count only if nilSlices is set.
func (g *Graph) Required(matched map[Identity]bool, skipSlots, nilSlices bool) []*Node {
	seen := make(map[*Node]bool, len(g.Nodes))
	var out []*Node
	queue := []*Node{g.Root()}
	seen[g.Root()] = true
	visit := func(n *Node) {
		if n != nil && !seen[n] {
			seen[n] = true
			queue = append(queue, n)
		}
	}
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		if (len(n.Values) > 0 || n.Saver != nil) && !matched[n.Key] && (nilSlices || !n.waitsForMemory()) {
			out = append(out, n)
		}
		for i := range n.Edges {
			if e := &n.Edges[i]; e.Node != nil && !(e.Opt.Optional && !matched[e.Node.Key]) {
				visit(e.Node)
			}
		}
		if skipSlots {
			continue
		}
		for _, s := range n.Slots {
			visit(s.Slot)
		}
	}
	slices.SortStableFunc(out, func(a, b *Node) int { return a.ID - b.ID })
	return out
}
