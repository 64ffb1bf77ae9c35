package ckpt

import (
	"encoding"
	"fmt"
	"reflect"

	"github.com/gockpt/ckpt/tensor"
)

// A trait is what a type is to a checkpoint when no tag speaks for it.
type trait int

const (
	isPlain     trait = iota // hyper-parameters: tracked only where a tag says so
	isLeaf                   // a tensor, or something that acts as one
	isTrackable              // leads to leaves, or says by its tags that it takes part
	isDynamic                // an interface, or leads to nothing but interfaces: what is in it decides
)

var (
	anyTensorType   = reflect.TypeFor[tensor.Any]()
	variableType    = reflect.TypeFor[Variable]()
	tensorsType     = reflect.TypeFor[Tensors]()
	slotOwnerType   = reflect.TypeFor[SlotOwner]()
	marshalerType   = reflect.TypeFor[encoding.BinaryMarshaler]()
	unmarshalerType = reflect.TypeFor[encoding.BinaryUnmarshaler]()
	moduleType      = reflect.TypeFor[Module]()
)

// A role is what a type's methods make of it. Asking reflect for them anew took a third of a walk.
type role struct {
	leaf      bool // a tensor, or something that acts as one
	marshals  bool // to and from bytes
	namer     bool // a [VariableNamer]
	slotOwner bool // a [SlotOwner]

	plain bool         // a number, bool or string, or rows of such
	dtype tensor.DType // of a plain type
	rank  int          // of a plain type: how many slices and arrays it is nested in
}

func roleOf(t reflect.Type) *role {
	if got, ok := plans.roles.Load(t); ok {
		return got.(*role)
	}
	r := &role{
		leaf:      actsAsTensor(t),
		marshals:  implements(t, marshalerType) && implements(t, unmarshalerType),
		namer:     implements(t, variableNamerType),
		slotOwner: implements(t, slotOwnerType),
	}
	r.dtype, r.rank, r.plain = plainRole(t)
	got, _ := plans.roles.LoadOrStore(t, r)
	return got.(*role)
}

func implements(t, iface reflect.Type) bool {
	return t.Kind() != reflect.Interface && t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(iface)
}

func actsAsTensor(t reflect.Type) bool {
	return implements(t, anyTensorType) || implements(t, variableType) || implements(t, tensorsType)
}

func leafType(t reflect.Type) bool { return roleOf(t).leaf }

// plainType returns the dtype of t's numbers, bools or strings and how many slices and arrays they are nested in; ok is false
// where t is no plain value.
func plainType(t reflect.Type) (d tensor.DType, rank int, ok bool) {
	r := roleOf(t)
	return r.dtype, r.rank, r.plain
}

// maxRank is the most axes that TensorFlow's shapes have; a type such as []T called T would have ever more.
const maxRank = 254

func plainRole(t reflect.Type) (d tensor.DType, rank int, ok bool) {
	for ; rank <= maxRank; rank++ {
		if d := tensor.DTypeOfType(t); d != tensor.InvalidDType {
			return d, rank, true
		}
		switch {
		case t.Kind() == reflect.Int:
			return tensor.DTInt64, rank, true
		case t.Kind() == reflect.Uint:
			return tensor.DTUInt64, rank, true
		case t.Kind() != reflect.Slice && t.Kind() != reflect.Array, actsAsTensor(t):
			return 0, 0, false
		}
		t = t.Elem()
	}
	return 0, 0, false
}

func (p *planner) trait(t reflect.Type) trait {
	if got, ok := p.traits.Load(t); ok {
		return got.(trait)
	}
	got := p.traitOf(t, make(map[reflect.Type]bool))
	p.traits.Store(t, got)
	return got
}

func (p *planner) traitOf(t reflect.Type, visiting map[reflect.Type]bool) trait {
	if leafType(t) {
		return isLeaf
	}
	if visiting[t] {
		return isPlain // a cycle adds nothing of its own
	}
	visiting[t] = true
	defer delete(visiting, t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		got := p.traitOf(t.Elem(), visiting)
		if got == isLeaf && t.Kind() != reflect.Pointer {
			return isTrackable // a container of leaves
		}
		return got
	case reflect.Interface:
		return isDynamic
	case reflect.Struct:
		return p.structTrait(t, visiting)
	}
	return isPlain
}

func (p *planner) structTrait(t reflect.Type, visiting map[reflect.Type]bool) trait {
	if roleOf(t).slotOwner {
		return isTrackable
	}
	got := isPlain
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Type == moduleType {
			return isTrackable
		}
		if text, tagged := f.Tag.Lookup("ckpt"); tagged {
			if text != "-" {
				return isTrackable
			}
			continue
		}
		if !f.IsExported() && !f.Anonymous {
			continue
		}
		switch p.traitOf(f.Type, visiting) {
		case isLeaf, isTrackable:
			return isTrackable
		case isDynamic:
			got = isDynamic
		}
	}
	return got
}

// cannotSave says why a value of type t can have no place in a checkpoint, "" if it can.
func (p *planner) cannotSave(t reflect.Type, seen []reflect.Type) string {
	for _, s := range seen {
		if s == t {
			return ""
		}
	}
	if leafType(t) || roleOf(t).marshals {
		return ""
	}
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Uintptr:
		return fmt.Sprintf("a %v cannot be saved", t)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return p.cannotSave(t.Elem(), append(seen, t))
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			return fmt.Sprintf("the keys of %v are not strings", t)
		}
		return p.cannotSave(t.Elem(), append(seen, t))
	}
	return ""
}
