package object

import "slices"

// An Inlined is a struct inlined into another: its edges are edges of the outer struct. It does not have its own node. A
// checkpoint has it if it has one of the edges.
type Inlined struct {
	First, Last int    // of the node's edges: from First until before Last
	Optional    bool   // the checkpoint may lack it
	Undo        func() // resets the pointer to the struct to nil if the walk allocated the struct; otherwise nil
}

// AddInlined notes the structs that are inlined into n.
func (g *Graph) AddInlined(n *Node, all []Inlined) {
	for _, in := range all {
		if in.Undo != nil {
			g.Undos = append(g.Undos, in.Undo)
		} else if !in.Optional {
			continue
		}
		if g.inlined == nil {
			g.inlined = make(map[*Node][]Inlined)
		}
		g.inlined[n] = append(g.inlined[n], in)
	}
}

// TakeBackInlined resets pointers to inlined structs that the walk allocated and for which the checkpoint has no value. targets
// returns the objects that took values.
func (g *Graph) TakeBackInlined(targets func() map[Identity]bool) {
	if len(g.inlined) == 0 {
		return
	}
	filled := targets()
	above := make(map[*Node]bool) // the objects that took values, and the objects above them
	for _, n := range g.Nodes {
		if filled[n.Key()] {
			for ; n != nil && !above[n]; n = n.Parent {
				above[n] = true
			}
		}
	}
	for n, all := range g.inlined {
		for _, in := range slices.Backward(all) {
			met := func(e Edge) bool { return e.Met || e.Node != nil && above[e.Node] }
			if in.Undo != nil && !slices.ContainsFunc(n.Edges[in.First:in.Last], met) {
				in.Undo()
			}
		}
	}
}

// excused reports the edges of n that a checkpoint may lack, because they belong to an optional inlined struct without any stored
// value.
func (g *Graph) excused(n *Node, stored func(*Edge) bool) func(edge int) bool {
	var none []Inlined
	for _, in := range g.inlined[n] {
		if in.Optional && !slices.ContainsFunc(n.Edges[in.First:in.Last], func(e Edge) bool { return stored(&e) }) {
			none = append(none, in)
		}
	}
	return func(edge int) bool {
		return slices.ContainsFunc(none, func(in Inlined) bool { return in.First <= edge && edge < in.Last })
	}
}
