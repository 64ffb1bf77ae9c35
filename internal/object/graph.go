package object

import (
	"slices"
)

// A Graph holds the program's objects in breadth-first order. Node 0 is the root.
type Graph struct {
	Nodes []*Node
	// Writebacks put copies back into the interfaces and maps that they were taken from. Deeper ones come later.
	Writebacks []func()
	// Undos undo the allocations of the walk.
	Undos []func()
	// inlined lists structs that lie in the structs of nodes, if there is more to know about them.
	inlined map[*Node][]Inlined

	numbers nodeIndex
	// byContent finds the node of a slice or map that another variable also holds.
	byContent map[Identity]*Node
	free      block // memory for NewNode and OneValue
}

// New returns an empty graph.
func New() *Graph { return &Graph{} }

// Root returns node 0.
func (g *Graph) Root() *Node { return g.Nodes[0] }

// WriteBack puts every copy back where it was taken from, the innermost first.
func (g *Graph) WriteBack() {
	for _, w := range slices.Backward(g.Writebacks) {
		w()
	}
}

// Grow reserves memory for n nodes. It does nothing if the graph has nodes.
func (g *Graph) Grow(n int) {
	if len(g.Nodes) == 0 && n > 0 {
		g.Nodes = make([]*Node, 0, n)
		g.numbers.grow(g.Nodes, n)
	}
}

// Add appends a node and sets its number. The graph must not have a node with the same identity.
func (g *Graph) Add(n *Node) {
	n.ID = len(g.Nodes)
	g.Nodes = append(g.Nodes, n)
	g.numbers.add(g.Nodes)
}

// Lookup returns the node of an identity, or nil if there is none.
func (g *Graph) Lookup(key Identity) *Node { return g.numbers.lookup(g.Nodes, key) }

// Holder returns the node of the slice or map that has the identity content; see [ContentOf].
func (g *Graph) Holder(content Identity) *Node {
	if content.Type == nil {
		return nil
	}
	return g.byContent[content]
}

// Hold makes n the node of the slice or map that has the identity content. It does nothing for the zero Identity.
func (g *Graph) Hold(content Identity, n *Node) {
	if content.Type == nil {
		return
	}
	if g.byContent == nil {
		g.byContent = make(map[Identity]*Node)
	}
	g.byContent[content] = n
}
