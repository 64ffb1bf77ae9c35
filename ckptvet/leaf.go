package ckptvet

import (
	"fmt"
	"go/types"
	"reflect"
)

// This file finds types that act as one tensor. It uses go/types, and the root package's leaf.go uses reflect
// for the same purpose. A test compares the two.

// A leafKind is the reason why a type acts as one tensor.
type leafKind int

const (
	notLeaf      leafKind = iota
	ownMethods            // it is a tensor, or has the methods of Variable or Tensors
	embedsTensor          // it is the tensor that it embeds
	definedAs             // type Kernel tensor.Tensor[float32]
)

// A leafRole has the kind of a type, and the embedded field that the type gets its methods from, or -1 if there is none.
type leafRole struct {
	kind     leafKind
	embedded int
}

// leaf reports whether t is a tensor, or acts as one.
func leaf(t types.Type) bool { return leafOf(t).kind != notLeaf }

func leafOf(t types.Type) leafRole { return leafWithin(t, maxEmbedding) }

// maxEmbedding bounds the depth of embedded fields, because a type may embed a pointer to itself.
const maxEmbedding = 32

func leafWithin(t types.Type, depth int) leafRole {
	none := leafRole{embedded: -1}
	if depth == 0 {
		return none
	}
	ms := methods(t)
	for i, implements := range []func(map[string]*types.Func) bool{isVariable, isTensors, isAnyTensor} {
		if !implements(ms) {
			continue
		}
		field, lent := lender(t, implements, depth)
		switch {
		case !lent:
			return leafRole{ownMethods, -1}
		case field < 0:
			continue
		case i == 2: // only package tensor can have the methods of Any
			return leafRole{embedsTensor, field}
		}
		return leafRole{ownMethods, field}
	}
	if definedTensor(t) {
		return leafRole{definedAs, -1}
	}
	return none
}

func isVariable(ms map[string]*types.Func) bool {
	return has(ms, "CheckpointTensor", "", tensorPath+".Any error ") && has(ms, "SetCheckpointTensor", tensorPath+".Any ", "error ")
}

func isTensors(ms map[string]*types.Func) bool {
	return ms["CheckpointTensors"] != nil && has(ms, "SetCheckpointTensors", "map[string]"+tensorPath+".Any ", "error ")
}

func isAnyTensor(ms map[string]*types.Func) bool {
	f, ok := ms["copyRun"] // only package tensor can have that method of Any
	if !ok || f.Pkg() == nil || f.Pkg().Path() != tensorPath {
		return false
	}
	tensor, ok := f.Pkg().Scope().Lookup("Any").(*types.TypeName)
	if !ok {
		return false
	}
	for m := range tensor.Type().Underlying().(*types.Interface).Methods() {
		if ms[m.Name()] == nil { // two embedded fields have it
			return false
		}
	}
	return true
}

// lender returns the embedded field from which the struct t gets the methods of an interface. lent is false if there is none.
// field is -1 if such fields are edges.
func lender(t types.Type, implements func(map[string]*types.Func) bool, depth int) (field int, lent bool) {
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return -1, false
	}
	for i := range s.NumFields() {
		f := s.Field(i)
		inner := types.Unalias(f.Type())
		ms := methods(inner)
		if ms == nil {
			ms = methodSet(inner) // of a pointer or an interface
		}
		if !f.Embedded() || !implements(ms) {
			continue
		}
		lent = true
		if ptr, ok := inner.Underlying().(*types.Pointer); ok {
			inner = types.Unalias(ptr.Elem())
		}
		if _, tagged := reflect.StructTag(s.Tag(i)).Lookup("ckpt"); !tagged && (types.IsInterface(inner) || leafWithin(inner, depth-1).kind != notLeaf) {
			return i, true
		}
	}
	return -1, lent
}

// definedTensor reports whether t is defined as a tensor. Such a type does not have a tensor's methods.
func definedTensor(t types.Type) bool {
	s, ok := t.Underlying().(*types.Struct)
	if !ok || s.NumFields() != 2 || isNamed(t, tensorPath, "Tensor") {
		return false
	}
	for i, name := range []string{"shape", "data"} {
		if f := s.Field(i); f.Name() != name || f.Pkg() == nil || f.Pkg().Path() != tensorPath {
			return false
		}
	}
	return true
}

// checkLeaf reports the fields of a leaf that a checkpoint would not contain. It follows planner.findMixed in the root package.
func (c *checker) checkLeaf(d *declaration, l leafRole) {
	if l.kind == definedAs {
		return
	}
	for i := range d.str.NumFields() {
		f := d.str.Field(i)
		text, tagged := reflect.StructTag(d.str.Tag(i)).Lookup("ckpt")
		t := types.Unalias(f.Type())
		if i == l.embedded {
			if _, embedsStruct := t.Underlying().(*types.Struct); l.kind == embedsTensor && !f.Exported() && !embedsStruct {
				c.report(d, i, verdict{problem: "an embedded pointer to an unexported struct cannot be set; embed the struct itself"})
			}
			continue
		}
		if text == "-" || !tagged && (l.embedded < 0 || !f.Exported() && !f.Embedded()) {
			continue
		}
		v := c.field(d.typ, d.str, i)
		trait := c.trait(t)
		switch {
		case v.problem != "":
		case tagged && l.embedded < 0:
			v.problem = fmt.Sprintf("%s is saved by its methods (ckpt.Variable or ckpt.Tensors), which ignore tags: remove the tag", c.print(d.typ))
		case tagged, isModule(t), trait == isLeaf, trait == isTrackable:
			v.problem = c.notBeside(d, d.str.Field(l.embedded))
		}
		if v.problem != "" {
			c.report(d, i, v)
		}
	}
}

// notBeside returns the message about a field next to the embedded tensor e.
func (c *checker) notBeside(d *declaration, e *types.Var) string {
	advice := "make the embedded field a named, exported one"
	if e.Exported() {
		advice = fmt.Sprintf("tag the embedded field, as in `ckpt:%q`,", snakeCase(e.Name()))
	}
	return fmt.Sprintf("it would not be saved: %s embeds %s and is saved as that tensor only; %s to save both, or tag this field `ckpt:\"-\"`", c.print(d.typ), c.print(e.Type()), advice)
}
