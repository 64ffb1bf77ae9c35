package ckpt

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

// maxPointerHops bounds how many pointers lead to one object: type P *P can point at itself.
const maxPointerHops = 64

// resolve returns the node of the object that v holds, a new one where the graph has none. It returns nil where v is
// nil, having told e how the object can be made, and where v is a plain value that takes no part.
func (w *walker) resolve(v reflect.Value, e *object.Edge, parent *object.Node) (*object.Node, error) {
	inInterface := false
	for hops := 0; v.IsValid(); hops++ {
		if hops > maxPointerHops {
			return nil, fmt.Errorf("ckpt: %s: more than %d pointers in a row", object.PlaceOf(parent, e), maxPointerHops)
		}
		switch {
		case v.Kind() == reflect.Interface && v.IsNil():
			return nil, nil
		case v.Kind() == reflect.Interface:
			inner := v.Elem()
			if inner.Kind() == reflect.Pointer {
				inInterface = false
			} else if !w.holds(inner, nil) {
				return nil, plainInInterface(v, e, parent)
			} else {
				inInterface = true
				inner = w.standIn(inner, v.CanSet(), v.Set, parent, e)
			}
			v = inner
		case v.Kind() == reflect.Pointer && v.IsNil():
			w.offerPointer(v, e)
			return nil, nil
		case v.Kind() == reflect.Pointer:
			v, inInterface = v.Elem(), false
		default:
			return w.nodeOf(v, e, parent, inInterface)
		}
	}
	return nil, nil
}

// plainInInterface is the error of a tagged interface with a plain value in it; in containers such are passed over,
// as TensorFlow's lists pass over them.
func plainInInterface(v reflect.Value, e *object.Edge, parent *object.Node) error {
	if !e.Opt.Explicit || parent == nil || parent.Obj.Kind() != reflect.Struct {
		return nil
	}
	return fmt.Errorf("ckpt: %s: the interface holds a value of type %v, which is %w: store a pointer to it", object.PlaceOf(parent, e), v.Elem().Type(), ErrNotTrackable)
}

// nodeOf returns the node of v, which is no pointer and no interface.
func (w *walker) nodeOf(v reflect.Value, e *object.Edge, parent *object.Node, inInterface bool) (*object.Node, error) {
	t := v.Type()
	role := roleOf(t)
	plain := role.plain && e.Opt.Explicit && !inInterface
	if (t.Kind() == reflect.Map || t.Kind() == reflect.Slice) && v.IsNil() && !role.leaf {
		if !plain || !e.Opt.Alloc || !v.CanSet() {
			w.offerContainer(v, e, plain)
			return nil, nil
		}
	}
	key := object.IdentityOf(v, parent, e)
	if n, ok := w.graph.ByKey[key]; ok {
		return n, nil
	}
	content := object.ContentOf(v)
	if n, ok := w.graph.ByContent[content]; ok && content.Type != nil {
		return n, nil
	}
	n := &object.Node{Key: key, Obj: v, Opt: e.Opt, Parent: parent, Name: e.Name, GoStep: e.GoStep, Field: e.Field, Leaf: role.leaf, Namer: role.namer && v.CanAddr()}
	ok, err := w.fill(n, e, role, plain)
	if err != nil {
		if tagErr := (*TagError)(nil); errors.As(err, &tagErr) {
			return nil, tagErr
		}
		return nil, fmt.Errorf("ckpt: %s: %w", object.PlaceOf(parent, e), err)
	}
	if !ok {
		return nil, nil
	}
	n.ID = len(w.graph.Nodes)
	w.graph.Nodes = append(w.graph.Nodes, n)
	w.graph.ByKey[key] = n
	if content.Type != nil {
		w.graph.ByContent[content] = n
	}
	return n, nil
}

// fill says what n is: a leaf with its values, or a group. ok is false where it takes no part.
func (w *walker) fill(n *object.Node, e *object.Edge, role *role, plain bool) (ok bool, err error) {
	v, t := n.Obj, n.Obj.Type()
	n.Saver = saverFor(w.savers, v)
	switch {
	case n.Saver != nil && (role.leaf || t.Kind() != reflect.Struct):
		return true, nil
	case n.Saver != nil: // its children are saved as any object's
	case role.leaf:
		if !v.CanAddr() {
			return false, fmt.Errorf("a value of type %v without an address is %w", t, ErrNotTrackable)
		}
		return true, fillLeaf(n, v.Addr().Interface())
	case role.marshals && e.Opt.Explicit && w.plans.trait(t) == isPlain && v.CanAddr() && !plain:
		n.Values = []object.Value{opaqueValue(v.Addr().Interface())}
		return true, nil
	case plain && (v.CanAddr() || t.Kind() == reflect.Slice):
		val, err := plainValue(v, e.Shape(), e.Opt.Alloc)
		if n.Opt.Cast {
			val.Cast = true
		}
		n.Values = []object.Value{val}
		return true, err
	}
	if !v.CanAddr() && (t.Kind() == reflect.Struct || t.Kind() == reflect.Array) {
		return false, fmt.Errorf("a value of type %v that is not behind a pointer is %w", t, ErrNotTrackable)
	}
	switch t.Kind() {
	case reflect.Struct:
		n.Group = true
		return true, w.plans.checkAll(t)
	case reflect.Slice, reflect.Array:
		n.Group = true
		return e.Opt.Explicit || w.holds(v, nil) || w.plans.trait(t) == isTrackable, nil
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			if !w.holds(v, nil) {
				return false, nil
			}
			return false, fmt.Errorf("the keys of %v are not strings: it is %w", t, ErrNotTrackable)
		}
		n.Group = true
		return true, nil
	}
	if n.Parent == nil || e.Opt.Explicit {
		return false, fmt.Errorf("a value of type %v is %w", t, ErrNotTrackable)
	}
	return false, nil
}

// fillLeaf gives n the values of the object o, a pointer.
func fillLeaf(n *object.Node, o any) (err error) {
	var val object.Value
	switch o := o.(type) {
	case tensor.Any:
		val = object.TensorValue(o)
	case Variable:
		val, err = variableValue(o)
	case Tensors:
		n.Values, n.Done, err = tensorsValues(o)
		return err
	}
	val.Cast = n.Opt.Cast
	n.Values = []object.Value{val}
	return err
}

// holds reports whether v holds something that takes part without being asked to. It looks through interfaces, which
// a type alone cannot, and into each pointer, slice and map once.
func (w *walker) holds(v reflect.Value, seen map[object.Identity]bool) bool {
	if !v.IsValid() {
		return false
	}
	switch w.plans.trait(v.Type()) {
	case isLeaf, isTrackable:
		return true
	case isPlain:
		return false
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		if v.IsNil() {
			return false
		}
		key := object.Identity{Addr: v.Pointer(), Type: v.Type()}
		if v.Kind() == reflect.Slice {
			key.Len = v.Len()
		}
		if seen[key] {
			return false
		}
		if seen == nil {
			seen = make(map[object.Identity]bool)
		}
		seen[key] = true
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		return w.holds(v.Elem(), seen)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if w.holds(v.Index(i), seen) {
				return true
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if w.holds(it.Value(), seen) {
				return true
			}
		}
	case reflect.Struct:
		for i, f := range w.plans.plan(v.Type()).fields {
			if f.action == maybeField && w.holds(v.Field(i), seen) {
				return true
			}
		}
	}
	return false
}

// standIn returns an addressable copy of v, which an interface or a map holds, and remembers to put it back with
// set after a restore. The copy is the same memory in every walk.
func (w *walker) standIn(v reflect.Value, settable bool, set func(reflect.Value), parent *object.Node, e *object.Edge) reflect.Value {
	key := object.Identity{Type: v.Type(), In: object.PlaceKey(parent, e)}
	c, ok := w.copies[key]
	if !ok {
		c = reflect.New(v.Type()).Elem()
		w.copies[key] = c
	}
	c.Set(v)
	if settable {
		w.graph.Writebacks = append(w.graph.Writebacks, func() { set(c) })
	}
	return c
}

// offerPointer tells e how the object that the nil pointer v lacks can be made.
func (w *walker) offerPointer(v reflect.Value, e *object.Edge) {
	if !v.CanSet() {
		return
	}
	e.Missing = &object.Maker{}
	e.Missing.Alloc = func(object.Children) func() {
		p := reflect.New(v.Type().Elem())
		for q := p.Elem(); q.Kind() == reflect.Pointer; q = q.Elem() {
			q.Set(reflect.New(q.Type().Elem()))
		}
		v.Set(p)
		return func() { v.SetZero() }
	}
	e.Missing.Share = func(obj reflect.Value) func() {
		if !obj.CanAddr() || obj.Addr().Type() != v.Type() {
			return nil
		}
		v.Set(obj.Addr())
		return func() { v.SetZero() }
	}
}

// offerContainer tells e how the container that the nil slice or map v lacks can be made: as large as what is stored.
func (w *walker) offerContainer(v reflect.Value, e *object.Edge, plain bool) {
	if !v.CanSet() {
		return
	}
	e.Missing = &object.Maker{Alloc: func(stored object.Children) func() {
		switch {
		case plain:
			// Its length is the stored tensor's: with alloc the slice is a value that is not built.
		case v.Kind() == reflect.Map:
			v.Set(reflect.MakeMap(v.Type()))
			growMap(v, stored)
		default:
			n := stored.ListLen()
			v.Set(reflect.MakeSlice(v.Type(), n, n))
		}
		return func() { v.SetZero() }
	}}
}

// growMap gives v an element for each stored child that it lacks.
func growMap(v reflect.Value, stored object.Children) {
	for _, name := range stored.Names() {
		key := reflect.ValueOf(name).Convert(v.Type().Key())
		if !v.MapIndex(key).IsValid() {
			v.SetMapIndex(key, reflect.Zero(v.Type().Elem()))
		}
	}
}
