package ckpt

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/stored"
	"github.com/gockpt/ckpt/tensor"
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

// A namedVariable is a tensor of the program under the name that a checkpoint by names has for it.
type namedVariable struct {
	name  string
	node  *object.Node
	value *object.Value
	full  tensor.Shape // where part is not nil: the shape of the whole
	part  tensor.Slice
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

// namedVariables returns the program's variables by name, those that are parts of one in their order.
func namedVariables(g *object.Graph, o options) ([]namedVariable, error) {
	var all []namedVariable
	inParts := make(map[*object.Node]bool)
	for _, n := range g.Nodes {
		if n.Obj.Type() == partitionedType && n.Obj.CanAddr() {
			parts, err := partsOf(n)
			if err != nil {
				return nil, fmt.Errorf("%s (%s): %w", n.Path(), n.GoPath(), err)
			}
			for _, p := range parts {
				if inParts[p.node] {
					return nil, fmt.Errorf("%s (%s) is more than one part", p.node.Path(), p.node.GoPath())
				}
				inParts[p.node] = true
			}
			all = append(all, parts...)
		}
	}
	for _, n := range g.Nodes {
		if inParts[n] || o.skipSlots && n.SlotOf != nil {
			continue
		}
		for i := range n.Values {
			v := namedVariable{name: n.NameOfTensor(), node: n, value: &n.Values[i]}
			if n.Done != nil {
				v.name += v.value.Attribute // "-keys" and "-values" of a table, as Saver has them
			}
			if o.parts != nil {
				v.full, v.part = o.parts(n.FullPath(), v.value.Shape)
			}
			all = append(all, v)
		}
	}
	slices.SortStableFunc(all, func(a, b namedVariable) int {
		return cmp.Or(strings.Compare(a.name, b.name), slices.CompareFunc(a.part, b.part, func(x, y tensor.Extent) int { return cmp.Compare(x.Start, y.Start) }))
	})
	return all, nil
}

// parts returns the parts of a partitioned variable, with the region that each of them is.
func partsOf(n *object.Node) ([]namedVariable, error) {
	p := n.Obj.Addr().Interface().(*Partitioned)
	list := n.Find("parts")
	if list == nil || list.Node == nil || len(list.Node.Edges) != len(p.Parts) || len(p.Parts) == 0 {
		return nil, errors.New("a partitioned variable has no parts, or one that is no variable")
	}
	var parts []namedVariable
	var full tensor.Shape
	for _, e := range list.Node.Edges {
		if e.Node == nil || len(e.Node.Values) != 1 || e.Node.Values[0].Shape == nil {
			return nil, fmt.Errorf("part %s of a partitioned variable is no variable with a shape", e.Name)
		}
		shape := e.Node.Values[0].Shape
		if p.Axis < 0 || p.Axis >= len(shape) {
			return nil, fmt.Errorf("part %s of a partitioned variable has shape %v and no axis %d", e.Name, shape, p.Axis)
		}
		region := make(tensor.Slice, len(shape))
		for i, size := range shape {
			region[i] = tensor.Extent{Start: 0, Length: size}
		}
		if full == nil {
			full = slices.Clone(shape)
		} else {
			region[p.Axis].Start = full[p.Axis]
			if full[p.Axis] += shape[p.Axis]; len(full) != len(shape) || !slices.Equal(full[:p.Axis], shape[:p.Axis]) || !slices.Equal(full[p.Axis+1:], shape[p.Axis+1:]) {
				return nil, fmt.Errorf("part %s of a partitioned variable has shape %v, which does not continue the others along axis %d", e.Name, shape, p.Axis)
			}
		}
		parts = append(parts, namedVariable{name: n.NameOfTensor(), node: e.Node, value: &e.Node.Values[0], part: region})
	}
	for i := range parts {
		parts[i].full = full
	}
	return parts, nil
}

// checkNames refuses two variables of one name that are not parts of one.
func checkNames(vars []namedVariable) error {
	for i, v := range vars {
		for j := i - 1; j >= 0 && vars[j].name == v.name; j-- { // they are sorted
			other := vars[j]
			if v.part == nil || other.part == nil {
				return fmt.Errorf("at least two variables have the same name: %q (%s and %s); a tag's fullname= tells them apart",
					v.name, other.node.GoPath(), v.node.GoPath())
			}
			a, _, err := v.part.Resolve(v.full)
			if err != nil {
				return fmt.Errorf("%q (%s): %w", v.name, v.node.GoPath(), err)
			}
			b, _, err := other.part.Resolve(other.full)
			if err != nil {
				return fmt.Errorf("%q (%s): %w", v.name, other.node.GoPath(), err)
			}
			if !v.full.Equal(other.full) {
				return fmt.Errorf("%q: its parts are those of shape %v (%s) and of %v (%s)", v.name, other.full, other.node.GoPath(), v.full, v.node.GoPath())
			}
			if _, shared := a.Intersect(b); shared {
				return fmt.Errorf("%q: two of its parts overlap (%s and %s)", v.name, other.node.GoPath(), v.node.GoPath())
			}
		}
	}
	return nil
}

// source is v as something to be written.
func (v *namedVariable) source() (stored.Tensor, error) {
	src := stored.Tensor{Node: v.node, Key: v.name, Source: v.value.Source()}
	if v.part == nil {
		return src, nil
	}
	src.Part = &object.Part{Full: v.full, Region: v.part}
	_, shape, err := v.part.Resolve(v.full)
	switch {
	case err != nil:
		return src, fmt.Errorf("%s: %w", src.Path(), err)
	case shape.Equal(v.value.Shape):
	case v.full.Equal(v.value.Shape): // memory holds the whole
		src.Source = stored.Region(src.Source, v.part)
	default:
		return src, fmt.Errorf("%s: memory has shape %v, neither the part's %v nor the whole's %v", src.Path(), v.value.Shape, shape, v.full)
	}
	return src, nil
}
