package keras

import (
	"github.com/gockpt/ckpt/format/nametree"
	"github.com/gockpt/ckpt/format/objectgraph"
)

// Graph returns the graph of the file's objects and their weights. The package comment describes its names.
func (r *Reader) Graph() (*objectgraph.Graph, error) { return r.GraphFor(nil) }

// GraphFor is Graph with more edges, by which model finds its layers. A model that was made from Keras's description, such
// as a *layers.Model, has a method
//
//	KerasLayers(visit func(edges []string, class, name string, model bool))
//
// It calls visit for each layer of the model and of nested models, in Keras's order and a model before its layers. The
// arguments are the edges that lead from model to the layer, Keras's names for class and layer, and whether the layer is a
// model. If the file does not describe the model, GraphFor calls the model's method Config() json.RawMessage, if it has one,
// to find out which variables layers have.
//
// Any other value may have a method
//
//	KerasObjects(isModel func(path string) bool, visit func(edges []string, path string, variables bool, own []string))
//
// It calls visit for each object. The arguments are the edges that lead to the object (nil if no edges are to
// be made), its path in a file of Keras 3, whether it can have variables, and the names of its variables in
// order, or nil. isModel reports whether the file has a keras.Model at a path. If model has neither method,
// GraphFor returns the same graph as Graph.
func (r *Reader) GraphFor(model any) (*objectgraph.Graph, error) {
	if r.plain {
		keys := func(yield func(string) bool) {
			for t := range r.Tensors() {
				if !yield(t.Key) {
					return
				}
			}
		}
		g, err := nametree.Of(r.Name(), keys)
		if err != nil {
			return nil, err
		}
		return NamedGraph(g, model, r.Lookup), nil
	}
	b := &builder{nodes: make([]objectgraph.Node, 1), children: make(map[edge]int), leaves: make(map[string]int)}
	var find func(model place, steps []string, class, name string) (place, bool)
	var root place
	about := parseConfig(r.config)
	if m, ok := model.(configured); ok && about == nil {
		about = parseConfig(m.Config())
	}
	if r.legacy {
		l, err := b.legacy(r.files[0], about)
		if err != nil {
			return nil, err
		}
		root, find = place{weights: l.all}, l.find
	} else {
		o, err := objects(r.files)
		if err != nil {
			return nil, err
		}
		o.understand(about)
		b.object(o)
		root, find = place{object: o}, findLayer
	}
	if m, ok := model.(kerasModel); ok {
		b.model(m, root, find)
	} else if m, ok := model.(kerasObjects); ok && root.object != nil {
		b.program(m, root.object)
	}
	return &objectgraph.Graph{Nodes: b.nodes, Aliased: true}, nil
}
