package objectgraph

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Paths holds the first path from the root of a graph to each node, breadth first. It keeps one edge per node and makes
// paths on demand, because all paths of a deep graph would not fit in memory.
type Paths struct {
	graph  *Graph
	order  []int
	parent []int32 // -1 for the root, -2 for nodes that no edge leads to
	edge   []int32 // which of the parent's children
	slots  map[int]slotOf
}

type slotOf struct {
	optimizer int
	slot      *Slot
}

const (
	noParent    = -1
	unreachable = -2
)

// Paths walks g, which must have passed Graph.Check and must not change while the result is used.
func (g *Graph) Paths() *Paths {
	p := &Paths{
		graph:  g,
		order:  make([]int, 0, len(g.Nodes)),
		parent: make([]int32, len(g.Nodes)),
		edge:   make([]int32, len(g.Nodes)),
		slots:  make(map[int]slotOf),
	}
	for i := range p.parent {
		p.parent[i] = unreachable
	}
	p.parent[0] = noParent
	p.order = append(p.order, 0)
	for next := 0; next < len(p.order); next++ {
		id := p.order[next]
		for i, c := range g.Nodes[id].Children {
			if p.parent[c.ID] == unreachable {
				p.parent[c.ID], p.edge[c.ID] = int32(id), int32(i)
				p.order = append(p.order, c.ID)
			}
		}
	}
	for id := range g.Nodes {
		slots := g.Nodes[id].Slots
		for i := range slots {
			p.slots[slots[i].Variable] = slotOf{id, &slots[i]}
		}
	}
	return p
}

// Order returns the nodes that edges lead to, breadth first from the root. It does not include slot variables, unless an
// edge leads to them too.
func (p *Paths) Order() []int { return p.order }

// Edges returns the names of the edges on the first path from the root to node id, none for the root. ok is false if there
// is no such node or no path.
func (p *Paths) Edges(id int) (names []string, ok bool) {
	if id < 0 || id >= len(p.parent) || p.parent[id] == unreachable {
		return nil, false
	}
	for name := range p.up(id) {
		names = append(names, name)
	}
	slices.Reverse(names)
	return names, true
}

// Name returns TensorFlow's name for node id in messages (ObjectGraphProtoPrettyPrinter): "(root)" followed by the names of
// the edges, not escaped and joined by dots, or, for a slot variable,
//
//	(root).optimizer's state 'm' for (root).model.kernel
//
// A node that cannot be reached from the root is named by its number. Names of more than 64 edges, or of more than 1 KiB,
// are cut to their last part, after "(root).…", so that the size of all names together stays proportional to the graph.
func (p *Paths) Name(id int) string {
	if s, ok := p.slots[id]; ok {
		return fmt.Sprintf("%s's state '%s' for %s", p.edgeName(s.optimizer), s.slot.Name, p.edgeName(s.slot.Original))
	}
	return p.edgeName(id)
}

func (p *Paths) edgeName(id int) string {
	if p.parent[id] == unreachable {
		return fmt.Sprintf("(node %d)", id)
	}
	return strings.Join(append([]string{"(root)"}, LastSteps(p.up(id))...), ".")
}

// up yields the names of the edges that first reach node id, the last first.
func (p *Paths) up(id int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for at := id; p.parent[at] != noParent; {
			up := int(p.parent[at])
			if !yield(p.graph.Nodes[up].Children[p.edge[at]].Name) {
				return
			}
			at = up
		}
	}
}
