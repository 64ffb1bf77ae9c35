package walk

import (
	"reflect"
	"slices"
	"strconv"

	"github.com/gockpt/ckpt/internal/object"
)

// expandContainer gives a slice, an array or a map an edge for each element.
func (w *Walker) expandContainer(n *object.Node) error {
	v := n.Obj
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		if v.Len() > 0 && w.plainElements(n) {
			return nil
		}
		n.Edges = make([]object.Edge, 0, v.Len())
		for i := range v.Len() {
			if err := w.addElement(n, strconv.Itoa(i), v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		keys := make([]string, 0, v.Len())
		for it := v.MapRange(); it.Next(); {
			keys = append(keys, it.Key().String())
		}
		slices.Sort(keys)
		n.Edges = make([]object.Edge, 0, len(keys))
		for _, k := range keys {
			key := reflect.ValueOf(k).Convert(v.Type().Key())
			e := object.Edge{Name: k}
			slot := w.standIn(v.MapIndex(key), true, func(c reflect.Value) { setEntry(v, key, c) }, n, &e)
			if err := w.addElement(n, k, slot); err != nil {
				return err
			}
		}
	}
	return nil
}

// setEntry sets an entry of the map m, which a failed restore may have removed.
func setEntry(m, key, v reflect.Value) {
	if !m.IsNil() {
		m.SetMapIndex(key, v)
	}
}

// plainElements reports whether n is a container of plain values without a tag. Such a container does not get edges.
func (w *Walker) plainElements(n *object.Node) bool {
	return !n.Opt.Explicit && w.types.Trait(n.Obj.Type().Elem()) == Plain
}

// addElement adds the edge to an element of a container, which has the options of the container's field. If a list was allocated
// with the length of the stored one, the file may lack some elements, because nn.Sequential also numbers modules without weights.
func (w *Walker) addElement(n *object.Node, name string, v reflect.Value) error {
	wanted := !n.Opt.Sparse && v.Kind() != reflect.Interface && w.types.Trait(v.Type()) == Trackable
	opt := n.Opt
	opt.Optional = opt.Optional || opt.Sparse
	return w.AddEdge(n, object.Edge{Name: name, Opt: opt, Wanted: wanted}, v)
}

// standIn returns an addressable copy of v, which an interface or a map holds, and registers set to write it back after a restore.
// The copy has the same memory in every walk.
func (w *Walker) standIn(v reflect.Value, settable bool, set func(reflect.Value), parent *object.Node, e *object.Edge) reflect.Value {
	c := w.standIns.of(placeOf(parent, e, v.Type()))
	c.Set(v)
	if settable {
		w.graph.Writebacks = append(w.graph.Writebacks, func() { set(c) })
	}
	return c
}

// offerPointer records in e, an edge of parent, how to allocate the object of the nil pointer v.
func (w *Walker) offerPointer(v reflect.Value, e *object.Edge, parent *object.Node) {
	if !v.CanSet() || pointsNowhere(v.Type()) {
		return
	}
	made := &object.Maker{}
	e.SetMissing(made)
	made.Alloc = func(object.Children) (func(), error) {
		if err := w.Take(1, v.Type().Elem(), parent, e); err != nil {
			return nil, err
		}
		p := reflect.New(v.Type().Elem())
		for q := p.Elem(); q.Kind() == reflect.Pointer; q = q.Elem() {
			if err := w.Take(1, q.Type().Elem(), parent, e); err != nil {
				return nil, err
			}
			q.Set(reflect.New(q.Type().Elem()))
		}
		v.Set(p)
		return func() { v.SetZero() }, nil
	}
	made.Share = func(obj reflect.Value) func() {
		if !obj.CanAddr() || obj.Addr().Type() != v.Type() {
			return nil
		}
		v.Set(obj.Addr())
		return func() { v.SetZero() }
	}
}

// pointsNowhere reports whether t is a type such as P in type P *P, which cannot have objects.
func pointsNowhere(t reflect.Type) bool {
	for hops := 0; t.Kind() == reflect.Pointer; hops++ {
		if hops > maxPointerHops {
			return true
		}
		t = t.Elem()
	}
	return false
}

// copiesOfEntry is the number of copies of a map entry's value in memory: in the map, in its stand-in, and while copying in both
// directions.
const copiesOfEntry = 4

// offerContainer records in e, an edge of parent, how to allocate the nil slice or map v, with the length of the stored one.
func (w *Walker) offerContainer(v reflect.Value, e *object.Edge, parent *object.Node, plain bool) {
	if !v.CanSet() {
		return
	}
	made := &object.Maker{Alloc: func(stored object.Children) (func(), error) {
		switch t := v.Type(); {
		case plain:
			// Its length comes from the stored tensor: with alloc the slice is a value that is not built.
		case v.Kind() == reflect.Map:
			names := stored.Names()
			if err := w.Take(copiesOfEntry*len(names), t.Elem(), parent, e); err != nil {
				return nil, err
			}
			v.Set(reflect.MakeMap(t))
			growMap(v, names)
		default:
			n := stored.ListLen()
			if err := w.Take(n, t.Elem(), parent, e); err != nil {
				return nil, err
			}
			e.Opt.Sparse = true
			v.Set(reflect.MakeSlice(t, n, n))
		}
		return func() { v.SetZero() }, nil
	}}
	e.SetMissing(made)
	if plain {
		return
	}
	made.Share = func(obj reflect.Value) func() { // as two variables in Go share a list
		if obj.Type() != v.Type() {
			return nil
		}
		v.Set(obj)
		return func() { v.SetZero() }
	}
}

// growMap gives v an element for each of the names that it lacks.
func growMap(v reflect.Value, names []string) {
	for _, name := range names {
		key := reflect.ValueOf(name).Convert(v.Type().Key())
		if !v.MapIndex(key).IsValid() {
			v.SetMapIndex(key, reflect.Zero(v.Type().Elem()))
		}
	}
}
