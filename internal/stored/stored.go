package stored

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

// Of returns what is stored of a program: its object graph and its tensors. The tensors of custom savers come first, as in
// TensorFlow. The object graph itself is not among the tensors: see [GraphTensor].
func Of(ctx context.Context, g *object.Graph) (*objectgraph.Graph, []Tensor, error) {
	stored, tensors, err := graphAndTensors(g)
	if err != nil {
		return nil, nil, err
	}
	var all object.Batches
	paths := make(map[*object.Node]string)
	for _, n := range g.Nodes {
		if n.Saver() != nil {
			all = all.Add(n.Saver(), objectPath(n, paths, ""), n)
		}
	}
	if len(all) == 0 {
		return stored, tensors, nil
	}
	var own []Tensor
	for _, a := range all {
		saved, err := a.Saver.Save(ctx, a.Objects)
		if err != nil {
			return nil, nil, fmt.Errorf("ckpt: saver %s: %w", a.Saver.Name, err)
		}
		for _, t := range saved {
			if object.IsNil(t.Tensor) || t.Tensor.Shape() == nil {
				return nil, nil, fmt.Errorf("ckpt: saver %s: the tensor %q is not built", a.Saver.Name, t.Name)
			}
			if !utf8.ValidString(t.Name) {
				return nil, nil, fmt.Errorf("ckpt: saver %s: the name %q of a tensor is not UTF-8", a.Saver.Name, t.Name)
			}
			own = append(own, Tensor{Key: t.Name, Source: format.SourceOf(t.Tensor), saver: a.Saver.Name})
		}
	}
	return stored, append(own, tensors...), nil
}

// graphAndTensors returns the object graph of g and its tensors in the order in which TensorFlow lays them out: nodes in
// breadth-first order with slot variables last, then opaque state.
func graphAndTensors(g *object.Graph) (*objectgraph.Graph, []Tensor, error) {
	ids, kept, edges, values := make([]int32, len(g.Nodes)), make([]*object.Node, 0, len(g.Nodes)), 0, 0
	for i, n := range g.Nodes {
		ids[i] = notSaved
		if n.Saved() {
			ids[i] = int32(len(kept))
			kept = append(kept, n)
			edges += len(n.Edges) + aliases(n)
			values += len(n.Values)
		}
	}
	if err := checkKeys(g.Nodes); err != nil {
		return nil, nil, err
	}
	out := &objectgraph.Graph{Nodes: make([]objectgraph.Node, len(kept))}
	children, attributes := make([]objectgraph.Child, 0, edges), make([]objectgraph.Attribute, 0, values)
	tensors, opaque := make([]Tensor, 0, values+1), []Tensor(nil) // with room for the graph
	paths := make(map[*object.Node]string)
	for i, n := range kept {
		sn := &out.Nodes[i]
		firstChild, firstAttribute := len(children), len(attributes)
		for i := range n.Edges {
			if to := n.Edges[i].Node; to != nil && ids[to.ID] != notSaved {
				children = append(children, objectgraph.Child{Name: n.Edges[i].Name, ID: int(ids[to.ID])})
			}
		}
		children = appendAliases(children, n, ids)
		for i := range n.Values {
			v := &n.Values[i]
			a := attributeOf(n, v, paths)
			key := a.Key
			if v.Shared() != "" {
				key += v.Attribute()[len(v.Shared()):]
			}
			if v.Shared() == "" || i == 0 {
				attributes = append(attributes, a)
			}
			if v.Attribute() == object.OpaqueAttribute && n.Done() == nil {
				opaque = append(opaque, Tensor{Node: n, Key: key, Source: v.Source()})
			} else {
				tensors = append(tensors, Tensor{Node: n, Key: key, Source: v.Source()})
			}
		}
		sn.Children, sn.Attributes = children[firstChild:len(children):len(children)], attributes[firstAttribute:len(attributes):len(attributes)]
		if n.Saver() != nil {
			sn.Saver = &objectgraph.RegisteredSaver{Name: n.Saver().Name, ObjectName: objectPath(n, paths, "")}
		}
		for _, s := range n.Slots() {
			if of, id := ids[s.Variable.ID], ids[s.Slot.ID]; of != notSaved && id != notSaved {
				sn.Slots = append(sn.Slots, objectgraph.Slot{Original: int(of), Name: s.Name, Variable: int(id)})
			}
		}
	}
	out.SetHasValues()
	if err := out.Check(); err != nil { // as whoever reads the file does
		return nil, nil, fmt.Errorf("ckpt: a checkpoint of this program could not be read: %v", err)
	}
	return out, append(tensors, opaque...), nil
}

// appendAliases adds the further names of n's edges as edges to the same nodes, after all others, so that a program that calls them
// so restores what we save: Keras 2 has kernel for Keras 3's _kernel.
func appendAliases(children []objectgraph.Child, n *object.Node, ids []int32) []objectgraph.Child {
	for i := range n.Edges {
		e := &n.Edges[i]
		if e.Node == nil || ids[e.Node.ID] == notSaved {
			continue
		}
		for _, alias := range e.Aliases() { // no other edge has the name: the type plan sees to it
			children = append(children, objectgraph.Child{Name: alias, ID: int(ids[e.Node.ID])})
		}
	}
	return children
}

func aliases(n *object.Node) (count int) {
	for i := range n.Edges {
		count += len(n.Edges[i].Aliases())
	}
	return count
}

// GraphTensor returns the tensor that holds an object graph.
func GraphTensor(g *objectgraph.Graph) Tensor {
	return Tensor{Key: objectgraph.GraphKey, Source: format.SourceOf(tensor.Scalar(g.Text()))}
}

// Checkpoint returns all tensors of a checkpoint of g, the object graph last.
func Checkpoint(ctx context.Context, g *object.Graph) ([]Tensor, error) {
	graph, tensors, err := Of(ctx, g)
	if err != nil {
		return nil, err
	}
	return append(tensors, GraphTensor(graph)), nil
}

// notSaved is the number of a node that is not written.
const notSaved = -1

// variableSuffix ends the key of a variable, after the path of its object.
var variableSuffix = objectgraph.KeyAt("", object.VariableAttribute)

// attributeOf returns the attribute of the object graph for v, a value of n.
func attributeOf(n *object.Node, v *object.Value, paths map[*object.Node]string) objectgraph.Attribute {
	name, suffix := cmp.Or(v.Shared(), v.Attribute()), variableSuffix
	if name != object.VariableAttribute {
		name = objectgraph.Escape(name)
		suffix = objectgraph.KeyAt("", name)
	}
	a := objectgraph.Attribute{Name: name, Key: objectPath(n, paths, suffix)}
	if v.Attribute() == object.VariableAttribute && n.Done() == nil {
		a.FullName = n.GivenName()
		// Nearly always the name is the path of the object: then it shares the memory of the key.
		if path := strings.TrimSuffix(a.Key, suffix); a.FullName == "" && !strings.Contains(path, ".") {
			a.FullName = path // which has no escapes
		} else if a.FullName == "" {
			a.FullName = n.PathName()
		}
	}
	return a
}
