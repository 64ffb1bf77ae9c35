package ckpt

import (
	"fmt"
	"reflect"

	"github.com/gockpt/ckpt/internal/byname"
	"github.com/gockpt/ckpt/internal/object"
)

// Vars are variables by the names that a checkpoint has for them, for a [Saver]. Each is a pointer to a tensor or to
// something else that is one variable, or a [Partitioned] one.
type Vars map[string]any

// A Partitioned is one variable that the program holds in parts (tf.compat.v1's partitioned variables). A [Saver] saves
// them as slices of one tensor and restores them from it, however that was cut when it was saved. Elsewhere it is a
// struct with a list of variables.
type Partitioned struct {
	Axis  int   // along which the parts follow each other
	Parts []any // pointers to tensors, which have shapes already: they say where a part begins
}

// Partition returns one variable made of parts that follow each other along an axis.
func Partition(axis int, parts ...any) *Partitioned { return &Partitioned{Axis: axis, Parts: parts} }

var partitionedType = reflect.TypeFor[Partitioned]()

// byNameOptions says which tensors of a program are variables of a Saver.
func byNameOptions(o options) byname.Options {
	return byname.Options{SkipSlots: o.skipSlots, Parts: o.parts, Partitioned: func(n *object.Node) (axis, parts int, ok bool) {
		if n.Obj.Type() != partitionedType || !n.Obj.CanAddr() {
			return 0, 0, false
		}
		p := n.Obj.Addr().Interface().(*Partitioned)
		return p.Axis, len(p.Parts), true
	}}
}

// walkNamed returns the graph of root: Vars, a Group or what New takes. stand, a pointer, stands for the root of the first two.
func walkNamed(root, stand any, copies map[object.Identity]reflect.Value) (*walker, error) {
	w := newWalker(copies)
	children, ok := root.(Group)
	if vars, isVars := root.(Vars); isVars {
		children, ok = Group(vars), true
	}
	if root == nil {
		ok = true
	}
	if ok {
		w.addVirtualRoot(stand)
		for _, name := range sortedKeys(children) {
			if err := w.addChild(w.graph.Root(), name, fmt.Sprintf("[%q]", name), children[name]); err != nil {
				return nil, err
			}
		}
	} else if err := w.addRoot(root, nil); err != nil {
		return nil, err
	}
	if err := w.ExpandAll(); err != nil {
		return nil, err
	}
	return w, w.AddSlots()
}

// checkVars says which of a Saver's Vars is no variable, or is there twice (saveable_object_util.validate_and_slice_inputs).
func checkVars(g *object.Graph) error {
	names := make(map[*object.Node]string)
	for _, e := range g.Root().Edges {
		switch other, twice := names[e.Node]; {
		case e.Node == nil:
			return fmt.Errorf("%q is nil", e.Name)
		case twice:
			return fmt.Errorf("the same variable is called both %q and %q", other, e.Name)
		case len(e.Node.Values) == 0 && e.Node.Obj.Type() != partitionedType:
			return fmt.Errorf("%q: a %v is no variable: it has children, whose names it does not say", e.Name, e.Node.Obj.Type())
		}
		names[e.Node] = e.Name
	}
	return nil
}
