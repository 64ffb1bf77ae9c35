package walk

import (
	"encoding"
	"fmt"
	"reflect"
	"sync"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/tensor"
)

// A Trait is the role of a type in a checkpoint if there is no tag.
type Trait int

const (
	Plain     Trait = iota // hyper-parameters: tracked only with a tag
	Leaf                   // a tensor, or a type that acts as one
	Trackable              // leads to leaves, or has tags
	Dynamic                // an interface, or leads only to interfaces: their values decide
)

var (
	anyTensorType   = reflect.TypeFor[tensor.Any]()
	variableType    = reflect.TypeFor[variable]()
	tensorsType     = reflect.TypeFor[tensors]()
	slotOwnerType   = reflect.TypeFor[slotOwner]()
	marshalerType   = reflect.TypeFor[encoding.BinaryMarshaler]()
	unmarshalerType = reflect.TypeFor[encoding.BinaryUnmarshaler]()
	namerType       = reflect.TypeFor[variableNamer]()
)

// Interfaces that pointers to objects may implement: package ckpt documents these methods.
type (
	variable interface {
		CheckpointTensor() (tensor.Any, error)
		SetCheckpointTensor(tensor.Any) error
	}
	tensors interface {
		CheckpointTensors() ([]format.NamedTensor, error)
		SetCheckpointTensors(map[string]tensor.Any) error
	}
	slotOwner interface {
		SlotNames() []string
		Slot(name string, variable any) any
		CreateSlot(name string, variable any) any
	}
	slotNamer interface {
		SlotFullName(slot, variable string) string
	}
	variableNamer interface {
		VariableName(variable any) string
	}
)

// roles is a cache over types, which never change.
var roles sync.Map // reflect.Type → *role

// A role has the properties that follow from a type's methods. Without the cache, reflect took a third of a
// walk.
type role struct {
	leaf      leaf // a tensor, or something that acts as one
	marshals  bool // converts to and from bytes
	namer     bool
	slotOwner bool

	plain bool         // a number, bool or string, or rows of them
	dtype tensor.DType // of a plain type
	rank  int          // of a plain type: the number of nested slices and arrays
}

func roleOf(t reflect.Type) *role {
	if got, ok := roles.Load(t); ok {
		return got.(*role)
	}
	r := &role{
		leaf:      leafOf(t),
		marshals:  implements(t, marshalerType) && implements(t, unmarshalerType),
		namer:     implements(t, namerType),
		slotOwner: implements(t, slotOwnerType),
	}
	r.dtype, r.rank, r.plain = plainRole(t)
	got, _ := roles.LoadOrStore(t, r)
	return got.(*role)
}

func implements(t, iface reflect.Type) bool {
	return t.Kind() != reflect.Interface && t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(iface)
}

func IsLeaf(t reflect.Type) bool { return roleOf(t).leaf.kind != notLeaf }

// plainType returns the dtype of t's numbers, bools or strings and how many slices and arrays they are nested in; ok is false if t
// is not a plain value.
func plainType(t reflect.Type) (d tensor.DType, rank int, ok bool) {
	r := roleOf(t)
	return r.dtype, r.rank, r.plain
}

// plainRole returns the dtype and the rank of a plain type. A type T []T, which has infinitely many axes, exceeds the largest rank.
func plainRole(t reflect.Type) (d tensor.DType, rank int, ok bool) {
	for ; rank <= tensor.MaxRank; rank++ {
		if d := tensor.DTypeOfType(t); d != tensor.InvalidDType {
			return d, rank, true
		}
		switch {
		case t.Kind() == reflect.Int:
			return tensor.DTInt64, rank, true
		case t.Kind() == reflect.Uint:
			return tensor.DTUInt64, rank, true
		case t.Kind() != reflect.Slice && t.Kind() != reflect.Array, leafOf(t).kind != notLeaf:
			return 0, 0, false
		}
		t = t.Elem()
	}
	return 0, 0, false
}

func (p *Types) Trait(t reflect.Type) Trait {
	if got, ok := p.traits.Load(t); ok {
		return got.(Trait)
	}
	got := p.traitOf(t)
	p.traits.Store(t, got)
	return got
}

// traitOf examines every type to which t leads only once.
func (p *Types) traitOf(t reflect.Type) Trait {
	if leafBehind(t) {
		return Leaf
	}
	got := Plain
	seen, queue := map[reflect.Type]bool{t: true}, []reflect.Type{t}
	visit := func(t reflect.Type) {
		if !seen[t] {
			seen[t] = true
			queue = append(queue, t)
		}
	}
	for len(queue) > 0 {
		t := queue[0]
		queue = queue[1:]
		switch {
		case IsLeaf(t):
			return Trackable
		case t.Kind() == reflect.Interface:
			got = Dynamic
		case t.Kind() == reflect.Struct:
			if p.takesPart(t) {
				return Trackable
			}
			for i := range t.NumField() {
				f := t.Field(i)
				if _, tagged := f.Tag.Lookup("ckpt"); !tagged && (f.IsExported() || f.Anonymous) {
					visit(f.Type)
				}
			}
		case t.Kind() == reflect.Pointer, t.Kind() == reflect.Slice, t.Kind() == reflect.Array, t.Kind() == reflect.Map:
			visit(t.Elem())
		}
	}
	return got
}

// leafBehind reports whether t, or what pointers of type t lead to, is a leaf.
func leafBehind(t reflect.Type) bool {
	for range maxPointerHops {
		if IsLeaf(t) {
			return true
		}
		if t.Kind() != reflect.Pointer {
			return false
		}
		t = t.Elem()
	}
	return false
}

// takesPart reports whether a struct itself, rather than the types of its fields, declares that it is part of checkpoints.
func (p *Types) takesPart(t reflect.Type) bool {
	if roleOf(t).slotOwner {
		return true
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if text, tagged := f.Tag.Lookup("ckpt"); p.IsModule(f.Type) || tagged && text != "-" {
			return true
		}
	}
	return false
}

// IsModule reports whether t is a Module or a pointer to one.
func (p *Types) IsModule(t reflect.Type) bool {
	return t == p.Module || t.Kind() == reflect.Pointer && t.Elem() == p.Module
}

// cannotSave returns why a value of type t cannot be in a checkpoint, or "".
func (p *Types) CannotSave(t reflect.Type, seen []reflect.Type) string {
	for _, s := range seen {
		if s == t {
			return ""
		}
	}
	if IsLeaf(t) || roleOf(t).marshals {
		return ""
	}
	if pointsNowhere(t) {
		return fmt.Sprintf("a %v points to pointers only", t)
	}
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Uintptr:
		return fmt.Sprintf("a %v cannot be saved", t)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return p.CannotSave(t.Elem(), append(seen, t))
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			return fmt.Sprintf("the keys of %v are not strings", t)
		}
		return p.CannotSave(t.Elem(), append(seen, t))
	}
	return ""
}

// IsFlat reports whether t is, or points to, a slice or array of numbers, bools or strings.
func IsFlat(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	_, rank, ok := plainType(t)
	return ok && rank == 1
}
