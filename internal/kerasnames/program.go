package kerasnames

import (
	"reflect"
	"strings"

	"github.com/gockpt/ckpt/internal/object"
)

// isContainer reports whether n is what Python has as a list, a tuple or a dict.
func isContainer(n *object.Node) bool {
	switch n.Obj.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return n.Group
	}
	return false
}

// elements returns what a container, or an object in place of one, holds.
func elements(n *object.Node) []element {
	var all []element
	for i := range n.Edges {
		if e := &n.Edges[i]; e.Node != nil {
			all = append(all, element{class: className(e.Node), name: e.Name, node: e.Node})
		}
	}
	return all
}

// layersPackage is the package of the layers. Its types are Keras's classes.
const layersPackage = "github.com/gockpt/ckpt/layers"

// ofLayers reports whether n is a layer of package layers.
func ofLayers(n *object.Node) bool { return n.Obj.Type().PkgPath() == layersPackage }

// className returns the name of n's class in Python: that of its type.
func className(n *object.Node) string {
	name, _, _ := strings.Cut(n.Obj.Type().Name(), "[")
	switch {
	case name == "Model" && ofLayers(n) && n.Find("_functional") != nil && n.Find("_functional").Node != nil:
		return "Sequential"
	case name == "Model" && ofLayers(n):
		return "Functional"
	case name == "":
		return "Object" // of a type that has no name
	}
	return name
}

// layersOf returns the layers of a Functional or Sequential model and the node, one of n's edges, that holds them; nil of other
// objects.
func layersOf(n *object.Node) (layers []element, held *object.Node) {
	model, operations := n, n.Find("_operations")
	var prefix []string
	if e := n.Find("_functional"); e != nil && e.Node != nil {
		model, prefix = e.Node, []string{e.Name}
		operations = model.Find("_operations")
	}
	if operations == nil || operations.Node == nil || isVariable(operations.Node) {
		return nil, nil
	}
	layers = elements(operations.Node)
	if m, ok := asInterface(n).(kerasModel); ok {
		layers = named(m, layers, append(prefix, operations.Name))
	}
	if model != n {
		return layers, model
	}
	return layers, operations.Node
}

// A kerasModel says what Keras calls its layers, as [github.com/gockpt/ckpt/layers.Model] does.
type kerasModel interface {
	KerasLayers(visit func(edges []string, class, name string, model bool))
}

// named returns layers, to which the edges below prefix lead, with the classes and names that m gives them, in its order.
func named(m kerasModel, layers []element, prefix []string) []element {
	byEdge := make(map[string]*object.Node, len(layers))
	for _, l := range layers {
		byEdge[l.name] = l.node
	}
	var all []element
	m.KerasLayers(func(edges []string, class, name string, _ bool) {
		if len(edges) != len(prefix)+1 || strings.Join(edges[:len(prefix)], "/") != strings.Join(prefix, "/") {
			return
		}
		if n := byEdge[edges[len(prefix)]]; n != nil {
			all = append(all, element{class, name, n, true})
		}
	})
	return all
}

// asInterface returns a pointer to n's object, or nil if there is none.
func asInterface(n *object.Node) any {
	if !n.Obj.CanAddr() || !n.Obj.Addr().CanInterface() {
		return nil
	}
	return n.Obj.Addr().Interface()
}
