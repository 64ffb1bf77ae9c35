package object

import "slices"

// Leaves returns the number of nodes with values.
func (g *Graph) Leaves() int {
	count := 0
	for _, n := range g.Nodes {
		if len(n.Values) > 0 {
			count++
		}
	}
	return count
}

// A Requirement describes which values and objects a program must find in a checkpoint.
type Requirement struct {
	Matched   map[Identity]bool // the objects that were found
	SkipSlots bool
	// Stored reports whether the checkpoint has the edge e of the object n, which holds nil. It is nil if only values count.
	Stored func(n *Node, e *Edge) bool
}

// Required returns the requirements that Matched lacks, in the order of the graph, along paths without an
// unmatched optional edge. Requirements are leaves, and objects below which no leaf is required, such as a
// layer with only optional values. Wanted edges that hold nil are requirements too: their objects are nodes
// that are not in the graph.
func (g *Graph) Required(want Requirement) []*Node {
	s := &search{g: g, want: want, from: make(map[*Node]*Node, len(g.Nodes))}
	s.visit(g.Root(), nil)
	for i := 0; i < len(s.queue); i++ {
		s.look(s.queue[i])
	}
	if want.Stored != nil {
		s.addObjects(g.holding())
	}
	slices.SortStableFunc(s.out, func(a, b *Node) int { return a.ID - b.ID })
	return s.out
}

// A search visits the requirements breadth-first.
type search struct {
	g     *Graph
	want  Requirement
	queue []*Node
	from  map[*Node]*Node // where the search came from; nil for the root
	out   []*Node
}

func (s *search) visit(n, from *Node) {
	if n == nil {
		return
	}
	if _, seen := s.from[n]; !seen {
		s.from[n] = from
		s.queue = append(s.queue, n)
	}
}

func (s *search) look(n *Node) {
	if (len(n.Values) > 0 || n.Saver() != nil) && !s.want.Matched[n.Key()] {
		s.out = append(s.out, n)
	}
	excused := s.g.excused(n, s.stored(n))
	for i := range n.Edges {
		e := &n.Edges[i]
		switch {
		case excused(i):
		case e.Node != nil && !(e.Opt.Optional && !s.want.Matched[e.Node.Key()]):
			s.visit(e.Node, n)
		case e.Node == nil && e.Wanted && !e.Opt.Optional && s.want.Stored != nil && !s.want.Stored(n, e):
			lacked := &Node{ID: n.ID, Group: true, Parent: n, Name: e.Name, Field: e.Field}
			lacked.SetKey(Identity{Type: e.From().Type()})
			s.out = append(s.out, lacked)
		}
	}
	if s.want.SkipSlots {
		return
	}
	for _, slot := range n.Slots() {
		s.visit(slot.Slot, n)
	}
}

// stored returns a function that reports whether the checkpoint has an edge of n.
func (s *search) stored(n *Node) func(*Edge) bool {
	return func(e *Edge) bool {
		if e.Node != nil {
			return s.want.Matched[e.Node.Key()]
		}
		return s.want.Stored != nil && s.want.Stored(n, e)
	}
}

// holding returns the objects that hold a value, built or not, or lack a wanted object. Other objects, such as structs of empty
// lists, need nothing from a checkpoint.
func (g *Graph) holding() map[*Node]bool {
	holds := make(map[*Node]bool)
	for _, n := range g.Nodes {
		wants := func(e Edge) bool { return e.Node == nil && e.Wanted }
		if len(n.Values) == 0 && n.Saver() == nil && !slices.ContainsFunc(n.Edges, wants) {
			continue
		}
		for at := n; at != nil && !holds[at]; at = at.Parent {
			holds[at] = true
		}
	}
	return holds
}

// addObjects adds the outermost unmatched objects below which nothing else is missing.
func (s *search) addObjects(holds map[*Node]bool) {
	said := make(map[*Node]bool) // a value at or below the object is already missing
	for _, n := range s.out {
		at, inGraph := s.from[n]
		if !inGraph {
			at = n.Parent
		}
		for ; at != nil && !said[at]; at = s.from[at] {
			said[at] = true
		}
	}
	covered := make(map[*Node]bool) // an object above it is missing
	for _, n := range s.queue {
		switch {
		case covered[s.from[n]]:
			covered[n] = true
		case n.Declared && holds[n] && !said[n] && !s.want.Matched[n.Key()]:
			covered[n] = true
			s.out = append(s.out, n)
		}
	}
}
