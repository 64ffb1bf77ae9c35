package object

import (
	"reflect"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// An Edge leads from an object to an object that it holds.
type Edge struct {
	Name     string
	Field    *Field // nil if nothing more is known about the edge
	Node     *Node  // nil if the edge holds nil
	lack     *lack  // nil if the edge leads to a node
	Opt      Options
	Attached bool // attached to the root by the Checkpoint; the root's struct does not have it
	Wanted   bool // holds nil, but a checkpoint must have it
	Met      bool // the checkpoint being restored has it
}

// A Field holds the properties of an edge besides its name and its [Options], most often from a struct tag.
type Field struct {
	Step     string       // in Go's notation: ".Kernel"; "" for an element of a container
	Aliases  []string     // other names that a restore accepts
	FullName string       // the variable's global name, or "" if the tag has none
	Shape    tensor.Shape // of a flat slice; nil: the shape of the Go type
}

// A lack is the information about an edge without a node.
type lack struct {
	from  reflect.Value
	maker *Maker
}

// A Maker allocates the object for a nil edge. Alloc allocates a new object; it returns an error if that would take more memory
// than the checkpoint's size allows. Share makes a nil pointer point to obj; it is nil, or returns nil, if that is impossible.
// Both return a function that undoes the change.
type Maker struct {
	Alloc func(stored Children) (undo func(), err error)
	Share func(obj reflect.Value) (undo func())
}

// Children describe the stored children of a node, so that containers can be allocated with the same length.
type Children interface {
	Names() []string
	ListLen() int // one more than the largest name that is an index
}

// From returns the value of an edge without a node: it holds nil or a value that is not tracked.
func (e *Edge) From() reflect.Value {
	if e.lack == nil {
		return reflect.Value{}
	}
	return e.lack.from
}

// SetFrom stores the value of an edge without a node.
func (e *Edge) SetFrom(v reflect.Value) { e.lacks().from = v }

// Missing returns the Maker for a nil edge, or nil if the object cannot be allocated.
func (e *Edge) Missing() *Maker {
	if e.lack == nil {
		return nil
	}
	return e.lack.maker
}

// SetMissing sets the Maker for a nil edge.
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

// Aliases returns the aliases of the edge.
func (e *Edge) Aliases() []string {
	if e.Field == nil {
		return nil
	}
	return e.Field.Aliases
}

// Shape returns the shape in the tag, or nil.
func (e *Edge) Shape() tensor.Shape {
	if e.Field == nil {
		return nil
	}
	return e.Field.Shape
}

// Find returns the edge with the given name in a checkpoint: the edge with this name or, if there is none, with this alias.
// Otherwise it returns nil.
func (n *Node) Find(name string) *Edge {
	if i := n.IndexEdge(name); i >= 0 {
		return &n.Edges[i]
	}
	return nil
}

// FindAt is Find, but first tries the position that the edge has if the program has not changed since the save.
func (n *Node) FindAt(name string, at int) *Edge {
	if at < len(n.Edges) && n.Edges[at].Name == name {
		return &n.Edges[at]
	}
	return n.Find(name)
}

// IndexEdge returns the index in n.Edges of the edge that Find returns, or -1.
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

// indexedEdges is the largest number of edges that are searched one by one. Nodes with more edges get an index.
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
