package kerasnames

import (
	"reflect"

	"github.com/gockpt/ckpt/internal/object"
)

// A Program reports the edges by which a struct finds its layers. Keras stores these layers by the order of their classes: in
// lists of several classes, and in Sequential models.
type Program struct {
	// Graph returns the program's objects, or nil if they cannot be walked: the walk of the load then reports the error.
	Graph func() *object.Graph
}

// KerasObjects calls visit for each object. The arguments are the edges that lead to the object from the
// program, its path in a Keras file, whether it can have variables, and the names of its variables in the
// order of its fields. own is nil for layers of package layers, which use Keras's names, and for objects with
// lists of variables, because only the file has the lengths of the lists. isModel reports whether the object
// at a path is a keras.Model. Edges through maps are left out: Keras numbers the objects of a dict in
// insertion order, which Go's maps do not keep.
func (p Program) KerasObjects(isModel func(path string) bool, visit func(edges []string, path string, variables bool, own []string)) {
	g := p.Graph()
	if g == nil {
		return
	}
	objects, err := Objects(g, isModel)
	if err != nil {
		return
	}
	variables := make(map[*object.Node]bool)
	for _, n := range g.Nodes {
		if len(n.Values) > 0 {
			for up := n; up != nil && !variables[up]; up = up.Parent {
				variables[up] = true
			}
		}
	}
	for _, o := range objects {
		if edges := o.Node.EdgePath(); inMap(o.Node) {
			visit(nil, o.Path, variables[o.Node], ownVariables(o.Node))
		} else {
			visit(edges, o.Path, variables[o.Node], ownVariables(o.Node))
		}
	}
}

// ownVariables returns the names of n's variables, or nil if some are unknown.
func ownVariables(n *object.Node) (names []string) {
	if n.Obj.Kind() != reflect.Struct || ofLayers(n) {
		return nil
	}
	for i := range n.Edges {
		switch e := &n.Edges[i]; {
		case e.Node == nil:
		case isVariable(e.Node):
			names = append(names, e.Name)
		case isContainer(e.Node) && len(elements(e.Node)) == 0:
			return nil
		}
	}
	return names
}

// inMap reports whether n, or an object that holds it, is in a map.
func inMap(n *object.Node) bool {
	for ; n != nil; n = n.Parent {
		if n.Obj.Kind() == reflect.Map {
			return true
		}
	}
	return false
}
