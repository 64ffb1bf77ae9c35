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

// A genGraph is the part of a checkpoint's graph that Go types need: first everything that is stored; after simplify, what a person
// would declare.
type genGraph struct {
	nodes   []genNode
	start   int
	order   []int  // breadth first from start
	parent  []int  // node → the node from which the walk reached it
	via     []int  // node → the parent's edge by which the walk reached it
	cycles  []bool // nodes on cycles, and between two cycles
	torch   bool   // the names are PyTorch's
	names   map[int]string
	byName  bool // the checkpoint has only names and no graph
	leftOut []string
	like    []int         // node → its class: nodes of one class have one Go type
	members map[int][]int // class → its nodes, in order
}

// A genNode is an object.
type genNode struct {
	kind   genKind
	values []genValue
	edges  []genEdge
	slots  []string  // names of the slot variables, for an optimizer
	layer  *genLayer // set for a layer
	holds  int       // number of edges that lead here
	sparse bool      // it also holds objects without values
}

type genKind int

const (
	genGroup    genKind = iota // a struct
	genVariable                // a tensor
	genState                   // Python state, text
	genTensors                 // several named tensors
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

// A genEdge is a field, with all edges by which its object refers to the field's value.
type genEdge struct {
	name string
	also []string
	to   int
}

// newGenGraph converts the stored graph. It skips values that Go cannot restore, and records the reason.
func newGenGraph(r *ckpt.Reader, stored *ckpt.StoredGraph, start int) (*genGraph, error) {
	g := &genGraph{nodes: make([]genNode, len(stored.Nodes)), start: start}
	paths := stored.Paths()
	for id := range stored.Nodes {
		from, to := &stored.Nodes[id], &g.nodes[id]
		if err := g.takeValues(r, from, to, paths.Name(id)); err != nil {
			return nil, err
		}
		place := make(map[int]int) // index of the edge to an object
		seen := make(map[objectgraph.Child]bool)
		for _, c := range from.Children {
			if id == 0 && c.Name == objectgraph.SaveCounter {
				continue // the save_counter of Checkpoint itself, in Go as in Python
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

// takeValues sets an object's kind and values from its stored attributes.
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

// takeTable reports whether a stored attribute is a lookup table with types that [ckpt.Table] supports.
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

// simplify reduces the stored graph to what a person would declare.
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

// A reached is the result of a breadth-first walk.
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

// dropEmpty removes edges to objects from which no value can be reached.
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

// walk finds the remaining objects, and counts the edges that lead to each.
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

// findContainers recognizes lists and dicts by the names of their edges. Slices and maps need elements of one class: classify checks
// that later.
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

// edgesTo returns the object at a path of edges joined by slashes.
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

// maxSteps is the largest number of edges that a name is split into.
const maxSteps = 64

// graphOfNames makes a graph from the names in a checkpoint without a graph.
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
			// A variable does not have children: in "bias/Adam" the slash does not end an edge's name if there is a variable "bias".
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
