package object

import (
	"reflect"
	"strconv"
	"unique"
)

// An Identity distinguishes one object of a program from all others, over several walks. It consists of the address, the type,
// because a struct and its first field share an address, and the length of a slice. An object without an address (of size zero, or
// copied out of an interface or a map) is identified by the object that holds it and the edge.
type Identity struct {
	Addr uintptr
	Type reflect.Type
	Len  int
	In   unique.Handle[string] // see placeKey; for objects without an address
}

// noPlace is the value of In for an object with an address.
var noPlace unique.Handle[string]

func (k Identity) place() string {
	if k.In == noPlace {
		return ""
	}
	return k.In.Value()
}

// IdentityOf returns the identity of the object v. A slice or map is identified by the variable that holds it, if that has an
// address, so it stays the same object when it grows.
func IdentityOf(v reflect.Value, parent *Node, e *Edge) Identity {
	switch t := v.Type(); {
	case t.Size() > 0 && v.CanAddr():
		return Identity{Addr: v.Addr().Pointer(), Type: t}
	case t.Kind() == reflect.Map, t.Kind() == reflect.Slice && v.Len() > 0 && t.Elem().Size() > 0:
		return ContentOf(v)
	default:
		return Identity{Type: t, In: placeKey(parent, e)}
	}
}

// ContentOf returns the identity that two variables share if they hold the same map or the same part of one array. It returns the
// zero Identity if v is neither a map nor a slice with elements.
func ContentOf(v reflect.Value) Identity {
	switch t := v.Type(); {
	case t.Kind() == reflect.Map && !v.IsNil():
		return Identity{Addr: v.Pointer(), Type: t, Len: -1}
	case t.Kind() == reflect.Slice && v.Len() > 0 && t.Elem().Size() > 0:
		return Identity{Addr: v.Pointer(), Type: t, Len: v.Len()}
	}
	return Identity{}
}

// placeKey identifies an edge of an object. If the object has no address, it is identified by the edge that leads to it.
func placeKey(parent *Node, e *Edge) unique.Handle[string] {
	if parent == nil {
		return unique.Make("/" + e.Name)
	}
	key := parent.Key()
	return unique.Make(key.place() + "/" + strconv.FormatUint(uint64(key.Addr), 36) + "/" + strconv.Quote(e.Name))
}

// Same reports whether two pointers, maps or slices are the same object.
func Same(a, b any) bool {
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	if !va.IsValid() || !vb.IsValid() || va.Type() != vb.Type() {
		return false
	}
	switch va.Kind() {
	case reflect.Pointer, reflect.Map:
		return va.Pointer() == vb.Pointer()
	case reflect.Slice:
		return va.Pointer() == vb.Pointer() && va.Len() == vb.Len()
	}
	return false
}
