package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/tensor"
)

// A genGraph is a checkpoint's graph as far as Go has to know it: first all that is stored, and once simplify is through, what
// a person would declare.
type genGraph struct {
	nodes   []genNode
	start   int
	order   []int  // breadth first from start
	parent  []int  // node → the one from which order comes to it
	via     []int  // node → by which of the parent's edges
	cycles  []bool // nodes that hold themselves in the end, and those between two such
	torch   bool   // PyTorch's names
	names   map[int]string
	byName  bool // there is no stored graph, only names
	leftOut []string
	like    []int         // node → its class: nodes of one class have one Go type
	members map[int][]int // class → its nodes, in order
}

// A genNode is an object.
type genNode struct {
	kind   genKind
	values []genValue
	edges  []genEdge
	slots  []string  // names of an optimizer's slot variables
	layer  *genLayer // of a layer
	holds  int       // how many edges lead here
	sparse bool      // it holds objects without values, too
}

type genKind int

const (
	genGroup    genKind = iota // a struct
	genVariable                // a tensor
	genState                   // Python state, text
	genTensors                 // several tensors under names of their own
	genList                    // a slice
	genDict                    // a map
	genLayers                  // a layer of the package layers
	genTable                   // a lookup table
)

// A genValue is a tensor of an object.
type genValue struct {
	name, fullName string
	dtype          tensor.DType
	shape          tensor.Shape
}

// A genEdge is a field, and all names that its object has for what is in it.
type genEdge struct {
	name string
	also []string
	to   int
}

// newGenGraph takes over what is stored. What Go cannot restore is left out, with the reason.
func newGenGraph(r *ckpt.Reader, stored *ckpt.StoredGraph, start int) (*genGraph, error) {
	g := &genGraph{nodes: make([]genNode, len(stored.Nodes)), start: start}
	paths := stored.Paths()
	for id := range stored.Nodes {
		from, to := &stored.Nodes[id], &g.nodes[id]
		if err := g.takeValues(r, from, to, paths.Name(id)); err != nil {
			return nil, err
		}
		place := make(map[int]int) // of an object among the edges
		seen := make(map[objectgraph.Child]bool)
		for _, c := range from.Children {
			if id == 0 && c.Name == objectgraph.SaveCounter {
				continue // the Checkpoint's own, in Go as in Python
			}
			if seen[c] {
				continue
			}
			seen[c] = true
			at, ok := place[c.ID]
			if !ok {
				place[c.ID] = len(to.edges)
				to.edges = append(to.edges, genEdge{name: c.Name, to: c.ID})
			} else {
				to.edges[at].also = append(to.edges[at].also, c.Name)
			}
		}
		slot := make(map[string]bool)
		for _, s := range from.Slots {
			if !slot[s.Name] {
				slot[s.Name] = true
				to.slots = append(to.slots, s.Name)
			}
		}
	}
	return g, nil
}

// takeValues says what kind of object has the stored values.
func (g *genGraph) takeValues(r *ckpt.Reader, from *objectgraph.Node, to *genNode, path string) error {
	if from.Saver != nil {
		g.leave(path, "it was saved by code registered as "+safe(from.Saver.Name)+": see ckpt.WithSaver")
		return nil
	}
	for _, a := range from.Attributes {
		e, err := r.Lookup(a.Key)
		if errors.Is(err, ckpt.ErrNotFound) && to.takeTable(r, a) {
			return nil
		}
		if errors.Is(err, ckpt.ErrNotFound) {
			g.leave(path, fmt.Sprintf("nothing is stored under its key %q", a.Key))
			continue
		}
		if err != nil {
			return err
		}
		if len(e.Slices) > 0 {
			err := r.WriteStored(context.Background(), a.Key, io.Discard)
			if errors.Is(err, ckpt.ErrIncomplete) {
				g.leave(path, "its stored parts do not cover it")
				continue
			}
		}
		name, err := objectgraph.Unescape(a.Name)
		if err != nil {
			name = a.Name
		}
		if _, err := tensor.Zero(e.DType); err != nil {
			g.leave(path, err.Error())
			continue
		}
		to.values = append(to.values, genValue{name, a.FullName, e.DType, e.Shape})
	}
	switch {
	case len(to.values) == 1 && to.values[0].name == objectgraph.VariableValue:
		to.kind = genVariable
	case len(to.values) == 1 && to.values[0].name == objectgraph.PythonState && to.values[0].dtype == tensor.DTString:
		to.kind = genState
	case len(to.values) > 0:
		to.kind = genTensors
	}
	return nil
}

// takeTable reports whether a stored attribute stands for a lookup table's keys and values, of types that [ckpt.Table] has.
func (n *genNode) takeTable(r *ckpt.Reader, a objectgraph.Attribute) bool {
	keys, err := r.Lookup(a.Key + "-keys")
	values, err2 := r.Lookup(a.Key + "-values")
	if a.Name != "table" || err != nil || err2 != nil {
		return false
	}
	switch keys.DType {
	case tensor.DTString, tensor.DTInt32, tensor.DTInt64, tensor.DTFloat32, tensor.DTFloat64:
	default:
		return false
	}
	if _, err := tensor.Zero(values.DType); err != nil {
		return false
	}
	n.kind = genTable
	n.values = []genValue{{name: "keys", dtype: keys.DType, shape: keys.Shape}, {name: "values", dtype: values.DType, shape: values.Shape}}
	return true
}

func (g *genGraph) leave(path, why string) {
	g.leftOut = append(g.leftOut, safe(path)+": "+why)
}

// simplify makes of the stored graph what a person would declare.
func (g *genGraph) simplify() {
	for id := range g.nodes {
		if n := &g.nodes[id]; len(n.values) > 0 {
			n.edges = nil // a variable is not a struct: objects that Python attached to it are ignored
		}
	}
	g.dropViews()
	g.dropEmpty()
	g.recognise()
	g.walk()
	g.findContainers()
	g.classify()
}

// A reached is what a breadth-first walk finds.
type reached struct {
	order  []int
	has    []bool
	parent []int
	via    []int // the edge of the parent
}

// reach walks from the start along the edges that are not skipped.
func (g *genGraph) reach(skip func(from int, e genEdge) bool) reached {
	r := reached{[]int{g.start}, make([]bool, len(g.nodes)), make([]int, len(g.nodes)), make([]int, len(g.nodes))}
	r.has[g.start] = true
	for i := 0; i < len(r.order); i++ {
		id := r.order[i]
		for i, e := range g.nodes[id].edges {
			if !r.has[e.to] && !skip(id, e) {
				r.has[e.to], r.parent[e.to], r.via[e.to] = true, id, i
				r.order = append(r.order, e.to)
			}
		}
	}
	return r
}

// dropEmpty removes the edges to objects that do not lead to any value.
func (g *genGraph) dropEmpty() {
	live := make([]bool, len(g.nodes))
	into := make([][]int, len(g.nodes))
	var queue []int
	for id := range g.nodes {
		for _, e := range g.nodes[id].edges {
			into[e.to] = append(into[e.to], id)
		}
		if len(g.nodes[id].values)+len(g.nodes[id].slots) > 0 {
			live[id] = true
			queue = append(queue, id)
		}
	}
	for len(queue) > 0 {
		for _, up := range into[queue[0]] {
			if !live[up] {
				live[up] = true
				queue = append(queue, up)
			}
		}
		queue = queue[1:]
	}
	for id := range g.nodes {
		count := len(g.nodes[id].edges)
		g.nodes[id].edges = slices.DeleteFunc(g.nodes[id].edges, func(e genEdge) bool { return !live[e.to] })
		g.nodes[id].sparse = len(g.nodes[id].edges) < count
		if id == 0 { // Checkpoint(root) gives the root an edge to itself, as ckpt.New does
			g.nodes[id].edges = slices.DeleteFunc(g.nodes[id].edges, func(e genEdge) bool { return e.to == 0 && e.name == objectgraph.Root })
		}
	}
}

// walk finds what is left of the graph, and how many edges lead to each object.
func (g *genGraph) walk() {
	all := g.reach(func(int, genEdge) bool { return false })
	g.order, g.parent, g.via = all.order, all.parent, all.via
	g.nodes[g.start].holds++
	for _, id := range g.order {
		for _, e := range g.nodes[id].edges {
			g.nodes[e.to].holds++
		}
		if l := g.nodes[id].layer; l != nil {
			for _, part := range l.parts {
				g.nodes[part].holds++
			}
		}
	}
}

// findContainers tells lists and dicts from other objects by the names of what they hold. Whether they hold but one class of
// objects, as slices and maps do, classify says.
func (g *genGraph) findContainers() {
	g.cycles = g.cyclic()
	for _, id := range g.order {
		n := &g.nodes[id]
		if n.kind != genGroup || len(n.edges) == 0 || n.sparse || len(n.slots) > 0 || g.cycles[id] || g.byName {
			continue
		}
		numbered, odd := true, false
		for i, e := range n.edges {
			numbered = numbered && e.name == strconv.Itoa(i) && len(e.also) == 0
			odd = odd || !isWord(e.name) || len(e.also) > 0
		}
		switch {
		case numbered:
			n.kind = genList
		case odd && !slices.ContainsFunc(n.edges, func(e genEdge) bool { return len(e.also) > 0 || isNumber(e.name) || strings.Contains(e.name, "-") }):
			n.kind = genDict
		}
	}
}

// edgesTo returns the object that edges, joined by slashes, lead to.
func edgesTo(g *ckpt.StoredGraph, path string) (int, error) {
	at := 0
	if path == "" {
		return at, nil
	}
	for step := range strings.SplitSeq(path, "/") {
		name, err := objectgraph.Unescape(step)
		if err != nil {
			return 0, fmt.Errorf("--at %q: %w", path, err)
		}
		i := slices.IndexFunc(g.Nodes[at].Children, func(c objectgraph.Child) bool { return c.Name == name })
		if i < 0 {
			return 0, fmt.Errorf("--at %q: the checkpoint has no edge %q there: %w", path, name, ckpt.ErrNotFound)
		}
		at = g.Nodes[at].Children[i].ID
	}
	return at, nil
}

// maxSteps is the most edges that a name is cut into.
const maxSteps = 64

// graphOfNames makes a graph of the names of a checkpoint that has none.
func graphOfNames(r *ckpt.Reader) (*ckpt.StoredGraph, error) {
	stored := make(map[string]bool)
	for e, err := range r.All() {
		if err != nil {
			return nil, err
		}
		stored[e.Key] = true
	}
	g := &ckpt.StoredGraph{Nodes: make([]objectgraph.Node, 1)}
	type edge struct {
		from int
		name string
	}
	places := make(map[edge]int)
	for _, key := range sortedKeys(stored) {
		at, begin, steps := 0, 0, 0
		for end := range len(key) + 1 {
			// A variable holds nothing: in "bias/Adam", where there is a "bias", the slash does not end an edge's name.
			if end < len(key) && (key[end] != '/' || steps == maxSteps || stored[key[:end]]) {
				continue
			}
			steps++
			step := edge{at, key[begin:end]}
			to, ok := places[step]
			if !ok {
				to = len(g.Nodes)
				places[step] = to
				g.Nodes[at].Children = append(g.Nodes[at].Children, objectgraph.Child{Name: step.name, ID: to})
				g.Nodes = append(g.Nodes, objectgraph.Node{})
			}
			at, begin = to, end+1
		}
		g.Nodes[at].Attributes = []objectgraph.Attribute{{Name: objectgraph.VariableValue, FullName: key, Key: key}}
	}
	return g, nil
}

func sortedKeys[K cmp.Ordered](set map[K]bool) []K { return slices.Sorted(maps.Keys(set)) }
