package keras

import (
	"strings"
)

// A kerasModel tells of its layers: see [Reader.GraphFor].
type kerasModel interface {
	KerasLayers(visit func(edges []string, class, name string, model bool))
}

// A place is where the weights of a model are: its node, and the object or the legacy weights.
type place struct {
	node    int
	object  *object
	weights []*weight
	names   counter // of the layers that were visited
}

// model adds the edges by which m finds its layers. find returns the place of a layer of a model: steps are the edges from the layer that the
// model itself has to the one that is looked for, where that is in a wrapper.
func (b *builder) model(m kerasModel, root place, find func(model place, steps []string, class, name string) (place, bool)) {
	root.names = make(counter)
	models := map[string]place{"": root}
	held := make(map[string]place) // the layers that models hold themselves
	m.KerasLayers(func(edges []string, class, name string, isModel bool) {
		of := len(edges)
		var model place
		for ok := false; !ok; {
			of--
			model, ok = models[strings.Join(edges[:of], "\x00")]
		}
		direct := of + 2 // _operations and a number
		if len(edges) > of && edges[of] == "_functional" {
			direct++
		}
		direct = min(direct, len(edges))
		path := strings.Join(edges, "\x00")
		var at place
		var ok bool
		if direct == len(edges) {
			if at, ok = find(model, nil, class, name); ok {
				b.path(model.node, edges[of:], at.node)
				held[path] = at
			}
		} else if outer, found := held[strings.Join(edges[:direct], "\x00")]; found {
			at, ok = find(outer, edges[direct:], class, name)
		}
		if !ok {
			at = place{node: b.node()} // what is in it is not in the file either
		}
		if isModel {
			at.names = make(counter)
			models[path] = at
		}
	})
}

// path adds the edges from a node to another, and the nodes between them.
func (b *builder) path(from int, edges []string, to int) {
	last := len(edges) - 1
	b.link(b.step(from, edges[:last]), edges[last], to)
}

// findLayer finds a layer in a file of Keras 3, by the order of the layers of its class.
func findLayer(model place, steps []string, class, _ string) (place, bool) {
	o := model.object
	if len(steps) == 0 {
		stored := model.names.name(snakeCase(class))
		if o != nil {
			o = o.layers()
		}
		steps = []string{stored}
	}
	for _, step := range steps {
		if o == nil {
			return place{}, false
		}
		o = o.byName[step]
	}
	if o == nil {
		return place{}, false
	}
	return place{node: o.node, object: o}, true
}
