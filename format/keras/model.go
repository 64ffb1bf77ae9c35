package keras

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A kerasModel reports its layers: see [Reader.GraphFor].
type kerasModel interface {
	KerasLayers(visit func(edges []string, class, name string, model bool))
}

// A configured model has the description from which it was made.
type configured interface{ Config() json.RawMessage }

// A kerasObjects reports the objects of a program: see [Reader.GraphFor].
type kerasObjects interface {
	KerasObjects(isModel func(path string) bool, visit func(edges []string, path string, variables bool, own []string))
}

// program adds the edges by which m finds its objects, if the file has them. It omits numbered layers if the program and the file
// have different ones, because the numbers then mean nothing.
func (b *builder) program(m kerasObjects, root *object) {
	type found struct {
		edges []string
		to    *object
	}
	byGroup := make(map[string][]found) // by the path of the group that numbers them, or "" for objects without a number
	differs := make(map[string]bool)
	counted := make(map[string]int)
	m.KerasObjects(func(path string) bool {
		o := root.at(path)
		return o != nil && o.byName["layers"] != nil
	}, func(edges []string, path string, variables bool, own []string) {
		group := ""
		if i := strings.LastIndexByte(path, '/'); i >= 0 && lastStep(path[:i]) == "layers" {
			group = path[:i]
		}
		o := root.at(path)
		switch {
		case o == nil:
			differs[group] = differs[group] || variables
			return
		case o.hasWeights():
			counted[group]++
		}
		b.own(o, own)
		if len(edges) > 0 {
			byGroup[group] = append(byGroup[group], found{edges, o})
		}
	})
	for _, group := range slices.Sorted(maps.Keys(byGroup)) {
		if group != "" && (differs[group] || counted[group] != root.at(group).weighted()) {
			continue
		}
		for _, f := range byGroup[group] {
			b.path(0, f.edges, f.to.node)
		}
	}
}

// own gives the variables of o, which are only numbered in the file, the names that the program uses, if their number is the
// same. It does nothing if the file already has one of these names.
func (b *builder) own(o *object, names []string) {
	if len(names) != len(o.vars) || slotsOf(o.class) != nil || slices.ContainsFunc(names, func(name string) bool { return b.hasEdge(o.node, name) }) {
		return
	}
	for i, v := range o.vars {
		if v.name != strconv.Itoa(i) {
			return
		}
	}
	for i, v := range o.vars {
		b.link(o.node, names[i], b.variable(v.key))
	}
}

func lastStep(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// A place is the position of a model's weights: its node, and the object or the legacy weights.
type place struct {
	node    int
	object  *object
	weights []*weight
	names   counter // counts the layers that were visited
}

// model adds the edges by which m finds its layers. find returns the place of a layer of a model. Its argument steps has the edges
// from a layer of the model to the wanted layer, if a wrapper contains it.
func (b *builder) model(m kerasModel, root place, find func(model place, steps []string, class, name string) (place, bool)) {
	root.names = make(counter)
	models := map[string]place{"": root}
	held := make(map[string]place) // the layers that models hold directly
	m.KerasLayers(func(edges []string, class, name string, isModel bool) {
		of := len(edges)
		var model place
		for ok := false; !ok; {
			of--
			model, ok = models[strings.Join(edges[:of], "\x00")]
		}
		direct := of + 2 // the edges _operations and a number
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
			at = place{node: b.node()} // the file does not have its contents either
		}
		if isModel {
			at.names = make(counter)
			models[path] = at
		}
	})
}

// findLayer finds a layer in a file of Keras 3. It counts the layers of the same class.
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
