package gen

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
)

// simplify reduces the stored graph to what a person would declare.
func (g *graph) simplify() {
	for id := range g.nodes {
		if n := &g.nodes[id]; len(n.values) > 0 {
			n.edges = nil // a variable is not a struct: objects that Python attached to it are ignored
		}
	}
	g.dropViews()
	g.dropEmpty()
	g.recognise()
	g.walk()
	g.findContainers()
	g.classify()
}

// A reached is the result of a breadth-first walk.
type reached struct {
	order  []int
	has    []bool
	parent []int
	via    []int // the edge of the parent
}

// reach walks from the start along the edges that are not skipped.
func (g *graph) reach(skip func(from int, e edge) bool) reached {
	r := reached{[]int{g.start}, make([]bool, len(g.nodes)), make([]int, len(g.nodes)), make([]int, len(g.nodes))}
	r.has[g.start] = true
	for i := 0; i < len(r.order); i++ {
		id := r.order[i]
		for i, e := range g.nodes[id].edges {
			if !r.has[e.to] && !skip(id, e) {
				r.has[e.to], r.parent[e.to], r.via[e.to] = true, id, i
				r.order = append(r.order, e.to)
			}
		}
	}
	return r
}

// dropEmpty removes edges to objects from which no value can be reached.
func (g *graph) dropEmpty() {
	live := make([]bool, len(g.nodes))
	into := make([][]int, len(g.nodes))
	var queue []int
	for id := range g.nodes {
		for _, e := range g.nodes[id].edges {
			into[e.to] = append(into[e.to], id)
		}
		if len(g.nodes[id].values)+len(g.nodes[id].slots) > 0 {
			live[id] = true
			queue = append(queue, id)
		}
	}
	for len(queue) > 0 {
		for _, up := range into[queue[0]] {
			if !live[up] {
				live[up] = true
				queue = append(queue, up)
			}
		}
		queue = queue[1:]
	}
	for id := range g.nodes {
		count := len(g.nodes[id].edges)
		g.nodes[id].edges = slices.DeleteFunc(g.nodes[id].edges, func(e edge) bool { return !live[e.to] })
		g.nodes[id].sparse = len(g.nodes[id].edges) < count
		if id == 0 { // Checkpoint(root) gives the root an edge to itself, as ckpt.New does
			g.nodes[id].edges = slices.DeleteFunc(g.nodes[id].edges, func(e edge) bool { return e.to == 0 && e.name == objectgraph.Root })
		}
	}
}

// walk finds the remaining objects, and counts the edges that lead to each.
func (g *graph) walk() {
	all := g.reach(func(int, edge) bool { return false })
	g.order, g.parent, g.via = all.order, all.parent, all.via
	g.nodes[g.start].holds++
	for _, id := range g.order {
		for _, e := range g.nodes[id].edges {
			g.nodes[e.to].holds++
		}
		if l := g.nodes[id].layer; l != nil {
			for _, part := range l.parts {
				g.nodes[part].holds++
			}
		}
	}
}

// findContainers recognizes lists and dicts by the names of their edges. Slices and maps need elements of one class: classify checks
// that later.
func (g *graph) findContainers() {
	g.cycles = g.cyclic()
	for _, id := range g.order {
		n := &g.nodes[id]
		if n.kind != kindGroup || len(n.edges) == 0 || n.sparse || len(n.slots) > 0 || g.cycles[id] || g.byName {
			continue
		}
		numbered, odd := true, false
		for i, e := range n.edges {
			numbered = numbered && e.name == strconv.Itoa(i) && len(e.also) == 0
			odd = odd || !isWord(e.name) || len(e.also) > 0
		}
		switch {
		case numbered:
			n.kind = kindList
		case odd && !slices.ContainsFunc(n.edges, func(e edge) bool { return len(e.also) > 0 || isNumber(e.name) || strings.Contains(e.name, "-") }):
			n.kind = kindDict
		}
	}
}
