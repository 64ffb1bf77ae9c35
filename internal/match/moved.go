package match

import (
	"github.com/gockpt/ckpt/internal/object"
)

// required returns the requirements of the program that matched lacks. It marks objects that moved in matched.
func (r *Restoration) required(g *object.Graph, matched map[object.Identity]bool) []*object.Node {
	want := object.Requirement{Matched: matched, SkipSlots: r.opts.SkipSlots, Stored: r.storedEdges(&r.found)}
	missing := g.Required(want)
	if r.markMoved(g, missing, matched) {
		missing = g.Required(want)
	}
	return missing
}

// markMoved marks nodes as matched if append, or a similar copy, moved them with their restored values. It reports whether there
// are any. A moved object has another address than the bound object, which its binding keeps alive.
func (r *Restoration) markMoved(g *object.Graph, nodes []*object.Node, matched map[object.Identity]bool) (marked bool) {
	if len(nodes) == 0 {
		return false
	}
	bound := make(map[object.Identity]int, r.bound.count)
	moves := object.NewMoves()
	for id, b := range r.bound.each() {
		bound[b.key()] = id
		if r.unused[id] == nil {
			moves.Took(b.obj)
		}
	}
	mark := func(n *object.Node) {
		marked = true
		for at := n; at != nil && !matched[at.Key()]; at = at.Parent {
			matched[at.Key()] = true // the object that holds the value moved with it
		}
	}
	moved, others := moves.Split(nodes, func(n *object.Node) bool {
		_, ok := bound[n.Key()]
		return ok
	})
	for _, n := range moved {
		mark(n)
	}
	if len(others) == 0 {
		return marked
	}
	places := r.places(g, bound)
	for _, n := range others {
		was, beside := bound[moves.Before(n)]
		if beside && r.movedTo(g, was, n) || r.movedTo(g, places[n.ID], n) && (r.tookZero(places[n.ID]) || !n.Obj.IsZero()) {
			mark(n)
		}
	}
	return marked
}

// movedTo reports whether n has the same contents as the object of a stored node, which took its values and is no longer in the
// program.
func (r *Restoration) movedTo(g *object.Graph, stored int, n *object.Node) bool {
	if stored < 0 || r.unused[stored] != nil {
		return false
	}
	b, ok := r.bound.of(stored)
	return ok && g.Lookup(b.key()) == nil && object.Moved(b.obj, n.Obj)
}

// tookZero reports whether the object of a stored node took zero values. Then a copy of it cannot be distinguished from a new
// object.
func (r *Restoration) tookZero(stored int) bool { return stored < len(r.zeros) && r.zeros[stored] }

// places returns, for each node of g, the stored node with the same edge names from a bound object, or -1.
func (r *Restoration) places(g *object.Graph, bound map[object.Identity]int) []int {
	places := make([]int, len(g.Nodes))
	for i, n := range g.Nodes {
		places[i] = -1
		if id, ok := bound[n.Key()]; ok {
			places[i] = id
		} else if p := n.Parent; p != nil && places[p.ID] >= 0 {
			places[i] = r.childAt(places[p.ID], p.Find(n.Name))
		}
	}
	return places
}

// childAt returns the child of a stored node to which the edge e leads, or -1.
func (r *Restoration) childAt(stored int, e *object.Edge) int {
	if e == nil {
		return -1
	}
	for _, name := range append([]string{e.Name}, e.Aliases()...) {
		if id, ok := r.child(stored, name); ok {
			return id
		}
	}
	return -1
}

// noteZeros records which objects took zero values. Objects of an earlier match of the same restore are already recorded.
func (m *matcher) noteZeros() {
	for id, b := range m.bound.each() {
		if m.late && m.r.bound.has(id) || len(m.r.stored.Nodes[id].Attributes) == 0 || !b.obj.IsValid() || !b.obj.IsZero() {
			continue
		}
		if id >= len(m.zeros) {
			m.zeros = append(m.zeros, make([]bool, len(m.bound.all)-len(m.zeros))...)
		}
		m.zeros[id] = true
	}
}
