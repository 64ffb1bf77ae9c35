package gen

import "slices"

// isView reports whether Keras's objects use name to list their contents again, which they already hold under
// other names.
func isView(name string) bool {
	switch name {
	case "variables", "trainable_variables", "non_trainable_variables", "regularization_losses", "keras_api", "layers", "vars",
		"_variables", "_trainable_variables", "_non_trainable_variables", "_all_variables", "_layers":
		return true
	}
	return false
}

// maxViews is the nesting depth of views from which on all views that hold a value are kept.
const maxViews = 64

// dropViews removes the edges of views, except those without which a value would be lost.
func (g *graph) dropViews() {
	type pair struct{ from, to int }
	keep := make(map[pair]bool)
	view := func(from int, e edge) bool { return isView(e.name) && !keep[pair{from, e.to}] }
	all := g.reach(func(int, edge) bool { return false })
	for round := 0; ; round++ {
		seen := g.reach(view).has
		lost := g.lost(seen)
		kept := len(keep)
		for _, id := range all.order {
			if up := all.parent[id]; lost[id] && (seen[up] || round == maxViews) {
				keep[pair{up, id}] = true
			}
		}
		if len(keep) == kept {
			break
		}
	}
	for id := range g.nodes {
		g.nodes[id].edges = slices.DeleteFunc(g.nodes[id].edges, func(e edge) bool { return view(id, e) })
	}
}

// lost returns the unseen objects that have an unseen value at or below them.
func (g *graph) lost(seen []bool) []bool {
	lost, holders := make([]bool, len(g.nodes)), make([][]int, len(g.nodes))
	var queue []int
	for id := range g.nodes {
		if seen[id] {
			continue
		}
		for _, e := range g.nodes[id].edges {
			if !seen[e.to] {
				holders[e.to] = append(holders[e.to], id)
			}
		}
		if len(g.nodes[id].values) > 0 {
			lost[id] = true
			queue = append(queue, id)
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		for _, h := range holders[queue[0]] {
			if !lost[h] {
				lost[h] = true
				queue = append(queue, h)
			}
		}
	}
	return lost
}
