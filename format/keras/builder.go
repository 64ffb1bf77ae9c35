package keras

import (
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
)

// An edge is the name of a child of a node.
type edge struct {
	from int
	name string
}

// A builder makes a graph. Node 0 is the root. If several nodes get the same name at a parent, the first keeps it.
type builder struct {
	nodes    []objectgraph.Node
	children map[edge]int
	leaves   map[string]int // nodes of variables, by key
}

func (b *builder) node() int {
	b.nodes = append(b.nodes, objectgraph.Node{})
	return len(b.nodes) - 1
}

// link adds an edge, unless name is empty or the parent already has an edge of that name.
func (b *builder) link(from int, name string, to int) {
	if _, taken := b.children[edge{from, name}]; taken || name == "" {
		return
	}
	b.children[edge{from, name}] = to
	b.nodes[from].Children = append(b.nodes[from].Children, objectgraph.Child{Name: name, ID: to})
}

// linkBoth is link for a name, and for the name with an underscore in front.
func (b *builder) linkBoth(from int, name string, to int) {
	b.link(from, name, to)
	if !strings.HasPrefix(name, "_") {
		b.link(from, "_"+name, to)
	}
}

// variable returns the node of a tensor.
func (b *builder) variable(key string) int {
	if id, ok := b.leaves[key]; ok {
		return id
	}
	id := b.node()
	b.leaves[key] = id
	b.nodes[id].Attributes = []objectgraph.Attribute{{Name: objectgraph.VariableValue, FullName: key, Key: key}}
	return id
}

// step returns the node to which edges lead, and makes missing nodes.
func (b *builder) step(from int, edges []string) int {
	for _, name := range edges {
		next, ok := b.children[edge{from, name}]
		if !ok {
			next = b.node()
			b.link(from, name, next)
		}
		from = next
	}
	return from
}

// path adds the edges from one node to another, and the nodes between them.
func (b *builder) path(from int, edges []string, to int) {
	last := len(edges) - 1
	b.link(b.step(from, edges[:last]), edges[last], to)
}

func (b *builder) copyEdges(to, from int) {
	for _, c := range b.nodes[from].Children {
		b.link(to, c.Name, c.ID)
	}
}

func (b *builder) hasEdge(from int, name string) bool {
	_, ok := b.children[edge{from, name}]
	return ok
}

func (b *builder) isGroup(id int) bool { return len(b.nodes[id].Attributes) == 0 }
