package object

import (
	"reflect"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// A Graph holds the program's objects in the order in which a breadth-first walk meets them. Node 0 is the root.
type Graph struct {
	Nodes []*Node
	ByKey map[Identity]*Node
	// ByContent finds the node of a slice or map that another variable also holds.
	ByContent map[Identity]*Node
	// Writebacks put copies back into the interfaces and maps that they were taken from. Deeper ones come later.
	Writebacks []func()
	// Undos take back what the walk itself allocated.
	Undos []func()
	// inlined are the structs whose edges are those of a node, where more is to say of them than that.
	inlined map[*Node][]Inlined
}

// New returns an empty graph.
func New() *Graph {
	return &Graph{ByKey: make(map[Identity]*Node), ByContent: make(map[Identity]*Node)}
}

// Root returns node 0.
func (g *Graph) Root() *Node { return g.Nodes[0] }

// WriteBack puts every copy back where it was taken from, the innermost first.
func (g *Graph) WriteBack() {
	for _, w := range slices.Backward(g.Writebacks) {
		w()
	}
}

// A Node is one object of the program.
type Node struct {
	ID  int
	Key Identity
	Obj reflect.Value // addressable, or a slice or map; keeps the address in Key alive

	Opt      Options // of the first edge that led here
	Group    bool    // has edges, not values
	Expanded bool    // has all of its edges
	Reached  bool    // the restore that this graph was made for gives it its values
	Leaf     bool    // a tensor, or a type that acts as one
	Namer    bool    // names the variables below it: see [Node.GivenName]
	Declared bool    // a group that a checkpoint must have, since it holds a tensor or can hold one

	Values []Value
	Done   func() error // called after all values were assigned; may be nil
	Saver  *Saver       // the custom saver of the object; nil where there is none

	Edges []Edge
	index *edgeIndex // made when a node with many edges is searched

	// How a breadth-first walk first came here.
	Parent       *Node
	Name, GoStep string
	Field        *Field // of the first edge; nil where that is not a field
	SlotOf       *Slot  // nil unless the node is a slot variable
	Slots        []Slot // of an optimizer
}

// A Slot says that an optimizer keeps a slot variable for a variable.
type Slot struct {
	Owner    *Node
	Name     string
	Variable *Node
	Slot     *Node
}

// Options are the tag options that apply to the value of a field and, in a container, to its elements.
type Options struct {
	Explicit bool // a tag or a Group asked for the value: plain values are variables
	Optional bool
	Alloc    bool
	Cast     bool
	Sparse   bool // made as long as a stored list: elements of it may be nil
}

// An Edge leads from an object to an object that it holds.
type Edge struct {
	Name     string
	GoStep   string        // ".Kernel"; "" for an element of a container
	Field    *Field        // nil where the edge is not a field
	Node     *Node         // nil where the edge holds nil
	From     reflect.Value // the value that the edge was made from
	Missing  *Maker        // makes the object that a nil edge lacks; nil where that cannot be done
	Opt      Options
	Attached bool // attached to the root by the Checkpoint, not held by the root itself
	Wanted   bool // holds nil, and a checkpoint must have it
	Met      bool // the checkpoint that is being restored has it
}

// A Field holds what a struct tag says besides the name of the edge and its [Options].
type Field struct {
	Aliases  []string     // further names that a restore accepts
	FullName string       // the variable's global name; "" where the tag states none
	Shape    tensor.Shape // of a flat slice; nil: the Go type's own
}

// Aliases returns the further names of the edge.
func (e *Edge) Aliases() []string {
	if e.Field == nil {
		return nil
	}
	return e.Field.Aliases
}

// Shape returns the shape that the tag states, nil where it states none.
func (e *Edge) Shape() tensor.Shape {
	if e.Field == nil {
		return nil
	}
	return e.Field.Shape
}

// A Maker makes the object that a nil edge lacks. Alloc makes a new object; the error says that it would take more memory than
// what is stored accounts for. Share lets a nil pointer point to obj; it is nil,
// or returns nil, where that is impossible. Both return a function that undoes what they did.
type Maker struct {
	Alloc func(stored Children) (undo func(), err error)
	Share func(obj reflect.Value) (undo func())
}

// Children describe what is stored below a node, so that containers are made as large.
type Children interface {
	Names() []string
	ListLen() int // one more than the largest name that is an index
}

// A Walk is a walk over the program that is under way. A match drives it, so that only matching objects are looked at.
type Walk interface {
	// Graph returns the graph made so far. It contains at least the root.
	Graph() *Graph
	// Expand gives n its edges. Later calls for the same node do nothing.
	Expand(n *Node) error
	// ExpandAll expands every node that can be reached.
	ExpandAll() error
	// AddSlots adds the slot variables that optimizers have, after all other nodes. Every node was expanded before.
	AddSlots() error
	// Again resolves e, an edge of n, after the object that it lacked was made.
	Again(n *Node, e *Edge) error
	// MakeSlot returns an optimizer's slot variable and makes it where it does not exist. It returns nil where the optimizer
	// keeps no such slot.
	MakeSlot(owner *Node, name string, variable *Node) (*Node, error)
}

// SaveCounter is the edge from the root of a checkpoint to the number of saves.
const SaveCounter = "save_counter"

// Find returns the edge that a checkpoint calls name: by its name, or by an alias where no edge has that name. It returns nil
// where there is none.
func (n *Node) Find(name string) *Edge {
	if i := n.IndexEdge(name); i >= 0 {
		return &n.Edges[i]
	}
	return nil
}

// FindAt is Find that first looks at the position that the edge has if the program is as it was when it was saved.
func (n *Node) FindAt(name string, at int) *Edge {
	if at < len(n.Edges) && n.Edges[at].Name == name {
		return &n.Edges[at]
	}
	return n.Find(name)
}

// IndexEdge returns the index into n.Edges that Find looks for, -1 where there is none.
func (n *Node) IndexEdge(name string) int {
	if len(n.Edges) > indexedEdges {
		return n.lookupEdge(name)
	}
	byAlias := -1
	for i := range n.Edges {
		if n.Edges[i].Name == name {
			return i
		}
		if byAlias < 0 && slices.Contains(n.Edges[i].Aliases(), name) {
			byAlias = i
		}
	}
	return byAlias
}

// indexedEdges is the number of edges that are searched one by one. Nodes with more edges get an index.
const indexedEdges = 16

// An edgeIndex finds the first count edges of a node by name and alias.
type edgeIndex struct {
	byName map[string]int
	count  int
}

func (n *Node) lookupEdge(name string) int {
	if n.index == nil {
		n.index = &edgeIndex{byName: make(map[string]int, len(n.Edges))}
	}
	x := n.index
	for ; x.count < len(n.Edges); x.count++ {
		x.byName[n.Edges[x.count].Name] = x.count
		for _, alias := range n.Edges[x.count].Aliases() { // the type plan rejects an alias that is also a name
			if _, ok := x.byName[alias]; !ok {
				x.byName[alias] = x.count
			}
		}
	}
	if i, ok := x.byName[name]; ok {
		return i
	}
	return -1
}
