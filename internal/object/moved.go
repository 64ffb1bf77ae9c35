package object

import (
	"math"
	"reflect"

	"github.com/gockpt/ckpt/tensor"
)

// Moves find the earlier addresses of objects that were copied, as append copies the elements of a []Block. A tensor's copy shares
// its memory, and its neighbours in the struct moved by the same distance.
type Moves struct {
	tensors map[memory]uintptr   // the addresses of the tensors that took values
	shifts  map[Identity]uintptr // by how much structs with such a tensor moved
}

// NewMoves returns Moves that know no object.
func NewMoves() *Moves {
	return &Moves{make(map[memory]uintptr), make(map[Identity]uintptr)}
}

// A memory is the memory of a tensor's values.
type memory struct {
	addr   uintptr
	length int
	typ    reflect.Type
}

// Took records that the object v took values. Only tensors and slices matter.
func (m *Moves) Took(v reflect.Value) {
	if at, ok := memoryOf(v); ok {
		m.tensors[at] = v.Addr().Pointer()
	}
}

// tensor reports whether n is a copy of a tensor or slice that took values.
func (m *Moves) tensor(n *Node) bool {
	at, ok := memoryOf(n.Obj)
	if !ok {
		return false
	}
	was, ok := m.tensors[at]
	if !ok {
		return false
	}
	for p := n.Parent; p.holds(n); p = p.Parent {
		m.shifts[p.Key()] = n.Obj.Addr().Pointer() - was
	}
	return true
}

// Split returns which nodes are copies of tensors or slices that took values, and which other nodes have values. Those may have moved,
// too: see Before. Split leaves out nodes for which skip returns true.
func (m *Moves) Split(nodes []*Node, skip func(n *Node) bool) (moved, others []*Node) {
	for _, n := range nodes {
		switch {
		case skip(n):
		case m.tensor(n):
			moved = append(moved, n)
		case len(n.Values) > 0:
			others = append(others, n)
		}
	}
	return moved, others
}

// Before returns the identity that n had before its struct moved, or the zero Identity if that is not known. It knows the structs
// with a tensor that Split found.
func (m *Moves) Before(n *Node) Identity {
	for p := n.Parent; p.holds(n); p = p.Parent {
		if shift, ok := m.shifts[p.Key()]; ok {
			return Identity{Addr: n.Obj.Addr().Pointer() - shift, Type: n.Obj.Type()}
		}
	}
	return Identity{}
}

// holds reports whether other lies in the memory of n itself.
func (n *Node) holds(other *Node) bool {
	if n == nil || !n.Obj.IsValid() || !n.Obj.CanAddr() || !other.Obj.IsValid() || !other.Obj.CanAddr() {
		return false
	}
	return other.Obj.Addr().Pointer()-n.Obj.Addr().Pointer() < n.Obj.Type().Size() // an address before n's is a very large difference
}

// memoryOf returns the memory of a tensor or of a slice of plain values; ok is false for anything else, and
// if there is no memory.
func memoryOf(v reflect.Value) (m memory, ok bool) {
	if !v.IsValid() || !v.CanAddr() || !v.Addr().CanInterface() {
		return memory{}, false
	}
	values := v
	if t, ok := v.Addr().Interface().(tensor.Any); ok {
		values = reflect.ValueOf(t.Values())
	}
	if values.Kind() != reflect.Slice || values.Len() == 0 {
		return memory{}, false
	}
	return memory{values.Pointer(), values.Len(), v.Type()}, true
}

// Moved reports whether b equals a copy of a: it has the same numbers and strings, and leads to the same memory.
func Moved(a, b reflect.Value) bool {
	if !a.IsValid() || !b.IsValid() || a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Float32, reflect.Float64:
		return sameFloat(a.Float(), b.Float())
	case reflect.Complex64, reflect.Complex128:
		return sameFloat(real(a.Complex()), real(b.Complex())) && sameFloat(imag(a.Complex()), imag(b.Complex()))
	case reflect.Slice:
		return a.Pointer() == b.Pointer() && a.Len() == b.Len()
	case reflect.Map, reflect.Func:
		return a.Pointer() == b.Pointer()
	case reflect.Interface:
		return a.IsNil() && b.IsNil() || Moved(a.Elem(), b.Elem())
	case reflect.Array:
		for i := range a.Len() {
			if !Moved(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		for i := range a.NumField() {
			if !Moved(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	}
	return a.Equal(b)
}

// sameFloat compares bits: a NaN is a copy of a NaN, but -0 is not a copy of 0.
func sameFloat(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }
