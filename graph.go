package ckpt

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unique"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/tensor"
)

// An identity says which object a value is, over several walks of one program: the address with the type, since a
// struct and its first field share an address, and a slice's length. Objects without an address of their own (of no
// size, or copied out of an interface or a map) are told apart by what holds them and the edge.
type identity struct {
	addr uintptr
	typ  reflect.Type
	len  int
	in   unique.Handle[string] // the place, for what has no address
}

// place is what k.in stands for, "" where the object has an address.
func (k identity) place() string {
	if k.in == (unique.Handle[string]{}) {
		return ""
	}
	return k.in.Value()
}

// A node is one object of the program's graph.
type node struct {
	id  int
	key identity
	obj reflect.Value // addressable, or a slice or map; keeps the address in key alive

	opt      fieldOptions // of the first edge that reached it
	group    bool         // has edges, not values
	expanded bool         // has all of its edges
	reached  bool         // by the restore that this graph was made for, which gives it its values

	values []value
	done   func() error // after all values of the node were read; nil where there is nothing to do
	saver  *ObjectSaver // that saves the object in a way of its own; nil where there is none

	edges []edge
	index *edgeIndex // where edges are many and were asked for

	// How a breadth-first walk first came here.
	parent       *node
	name, goStep string
	field        *fieldPlan // of the first edge; nil where that is no field's
	slotOf       *slotEdge
	slots        []slotEdge // of an optimizer
}

// A slotEdge says which variable's slot a slot variable is.
type slotEdge struct {
	owner    *node
	name     string
	variable *node
	slot     *node
}

// fieldOptions are the tag options that a field's value and, in a container, its elements are subject to.
type fieldOptions struct {
	explicit bool // a tag, a Group or the like asked for it: plain values are variables
	optional bool
	alloc    bool
	cast     bool
}

// An edge leads from an object to one that it holds.
type edge struct {
	name     string
	goStep   string        // ".Kernel"; "" for an element of a container, whose name says it
	field    *fieldPlan    // nil where the edge is no field's
	node     *node         // nil: a nil pointer, slice, map or interface
	from     reflect.Value // what the edge leads out of
	missing  *maker        // of the object that a nil edge lacks; nil where it cannot be made
	opt      fieldOptions
	attached bool // to the root by the Checkpoint, not by the model
}

// A maker makes what a nil edge lacks: alloc a new object, share lets a nil pointer point to obj. Both return what takes
// that back. share is nil, or returns nil, where it cannot be done.
type maker struct {
	alloc func(stored children) (undo func())
	share func(obj reflect.Value) (undo func())
}

// children are what is stored below a node, for making containers as large.
type children interface {
	names() []string
	listLen() int // one more than the largest name that is an index
}

// A graph is the program's objects in the order in which a breadth-first walk meets them; node 0 is the root.
type graph struct {
	nodes []*node
	byKey map[identity]*node
	// byContent finds the node of a slice or map that another variable holds too.
	byContent map[identity]*node
	// writebacks put copies back into the interfaces and maps that they were taken from; deeper ones come later.
	writebacks []func()
	// undos take back what the walk itself allocated.
	undos []func()
}

func (g *graph) root() *node { return g.nodes[0] }

// writeBack puts every copy back where it was taken from, the innermost first.
func (g *graph) writeBack() {
	for _, w := range slices.Backward(g.writebacks) {
		w()
	}
}

// steps returns the nodes from below the root to n.
func (n *node) steps() []*node {
	var path []*node
	for ; n.parent != nil; n = n.parent {
		path = append(path, n)
	}
	slices.Reverse(path)
	return path
}

// edgePath returns the names of the edges that lead from the root to n.
func (n *node) edgePath() []string {
	steps := n.steps()
	names := make([]string, len(steps))
	for i, s := range steps {
		names[i] = s.name
	}
	return names
}

// path returns n's place as messages have it: model.dense.kernel, and (root) for the root. Of a deep node only the end is there,
// after "…", so that the names of all nodes together stay in proportion to their number: a checkpoint may say how deep a program gets.
func (n *node) path() string {
	return n.placed((*node).path, func() []string { return n.lastSteps(edgeName) })
}

// fullPath returns n's place as users' functions are given it, however long it is.
func (n *node) fullPath() string { return n.placed((*node).fullPath, n.edgePath) }

func (n *node) placed(path func(*node) string, steps func() []string) string {
	switch {
	case n.slotOf != nil:
		return path(n.slotOf.owner) + "'s state '" + n.slotOf.name + "' for " + path(n.slotOf.variable)
	case n.parent == nil:
		return "(root)"
	}
	return strings.Join(steps(), ".")
}

func edgeName(n *node) string { return n.name }

// lastSteps names the steps to n, or of too many the last ones: see [objectgraph.LastSteps].
func (n *node) lastSteps(step func(*node) string) []string {
	return objectgraph.LastSteps(func(yield func(string) bool) {
		for at := n; at.parent != nil && yield(step(at)); at = at.parent {
		}
	})
}

// goPath returns n's place in Go's notation: Model.Dense.Kernel. Like path it is cut.
func (n *node) goPath() string {
	if n.slotOf != nil {
		return n.slotOf.owner.goPath() + ".Slot(" + strconv.Quote(n.slotOf.name) + ", " + n.slotOf.variable.goPath() + ")"
	}
	path := strings.Join(n.lastSteps((*node).step), "")
	if path == "" {
		return n.key.typ.String()
	}
	return strings.TrimPrefix(path, ".")
}

// step is the part of a Go path that leads to n from its parent.
func (n *node) step() string {
	switch {
	case n.goStep != "" || n.parent == nil:
		return n.goStep
	case n.parent.obj.Kind() == reflect.Map:
		return "[" + strconv.Quote(n.name) + "]"
	}
	return "[" + n.name + "]"
}

// find returns the edge that a checkpoint calls name: by name first, by alias where no edge has that name.
func (n *node) find(name string) *edge {
	if i := n.indexEdge(name); i >= 0 {
		return &n.edges[i]
	}
	return nil
}

// findAt is find that looks first where the edge is if the program is as the checkpoint's was.
func (n *node) findAt(name string, at int) *edge {
	if at < len(n.edges) && n.edges[at].name == name {
		return &n.edges[at]
	}
	return n.find(name)
}

// indexEdge is find's index into n.edges, -1 where there is no such edge.
func (n *node) indexEdge(name string) int {
	if len(n.edges) > indexedEdges {
		return n.lookupEdge(name)
	}
	byAlias := -1
	for i := range n.edges {
		if n.edges[i].name == name {
			return i
		}
		if byAlias < 0 && slices.Contains(n.edges[i].field.aliasesOf(), name) {
			byAlias = i
		}
	}
	return byAlias
}

// indexedEdges is how many edges are searched one by one; nodes with more have an index.
const indexedEdges = 16

// An edgeIndex finds the first count edges of a node by name and alias.
type edgeIndex struct {
	byName map[string]int
	count  int
}

func (n *node) lookupEdge(name string) int {
	if n.index == nil {
		n.index = &edgeIndex{byName: make(map[string]int, len(n.edges))}
	}
	x := n.index
	for ; x.count < len(n.edges); x.count++ {
		x.byName[n.edges[x.count].name] = x.count
		for _, alias := range n.edges[x.count].field.aliasesOf() { // no alias is also a name: the type plan sees to it
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

// checkOverlap reports two values that share memory without being one object: a restore would write one twice.
func (g *graph) checkOverlap() error {
	type span struct {
		from, to uintptr
		node     *node
	}
	spans := make([]span, 0, len(g.nodes))
	for _, n := range g.nodes {
		for i := range n.values {
			if t := n.values[i].tensor; t != nil {
				if from, to := tensor.Addresses(t); from < to {
					spans = append(spans, span{from, to, n})
				}
			}
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(spans); i++ {
		if a, b := spans[i-1], spans[i]; b.from < a.to {
			return fmt.Errorf("ckpt: %s (%s) and %s (%s) share memory but are two variables: let both be a pointer to one tensor",
				a.node.path(), a.node.goPath(), b.node.path(), b.node.goPath())
		}
	}
	return nil
}

// waitsForMemory reports a nil slice that a restore would make: the program has no such value yet.
func (n *node) waitsForMemory() bool {
	return len(n.values) == 1 && !n.values[0].built() && !leafType(n.key.typ)
}

// int64Of returns the number that n is, if it is an int64 scalar in the program's memory.
func int64Of(n *node) (*int64, bool) {
	if !n.obj.CanAddr() {
		return nil, false
	}
	switch p := n.obj.Addr().Interface().(type) {
	case *int64:
		return p, true
	case *tensor.Tensor[int64]:
		if p.Built() && len(p.Shape()) == 0 {
			return &p.Data()[0], true
		}
	}
	return nil, false
}
