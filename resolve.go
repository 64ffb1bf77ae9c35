package ckpt

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"unique"

	"github.com/gockpt/ckpt/tensor"
)

// maxPointerHops bounds how many pointers lead to one object: type P *P can point at itself.
const maxPointerHops = 64

// resolve returns the node of the object that v holds, a new one where the graph has none. It returns nil where v is
// nil, having told e how the object can be made, and where v is a plain value that takes no part.
func (w *walker) resolve(v reflect.Value, e *edge, parent *node) (*node, error) {
	inInterface := false
	for hops := 0; v.IsValid(); hops++ {
		if hops > maxPointerHops {
			return nil, fmt.Errorf("ckpt: %s: more than %d pointers in a row", placeOf(parent, e), maxPointerHops)
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
func plainInInterface(v reflect.Value, e *edge, parent *node) error {
	if !e.opt.explicit || parent == nil || parent.obj.Kind() != reflect.Struct {
		return nil
	}
	return fmt.Errorf("ckpt: %s: the interface holds a value of type %v, which is %w: store a pointer to it", placeOf(parent, e), v.Elem().Type(), ErrNotTrackable)
}

// nodeOf returns the node of v, which is no pointer and no interface.
func (w *walker) nodeOf(v reflect.Value, e *edge, parent *node, inInterface bool) (*node, error) {
	t := v.Type()
	role := roleOf(t)
	plain := role.plain && e.opt.explicit && !inInterface
	if (t.Kind() == reflect.Map || t.Kind() == reflect.Slice) && v.IsNil() && !role.leaf {
		if !plain || !e.opt.alloc || !v.CanSet() {
			w.offerContainer(v, e, plain)
			return nil, nil
		}
	}
	key := identityOf(v, parent, e)
	if n, ok := w.graph.byKey[key]; ok {
		return n, nil
	}
	content := contentOf(v)
	if n, ok := w.graph.byContent[content]; ok && content.typ != nil {
		return n, nil
	}
	n := &node{key: key, obj: v, opt: e.opt, parent: parent, name: e.name, goStep: e.goStep, field: e.field}
	ok, err := w.fill(n, e, role, plain)
	if err != nil {
		if tagErr := (*TagError)(nil); errors.As(err, &tagErr) {
			return nil, tagErr
		}
		return nil, fmt.Errorf("ckpt: %s: %w", placeOf(parent, e), err)
	}
	if !ok {
		return nil, nil
	}
	n.id = len(w.graph.nodes)
	w.graph.nodes = append(w.graph.nodes, n)
	w.graph.byKey[key] = n
	if content.typ != nil {
		w.graph.byContent[content] = n
	}
	return n, nil
}

// fill says what n is: a leaf with its values, or a group. ok is false where it takes no part.
func (w *walker) fill(n *node, e *edge, role *role, plain bool) (ok bool, err error) {
	v, t := n.obj, n.obj.Type()
	n.saver = saverFor(w.savers, v)
	switch {
	case n.saver != nil && (role.leaf || t.Kind() != reflect.Struct):
		return true, nil
	case n.saver != nil: // its children are saved as any object's
	case role.leaf:
		if !v.CanAddr() {
			return false, fmt.Errorf("a value of type %v without an address is %w", t, ErrNotTrackable)
		}
		return true, n.fillLeaf(v.Addr().Interface())
	case role.marshals && e.opt.explicit && w.plans.trait(t) == isPlain && v.CanAddr() && !plain:
		n.values = []value{opaqueValue(v.Addr().Interface())}
		return true, nil
	case plain && (v.CanAddr() || t.Kind() == reflect.Slice):
		val, err := plainValue(v, e.field.shapeOf(), e.opt.alloc)
		if n.opt.cast {
			val.cast = true
		}
		n.values = []value{val}
		return true, err
	}
	if !v.CanAddr() && (t.Kind() == reflect.Struct || t.Kind() == reflect.Array) {
		return false, fmt.Errorf("a value of type %v that is not behind a pointer is %w", t, ErrNotTrackable)
	}
	switch t.Kind() {
	case reflect.Struct:
		n.group = true
		return true, w.plans.checkAll(t)
	case reflect.Slice, reflect.Array:
		n.group = true
		return e.opt.explicit || w.holds(v, nil) || w.plans.trait(t) == isTrackable, nil
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			if !w.holds(v, nil) {
				return false, nil
			}
			return false, fmt.Errorf("the keys of %v are not strings: it is %w", t, ErrNotTrackable)
		}
		n.group = true
		return true, nil
	}
	if n.parent == nil || e.opt.explicit {
		return false, fmt.Errorf("a value of type %v is %w", t, ErrNotTrackable)
	}
	return false, nil
}

// fillLeaf gives n the values of the object o, a pointer.
func (n *node) fillLeaf(o any) (err error) {
	var val value
	switch o := o.(type) {
	case tensor.Any:
		val = tensorValue(o)
	case Variable:
		val, err = variableValue(o)
	case Tensors:
		n.values, n.done, err = tensorsValues(o)
		return err
	}
	val.cast = n.opt.cast
	n.values = []value{val}
	return err
}

// holds reports whether v holds something that takes part without being asked to. It looks through interfaces, which
// a type alone cannot, and into each pointer, slice and map once.
func (w *walker) holds(v reflect.Value, seen map[identity]bool) bool {
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
		key := identity{addr: v.Pointer(), typ: v.Type()}
		if v.Kind() == reflect.Slice {
			key.len = v.Len()
		}
		if seen[key] {
			return false
		}
		if seen == nil {
			seen = make(map[identity]bool)
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
func (w *walker) standIn(v reflect.Value, settable bool, set func(reflect.Value), parent *node, e *edge) reflect.Value {
	key := identity{typ: v.Type(), in: placeKey(parent, e)}
	c, ok := w.copies[key]
	if !ok {
		c = reflect.New(v.Type()).Elem()
		w.copies[key] = c
	}
	c.Set(v)
	if settable {
		w.graph.writebacks = append(w.graph.writebacks, func() { set(c) })
	}
	return c
}

// identityOf returns what tells v's object from every other. A slice or map is told by the variable that holds it, where
// that has an address, so that it stays the same object when it grows.
func identityOf(v reflect.Value, parent *node, e *edge) identity {
	switch t := v.Type(); {
	case t.Size() > 0 && v.CanAddr():
		return identity{addr: v.Addr().Pointer(), typ: t}
	case t.Kind() == reflect.Map, t.Kind() == reflect.Slice && v.Len() > 0 && t.Elem().Size() > 0:
		return contentOf(v)
	default:
		return identity{typ: t, in: placeKey(parent, e)}
	}
}

// contentOf returns what two variables share that hold the same map or the same part of the same array; the zero identity
// where v is neither.
func contentOf(v reflect.Value) identity {
	switch t := v.Type(); {
	case t.Kind() == reflect.Map && !v.IsNil():
		return identity{addr: v.Pointer(), typ: t, len: -1}
	case t.Kind() == reflect.Slice && v.Len() > 0 && t.Elem().Size() > 0:
		return identity{addr: v.Pointer(), typ: t, len: v.Len()}
	}
	return identity{}
}

// placeKey names a place by the object that has it and the edge: one that has no address is named by its own place.
func placeKey(parent *node, e *edge) unique.Handle[string] {
	if parent == nil {
		return unique.Make("/" + e.name)
	}
	return unique.Make(parent.key.place() + "/" + strconv.FormatUint(uint64(parent.key.addr), 36) + "/" + strconv.Quote(e.name))
}

// placeOf is the Go path and the path of what e leads to, for errors.
func placeOf(parent *node, e *edge) string {
	n := node{parent: parent, name: e.name, goStep: e.goStep}
	if parent == nil {
		return "(root)"
	}
	return n.path() + " (" + n.goPath() + ")"
}

// offerPointer tells e how the object that the nil pointer v lacks can be made.
func (w *walker) offerPointer(v reflect.Value, e *edge) {
	if !v.CanSet() {
		return
	}
	e.missing = &maker{}
	e.missing.alloc = func(children) func() {
		p := reflect.New(v.Type().Elem())
		for q := p.Elem(); q.Kind() == reflect.Pointer; q = q.Elem() {
			q.Set(reflect.New(q.Type().Elem()))
		}
		v.Set(p)
		return func() { v.SetZero() }
	}
	e.missing.share = func(obj reflect.Value) func() {
		if !obj.CanAddr() || obj.Addr().Type() != v.Type() {
			return nil
		}
		v.Set(obj.Addr())
		return func() { v.SetZero() }
	}
}

// offerContainer tells e how the container that the nil slice or map v lacks can be made: as large as what is stored.
func (w *walker) offerContainer(v reflect.Value, e *edge, plain bool) {
	if !v.CanSet() {
		return
	}
	e.missing = &maker{alloc: func(stored children) func() {
		switch {
		case plain:
			// Its length is the stored tensor's: with alloc the slice is a value that is not built.
		case v.Kind() == reflect.Map:
			v.Set(reflect.MakeMap(v.Type()))
			growMap(v, stored)
		default:
			n := stored.listLen()
			v.Set(reflect.MakeSlice(v.Type(), n, n))
		}
		return func() { v.SetZero() }
	}}
}

// growMap gives v an element for each stored child that it lacks.
func growMap(v reflect.Value, stored children) {
	for _, name := range stored.names() {
		key := reflect.ValueOf(name).Convert(v.Type().Key())
		if !v.MapIndex(key).IsValid() {
			v.SetMapIndex(key, reflect.Zero(v.Type().Elem()))
		}
	}
}
