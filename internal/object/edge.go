package object

import (
	"reflect"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// An Edge leads from an object to an object that it holds.
type Edge struct {
	Name     string
	Field    *Field // nil where nothing more is said of the edge
	Node     *Node  // nil where the edge holds nil
	lack     *lack  // nil where the edge leads to a node
	Opt      Options
	Attached bool // attached to the root by the Checkpoint, not held by the root itself
	Wanted   bool // holds nil, and a checkpoint must have it
	Met      bool // the checkpoint that is being restored has it
}

// A Field holds what is said of an edge besides its name and its [Options], most often by a struct tag.
type Field struct {
	Step     string       // in Go's notation: ".Kernel"; "" for an element of a container
	Aliases  []string     // further names that a restore accepts
	FullName string       // the variable's global name; "" where the tag states none
	Shape    tensor.Shape // of a flat slice; nil: the Go type's own
}

// A lack is what there is instead of a node.
type lack struct {
	from  reflect.Value
	maker *Maker
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

// From returns the value that an edge without a node was made from: it holds nil or what is not tracked.
func (e *Edge) From() reflect.Value {
	if e.lack == nil {
		return reflect.Value{}
	}
	return e.lack.from
}

// SetFrom notes the value that an edge without a node was made from.
func (e *Edge) SetFrom(v reflect.Value) { e.lacks().from = v }

// Missing returns what makes the object that a nil edge lacks, nil where that cannot be done.
func (e *Edge) Missing() *Maker {
	if e.lack == nil {
		return nil
	}
	return e.lack.maker
}

// SetMissing says what makes the object that a nil edge lacks.
func (e *Edge) SetMissing(m *Maker) { e.lacks().maker = m }

func (e *Edge) lacks() *lack {
	if e.lack == nil {
		e.lack = new(lack)
	}
	return e.lack
}

// GoStep returns the step from the parent in Go's notation, "" for an element of a container.
func (e *Edge) GoStep() string { return e.Field.step() }

func (f *Field) step() string {
	if f == nil {
		return ""
	}
	return f.Step
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

// Find returns the edge that a checkpoint calls name: by its name, or by an alias where no edge has that name. It returns nil
// if there is none.
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

// IndexEdge returns the index into n.Edges that Find looks for, -1 if there is none.
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
	if n.more().index == nil {
		n.rare.index = &edgeIndex{byName: make(map[string]int, len(n.Edges))}
	}
	x := n.rare.index
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
