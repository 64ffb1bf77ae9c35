package walk

import (
	"fmt"
	"reflect"

	"github.com/gockpt/ckpt/tensor"
)

// A leafKind is the reason why a type acts as one tensor.
type leafKind int

const (
	notLeaf      leafKind = iota
	ownMethods            // it is a tensor, or has the methods of ckpt.Variable or ckpt.Tensors
	embedsTensor          // it is the tensor that it embeds
	definedAs             // type Kernel tensor.Tensor[float32]
)

// A leaf describes how a type acts as one tensor.
type leaf struct {
	kind     leafKind
	embedded int          // the field that lends the type its methods, or -1
	tensor   reflect.Type // the tensor type, for definedAs
}

// leafOf examines the methods of a type, including those of embedded fields. An embedded field with a tag is an edge, so its
// methods do not make the struct a leaf.
func leafOf(t reflect.Type) leaf { return leafWithin(t, maxEmbedding) }

// maxEmbedding limits the depth of embedded fields: a type may embed a pointer to itself.
const maxEmbedding = 32

func leafWithin(t reflect.Type, depth int) leaf {
	none := leaf{embedded: -1}
	if depth == 0 {
		return none
	}
	for _, iface := range []reflect.Type{variableType, tensorsType, anyTensorType} {
		if !implements(t, iface) {
			continue
		}
		i, lent := lender(t, iface, depth)
		switch {
		case !lent:
			return leaf{kind: ownMethods, embedded: -1}
		case i < 0:
			continue
		case iface == anyTensorType: // only package tensor can have its methods
			return leaf{kind: embedsTensor, embedded: i}
		}
		return leaf{kind: ownMethods, embedded: i}
	}
	if as := definedTensor(t); as != nil {
		return leaf{kind: definedAs, embedded: -1, tensor: as}
	}
	return none
}

// lender returns the embedded field that lends the struct t the methods of iface. lent is false if none does. i is -1 if the
// fields that do are edges.
func lender(t, iface reflect.Type, depth int) (i int, lent bool) {
	if t.Kind() != reflect.Struct {
		return -1, false
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.Anonymous || !f.Type.Implements(iface) && !reflect.PointerTo(f.Type).Implements(iface) {
			continue
		}
		lent = true
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if !tagOf(f) && (inner.Kind() == reflect.Interface || leafWithin(inner, depth-1).kind != notLeaf) {
			return i, true
		}
	}
	return -1, lent
}

func tagOf(f reflect.StructField) (tagged bool) {
	_, tagged = f.Tag.Lookup("ckpt")
	return tagged
}

// definedTensor returns the tensor type as which t is defined, or nil. A defined type does not have the tensor's methods.
func definedTensor(t reflect.Type) reflect.Type {
	if t.Kind() != reflect.Struct || t.NumField() != 2 || t.Field(1).Type.Kind() != reflect.Slice {
		return nil
	}
	d := tensor.DTypeOfType(t.Field(1).Type.Elem())
	if d == tensor.InvalidDType {
		return nil
	}
	like, err := tensor.NewAny(d, 0)
	if err != nil {
		return nil
	}
	if as := reflect.TypeOf(like).Elem(); t != as && t.ConvertibleTo(as) {
		return as
	}
	return nil
}

// tensorIn returns the tensor that the leaf v is by its definition or embeds. An embedded pointer may still be nil. ok is false if
// v is not such a leaf.
func (w *Walker) tensorIn(v reflect.Value) (inner reflect.Value, ok bool, err error) {
	l := roleOf(v.Type()).leaf
	switch {
	case l.kind == definedAs && v.CanAddr():
		return v.Addr().Convert(reflect.PointerTo(l.tensor)).Elem(), true, nil
	case l.kind != embedsTensor:
		return v, false, nil
	}
	return v.Field(l.embedded), true, w.checkMixed(v)
}

// checkMixed returns an error if the leaf v would leave a field out of a checkpoint.
func (w *Walker) checkMixed(v reflect.Value) error {
	m := w.types.mixedOf(v.Type())
	if m.err != nil {
		return m.err
	}
	for _, i := range m.dynamic {
		if w.Holds(v.Field(i)) {
			return w.types.notBeside(v.Type(), i)
		}
	}
	return nil
}

// A mixed lists the fields that a leaf would leave out of a checkpoint although they have tags or look trackable.
type mixed struct {
	err     error // the error for the first
	dynamic []int // fields of interface types: their values decide
}

// mixedOf returns the fields that the leaf type t would leave out.
func (p *Types) mixedOf(t reflect.Type) *mixed {
	if got, ok := p.mixes.Load(t); ok {
		return got.(*mixed)
	}
	m := &mixed{}
	if l := roleOf(t).leaf; t.Kind() == reflect.Struct && l.kind != definedAs {
		m.err = p.findMixed(m, t, l)
	}
	got, _ := p.mixes.LoadOrStore(t, m)
	return got.(*mixed)
}

// findMixed examines the fields of the leaf t. If an embedded field lends t its methods, every other trackable field would be left
// out. If t has its own methods, it handles its fields itself, and only a tag is a contradiction.
func (p *Types) findMixed(m *mixed, t reflect.Type, l leaf) error {
	embedded := l.embedded
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case i == embedded && l.kind == embedsTensor && !f.IsExported() && f.Type.Kind() != reflect.Struct:
			return p.Wrong(t, f.Name, "an embedded pointer to an unexported struct cannot be set; embed the struct itself")
		case i == embedded || f.Tag.Get("ckpt") == "-":
			continue
		}
		if !tagOf(f) && (embedded < 0 || !f.IsExported() && !f.Anonymous) {
			continue
		}
		if _, _, err := p.Field(p, t, f); err != nil {
			return err
		}
		trait := p.Trait(f.Type)
		switch {
		case tagOf(f) && embedded < 0:
			return p.Wrong(t, f.Name, fmt.Sprintf("%v is saved by its methods (ckpt.Variable or ckpt.Tensors), which ignore tags: remove the tag", t))
		case tagOf(f), p.IsModule(f.Type), trait == Leaf, trait == Trackable:
			return p.notBeside(t, i)
		case trait == Dynamic:
			m.dynamic = append(m.dynamic, i)
		}
	}
	return nil
}

// notBeside returns the error about a field next to an embedded tensor.
func (p *Types) notBeside(t reflect.Type, field int) error {
	e := t.Field(roleOf(t).leaf.embedded)
	advice := "make the embedded field a named, exported one"
	if tag, _, err := p.Field(p, t, e); err == nil && e.IsExported() {
		advice = fmt.Sprintf("tag the embedded field, as in `ckpt:%q`,", tag.Name)
	}
	return p.Wrong(t, t.Field(field).Name, fmt.Sprintf("it would not be saved: %v embeds %v and is saved as that tensor only; %s to save both, or tag this field `ckpt:\"-\"`", t, e.Type, advice))
}
