package ckpt

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

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
	node  *node
	value *value
	full  tensor.Shape // where part is not nil: the shape of the whole
	part  tensor.Slice
}

// walkNamed returns the graph of root: Vars, a Group or what New takes. stand, a pointer, stands for the root of the first two.
func walkNamed(root, stand any, copies map[identity]reflect.Value) (*walker, error) {
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
			if err := w.addChild(w.graph.root(), name, fmt.Sprintf("[%q]", name), children[name]); err != nil {
				return nil, err
			}
		}
	} else if err := w.addRoot(root, nil); err != nil {
		return nil, err
	}
	if err := w.all(); err != nil {
		return nil, err
	}
	return w, w.addSlots()
}

// checkVars says which of a Saver's Vars is no variable, or is there twice (saveable_object_util.validate_and_slice_inputs).
func checkVars(g *graph) error {
	names := make(map[*node]string)
	for _, e := range g.root().edges {
		switch other, twice := names[e.node]; {
		case e.node == nil:
			return fmt.Errorf("%q is nil", e.name)
		case twice:
			return fmt.Errorf("the same variable is called both %q and %q", other, e.name)
		case len(e.node.values) == 0 && e.node.obj.Type() != partitionedType:
			return fmt.Errorf("%q: a %v is no variable: it has children, whose names it does not say", e.name, e.node.obj.Type())
		}
		names[e.node] = e.name
	}
	return nil
}

// namedVariables returns the program's variables by name, those that are parts of one in their order.
func (g *graph) namedVariables(o options) ([]namedVariable, error) {
	var all []namedVariable
	inParts := make(map[*node]bool)
	for _, n := range g.nodes {
		if n.obj.Type() == partitionedType && n.obj.CanAddr() {
			parts, err := g.parts(n)
			if err != nil {
				return nil, fmt.Errorf("%s (%s): %w", n.path(), n.goPath(), err)
			}
			for _, p := range parts {
				if inParts[p.node] {
					return nil, fmt.Errorf("%s (%s) is more than one part", p.node.path(), p.node.goPath())
				}
				inParts[p.node] = true
			}
			all = append(all, parts...)
		}
	}
	for _, n := range g.nodes {
		if inParts[n] || o.skipSlots && n.slotOf != nil {
			continue
		}
		for i := range n.values {
			v := namedVariable{name: n.nameOfTensor(), node: n, value: &n.values[i]}
			if n.done != nil {
				v.name += v.value.attribute // "-keys" and "-values" of a table, as Saver has them
			}
			if o.parts != nil {
				v.full, v.part = o.parts(n.fullPath(), v.value.shape)
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
func (g *graph) parts(n *node) ([]namedVariable, error) {
	p := n.obj.Addr().Interface().(*Partitioned)
	list := n.find("parts")
	if list == nil || list.node == nil || len(list.node.edges) != len(p.Parts) || len(p.Parts) == 0 {
		return nil, errors.New("a partitioned variable has no parts, or one that is no variable")
	}
	var parts []namedVariable
	var full tensor.Shape
	for _, e := range list.node.edges {
		if e.node == nil || len(e.node.values) != 1 || e.node.values[0].shape == nil {
			return nil, fmt.Errorf("part %s of a partitioned variable is no variable with a shape", e.name)
		}
		shape := e.node.values[0].shape
		if p.Axis < 0 || p.Axis >= len(shape) {
			return nil, fmt.Errorf("part %s of a partitioned variable has shape %v and no axis %d", e.name, shape, p.Axis)
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
				return nil, fmt.Errorf("part %s of a partitioned variable has shape %v, which does not continue the others along axis %d", e.name, shape, p.Axis)
			}
		}
		parts = append(parts, namedVariable{name: n.nameOfTensor(), node: e.node, value: &e.node.values[0], part: region})
	}
	for i := range parts {
		parts[i].full = full
	}
	return parts, nil
}

// nameOfTensor is the global name of n as a checkpoint has it: TensorFlow's variables end in ":0", which is no part of that.
func (n *node) nameOfTensor() string {
	if name := n.field.fullnameOf(); name != "" {
		return strings.TrimSuffix(name, ":0")
	}
	return n.globalName()
}

// checkNames refuses two variables of one name that are not parts of one.
func checkNames(vars []namedVariable) error {
	for i, v := range vars {
		for j := i - 1; j >= 0 && vars[j].name == v.name; j-- { // they are sorted
			other := vars[j]
			if v.part == nil || other.part == nil {
				return fmt.Errorf("at least two variables have the same name: %q (%s and %s); a tag's fullname= tells them apart",
					v.name, other.node.goPath(), v.node.goPath())
			}
			a, _, err := v.part.Resolve(v.full)
			if err != nil {
				return fmt.Errorf("%q (%s): %w", v.name, v.node.goPath(), err)
			}
			b, _, err := other.part.Resolve(other.full)
			if err != nil {
				return fmt.Errorf("%q (%s): %w", v.name, other.node.goPath(), err)
			}
			if !v.full.Equal(other.full) {
				return fmt.Errorf("%q: its parts are those of shape %v (%s) and of %v (%s)", v.name, other.full, other.node.goPath(), v.full, v.node.goPath())
			}
			if _, shared := a.Intersect(b); shared {
				return fmt.Errorf("%q: two of its parts overlap (%s and %s)", v.name, other.node.goPath(), v.node.goPath())
			}
		}
	}
	return nil
}

// source is v as something to be written.
func (v *namedVariable) source() (namedSource, error) {
	src := namedSource{node: v.node, key: v.name, src: v.value.source()}
	if v.part == nil {
		return src, nil
	}
	src.part = &partition{v.full, v.part}
	_, shape, err := v.part.Resolve(v.full)
	switch {
	case err != nil:
		return src, fmt.Errorf("%s: %w", src.path(), err)
	case shape.Equal(v.value.shape):
	case v.full.Equal(v.value.shape): // memory holds the whole
		src.src = partOf(src.src, v.part)
	default:
		return src, fmt.Errorf("%s: memory has shape %v, neither the part's %v nor the whole's %v", src.path(), v.value.shape, shape, v.full)
	}
	return src, nil
}
