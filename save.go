package ckpt

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// A namedSource is a tensor under its key, ready to be written.
type namedSource struct {
	node *node // its object; nil where it is none's
	key  string
	src  format.Source
	part *partition // nil where src is the whole
	// saver, where not "", is the one that saved it, whose tensors have a data file of their own before the others'.
	saver string
}

// A partition says which part of the tensor that a file has as one is in the program.
type partition struct {
	full   tensor.Shape // the whole's
	region tensor.Slice
}

// path is that of t's object: model.dense.kernel; "" for the object graph.
func (t *namedSource) path() string {
	if t.node != nil {
		return t.node.fullPath()
	}
	return t.saver
}

// addTo adds t to a data file of w.
func (t *namedSource) addTo(w format.Writer, shard int) error {
	if t.part != nil {
		return w.AddSlice(shard, t.key, t.part.full, t.part.region, t.src)
	}
	return w.Add(shard, t.key, t.src)
}

// addPartTo adds a region of t to a data file of w.
func (t *namedSource) addPartTo(w format.Writer, shard int, region tensor.Slice) error {
	src := partOf(t.src, region)
	if t.part == nil {
		return w.AddSlice(shard, t.key, t.src.Shape, region, src)
	}
	inner, _, err := region.Resolve(t.src.Shape)
	if err != nil {
		return err
	}
	outer, _, err := t.part.region.Resolve(t.part.full)
	if err != nil {
		return err
	}
	for i := range inner {
		inner[i].Start += outer[i].Start
	}
	return w.AddSlice(shard, t.key, t.part.full, inner, src)
}

// stored turns the program's graph into what is stored of it: the object graph, and the tensors in the order in which
// TensorFlow lays them out: nodes in breadth-first order with slot variables last, then opaque state.
func (g *graph) stored() (*objectgraph.Graph, []namedSource, error) {
	ids, kept, edges, values := make([]int32, len(g.nodes)), make([]*node, 0, len(g.nodes)), 0, 0
	for i, n := range g.nodes {
		ids[i] = notSaved
		if n.saved() {
			ids[i] = int32(len(kept))
			kept = append(kept, n)
			edges += len(n.edges)
			values += len(n.values)
		}
	}
	if err := checkKeys(g.nodes); err != nil {
		return nil, nil, err
	}
	out := &objectgraph.Graph{Nodes: make([]objectgraph.Node, len(kept))}
	children, attributes := make([]objectgraph.Child, 0, edges), make([]objectgraph.Attribute, 0, values)
	tensors, opaque := make([]namedSource, 0, values+1), []namedSource(nil) // and the graph itself
	paths := make(map[*node]string)
	for i, n := range kept {
		sn := &out.Nodes[i]
		firstChild, firstAttribute := len(children), len(attributes)
		for i := range n.edges {
			if to := n.edges[i].node; to != nil && ids[to.id] != notSaved {
				children = append(children, objectgraph.Child{Name: n.edges[i].name, ID: int(ids[to.id])})
			}
		}
		for i := range n.values {
			v := &n.values[i]
			a := n.stored(v, paths)
			attributes = append(attributes, a)
			if v.attribute == opaqueAttribute && n.done == nil {
				opaque = append(opaque, namedSource{node: n, key: a.Key, src: v.source()})
			} else {
				tensors = append(tensors, namedSource{node: n, key: a.Key, src: v.source()})
			}
		}
		sn.Children, sn.Attributes = children[firstChild:len(children):len(children)], attributes[firstAttribute:len(attributes):len(attributes)]
		if n.saver != nil {
			sn.Saver = &objectgraph.RegisteredSaver{Name: n.saver.Name, ObjectName: n.objectPath(paths, "")}
		}
		for _, s := range n.slots {
			if of, id := ids[s.variable.id], ids[s.slot.id]; of != notSaved && id != notSaved {
				sn.Slots = append(sn.Slots, objectgraph.Slot{Original: int(of), Name: s.name, Variable: int(id)})
			}
		}
	}
	out.SetHasValues()
	tensors = append(tensors, opaque...)
	return out, append(tensors, namedSource{key: objectgraph.GraphKey, src: format.SourceOf(tensor.Scalar(out.Text()))}), nil
}

// notSaved is the number of a node that is not written.
const notSaved = -1

// variableSuffix is what the key of a variable has after its object's path.
var variableSuffix = objectgraph.KeyAt("", variableAttribute)

// stored returns the attribute that v, a value of n, is in the object graph.
func (n *node) stored(v *value, paths map[*node]string) objectgraph.Attribute {
	name, suffix := v.attribute, variableSuffix
	if name != variableAttribute {
		name = objectgraph.Escape(name)
		suffix = objectgraph.KeyAt("", name)
	}
	a := objectgraph.Attribute{Name: name, Key: n.objectPath(paths, suffix)}
	if v.attribute == variableAttribute && n.done == nil {
		a.FullName = n.givenName()
		// Nearly always that is the object's path: no copy of it then.
		if path := strings.TrimSuffix(a.Key, suffix); a.FullName == "" && !strings.Contains(path, ".") {
			a.FullName = path // in which nothing is escaped
		} else if a.FullName == "" {
			a.FullName = n.pathName()
		}
	}
	return a
}

// saved reports whether n is written: a tensor that is not built has nothing to write, and neither have edges to it.
func (n *node) saved() bool {
	for i := range n.values {
		if !n.values[i].built() {
			return false
		}
	}
	return true
}

// objectPath is the escaped path of n, by which its tensors' keys begin, followed by suffix. known has those of objects that
// have children with values: not of all, since in a deep graph the paths of what has no values are longer than all memory.
func (n *node) objectPath(known map[*node]string, suffix string) string {
	if s := n.slotOf; s != nil {
		return objectgraph.SlotPath(s.variable.objectPath(known, ""), s.owner.objectPath(known, ""), s.name) + suffix
	}
	if n.parent == nil {
		return suffix
	}
	above, ok := known[n.parent]
	if !ok {
		var edges []string
		for up := n.parent; up.parent != nil; up = up.parent {
			if path, ok := known[up]; ok {
				edges = append(edges, path)
				break
			}
			edges = append(edges, objectgraph.Escape(up.name))
		}
		slices.Reverse(edges)
		above = strings.Join(edges, "/")
		known[n.parent] = above
	}
	if n.parent.parent == nil {
		return objectgraph.Escape(n.name) + suffix
	}
	return above + "/" + objectgraph.Escape(n.name) + suffix
}

// write saves the graph under prefix and returns when it is durable.
func writeGraph(ctx context.Context, g *graph, prefix string, o options) error {
	_, tensors, err := g.sources(ctx)
	if err != nil {
		return err
	}
	return writeTensors(ctx, tensors, prefix, o)
}

func writeTensors(ctx context.Context, tensors []namedSource, prefix string, o options) error {
	if dir := filepath.Dir(prefix); dir != "." {
		if err := fsx.MkdirAll(o.writer, dir); err != nil {
			return fmt.Errorf("ckpt: save %s: %w", prefix, err)
		}
	}
	w := bundle.Create(o.writer, prefix, bundle.Options{Progress: progressOf(o.progress), Alignment: o.align})
	w.Grow(len(tensors))
	if err := addTensors(w, tensors, o); err != nil {
		return fmt.Errorf("ckpt: save %s: %w", prefix, err)
	}
	if err := w.Commit(ctx); err != nil {
		return fmt.Errorf("ckpt: save %s: %w", prefix, err)
	}
	for _, f := range o.callbacks {
		if err := f(ctx, prefix); err != nil {
			return fmt.Errorf("ckpt: save %s: write callback: %w", prefix, err)
		}
	}
	return nil
}

func addTensors(w format.Writer, tensors []namedSource, o options) error {
	files := make(map[string]int)
	for len(tensors) > 0 && tensors[0].saver != "" {
		t := &tensors[0]
		if _, ok := files[t.saver]; !ok {
			files[t.saver] = len(files)
		}
		if err := t.addTo(w, files[t.saver]); err != nil {
			return err
		}
		tensors = tensors[1:]
	}
	if o.shard != nil {
		return addSharded(w, tensors, o.shard, len(files))
	}
	for i := range tensors {
		if err := tensors[i].addTo(w, len(files)); err != nil {
			return err
		}
	}
	return nil
}

func progressOf(f func(Progress)) func(done, total int64) {
	if f == nil {
		return nil
	}
	return func(done, total int64) { f(Progress{done, total}) }
}
