package kerasnames

import (
	"reflect"
	"strings"

	"github.com/gockpt/ckpt/internal/object"
)

// isContainer reports whether n would be a list, a tuple or a dict in Python.
func isContainer(n *object.Node) bool {
	switch n.Obj.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return n.Group
	}
	return false
}

// elements returns the contents of a container, or of an object in place of one.
func elements(n *object.Node) []element {
	var all []element
	for i := range n.Edges {
		if e := &n.Edges[i]; e.Node != nil {
			all = append(all, element{class: className(e.Node), name: e.Name, node: e.Node})
		}
	}
	return all
}

// layersPackage is the package of the layers. Its types correspond to Keras's classes.
const layersPackage = "github.com/gockpt/ckpt/layers"

// ofLayers reports whether n is a layer of package layers.
func ofLayers(n *object.Node) bool { return n.Obj.Type().PkgPath() == layersPackage }

// className returns the Python class name of n, which is the name of its type.
func className(n *object.Node) string {
	name, _, _ := strings.Cut(n.Obj.Type().Name(), "[")
	switch {
	case name == "Model" && ofLayers(n) && n.Find("_functional") != nil && n.Find("_functional").Node != nil:
		return "Sequential"
	case name == "Model" && ofLayers(n):
		return "Functional"
	case name == "":
		return "Object" // the type has no name
	}
	return name
}

// layersOf returns the layers of a Functional or Sequential model, and the child of n that holds them. It returns nil for other
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

// A kerasModel reports Keras's names of its layers, like [github.com/gockpt/ckpt/layers.Model].
type kerasModel interface {
	KerasLayers(visit func(edges []string, class, name string, model bool))
}

// named returns layers with the classes and names that m reports, in its order. The edges in prefix lead to layers.
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
