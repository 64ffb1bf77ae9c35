package ckpt

import (
	"context"
	"reflect"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/kerasnames"
	"github.com/gockpt/ckpt/internal/object"
)

// readGraphFor is readGraph for a model to load weights into. A reader may know how such a model calls what the checkpoint has.
func readGraphFor(ctx context.Context, r format.Reader, path string, model any) (*objectgraph.Graph, error) {
	if f, ok := r.(interface {
		GraphFor(model any) (*objectgraph.Graph, error)
	}); ok {
		if _, told := model.(interface {
			KerasLayers(func(edges []string, class, name string, model bool))
		}); !told {
			model = kerasProgram{model}
		}
		return f.GraphFor(model)
	}
	return readGraph(ctx, r, path)
}

// A kerasProgram says by which edges a struct finds its layers, where Keras has them by the order of their classes: in lists of several
// classes, and in Sequential models.
type kerasProgram struct{ model any }

// KerasObjects calls visit with the edges from the program to an object, with the object's path in a file of Keras's, and whether it can have
// variables. isModel reports whether the object at a path is a keras.Model. Edges through maps are left out: Keras numbers the objects of
// a dict in the order in which they were put into it, which Go's maps do not have.
func (p kerasProgram) KerasObjects(isModel func(path string) bool, visit func(edges []string, path string, variables bool)) {
	w := newWalker(make(map[object.Identity]reflect.Value), nil)
	if _, group := p.model.(Group); group || p.model == nil || w.AddRoot(p.model, nil) != nil || w.ExpandAll() != nil {
		return // the walk that loads finds the fault
	}
	objects, err := kerasnames.Objects(w.Graph(), isModel)
	if err != nil {
		return
	}
	variables := make(map[*object.Node]bool)
	for _, n := range w.Graph().Nodes {
		if len(n.Values) > 0 {
			for up := n; up != nil && !variables[up]; up = up.Parent {
				variables[up] = true
			}
		}
	}
	for _, o := range objects {
		if edges := o.Node.EdgePath(); inMap(o.Node) {
			visit(nil, o.Path, variables[o.Node])
		} else if len(edges) > 0 {
			visit(edges, o.Path, variables[o.Node])
		}
	}
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
