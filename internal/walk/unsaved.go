package walk

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/tensor"
)

// UnsavedNumbers returns the numbers, slices of numbers and foreign tensors in the objects of g that are not saved because they
// have no tag.
func (p *Types) UnsavedNumbers(g *object.Graph) []string { return p.unsaved(g, (*unsaved).numbers) }

// UnsavedWeights returns the fields in the objects of g that are not saved and are probably weights.
func (p *Types) UnsavedWeights(g *object.Graph) []string { return p.unsaved(g, (*unsaved).weights) }

// unsaved returns the fields that find reports for the objects of g.
func (p *Types) unsaved(g *object.Graph, find func(*unsaved, *object.Node)) []string {
	u := &unsaved{types: p, noted: make(map[string]bool), seen: make(map[reflect.Type]bool)}
	for _, n := range g.Nodes {
		if n.Group && n.Saver() == nil {
			find(u, n)
		}
	}
	return u.found
}

// An unsaved lists fields that are not saved.
type unsaved struct {
	types *Types
	found []string
	noted map[string]bool       // of found
	seen  map[reflect.Type]bool // being examined, or done
}

func (u *unsaved) note(path string, t reflect.Type) {
	text := strings.TrimPrefix(path, ".") + " " + t.String()
	if !u.noted[text] {
		u.noted[text] = true
		u.found = append(u.found, text)
	}
}

// numbers notes every number, slice of numbers and foreign tensor in the struct n that has no tag.
func (u *unsaved) numbers(n *object.Node) {
	path := ""
	if n.Parent != nil {
		path = n.GoPath()
	}
	if n.Obj.Kind() == reflect.Struct {
		u.inStruct(path, n.Obj)
		return
	}
	u.inContainer(path, n, u.inType)
}

// inStruct looks at the fields that the struct v leaves out.
func (u *unsaved) inStruct(path string, v reflect.Value) {
	for i, f := range u.types.Struct(v.Type()).Fields {
		switch {
		case f.Action == Skip && !f.Skip && v.Type().Field(i).IsExported(), f.Action == Maybe:
			if held := content(v.Field(i)); held.IsValid() {
				u.inType(path+"."+f.GoName, held.Type())
			}
		case f.Action == Inline:
			if inner := reflect.Indirect(v.Field(i)); inner.IsValid() {
				u.inStruct(path+"."+f.GoName, inner)
			}
		}
	}
}

// inContainer looks at the elements that the slice, array or map n leaves out.
func (u *unsaved) inContainer(path string, n *object.Node, look func(string, reflect.Type)) {
	for i := range n.Edges {
		e := &n.Edges[i]
		if held := content(e.From()); e.Node == nil && held.IsValid() {
			look(fmt.Sprintf("%s[%s]", path, e.Name), held.Type())
		}
	}
}

// content returns the value in an interface, or the zero Value if it is nil.
func content(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v
}

// inType looks for numbers in values of type t.
func (u *unsaved) inType(path string, t reflect.Type) {
	if d, _, plain := plainType(t); plain {
		if d != tensor.DTBool && d != tensor.DTString {
			u.note(path, t)
		}
		return
	}
	if u.seen[t] {
		return
	}
	u.seen[t] = true
	defer delete(u.seen, t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		u.inType(path, t.Elem())
	case reflect.Struct:
		if hidesFloats(t) {
			u.note(path, t)
			return
		}
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && f.Tag.Get("ckpt") != "-" {
				u.inType(path+"."+f.Name, f.Type)
			}
		}
	}
}

// weights reports fields that n leaves out and that lead to slices of floats. For structs it does so only if the type of n
// declares variables.
func (u *unsaved) weights(n *object.Node) {
	if n.Obj.Kind() != reflect.Struct {
		u.inContainer(n.GoPath(), n, func(path string, t reflect.Type) {
			if u.isWeights(t) {
				u.note(path, t)
			}
		})
		return
	}
	t := n.Obj.Type()
	declared := u.types.Struct(t).Fields
	dynamic := slices.ContainsFunc(declared, func(f Field) bool { return f.Action == Maybe })
	tracks := slices.ContainsFunc(declared, func(f Field) bool { return f.Action == Track || f.Action == Inline })
	if !tracks || u.seen[t] && !dynamic {
		return
	}
	u.seen[t] = true
	var ignored []string
	if o, ok := n.Obj.Addr().Interface().(layout.Ignorer); ok {
		ignored = o.CheckpointIgnores()
	}
	for i, f := range declared {
		left := f.Action == Skip && !f.Skip && t.Field(i).IsExported() || f.Action == Maybe
		held := content(n.Obj.Field(i))
		if left && held.IsValid() && u.isWeights(held.Type()) && !slices.Contains(ignored, f.Name) {
			u.note(t.String()+"."+f.GoName, held.Type())
		}
	}
}

// isWeights reports whether a type is probably weights but is not tracked without a tag: slices of floats, and matrices of other
// libraries. A single number or an array of numbers is more often a hyper-parameter.
func (u *unsaved) isWeights(t reflect.Type) bool {
	return u.types.Trait(t) == Plain && leadsToFloats(t, make(map[reflect.Type]bool))
}

// hidesFloats reports whether a struct has floats in unexported fields, which cannot have tags.
func hidesFloats(t reflect.Type) bool {
	for i := range t.NumField() {
		if f := t.Field(i); !f.IsExported() && leadsToFloats(f.Type, make(map[reflect.Type]bool)) {
			return true
		}
	}
	return false
}

func leadsToFloats(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Slice:
		if d, _, plain := plainType(t); plain {
			return isFloat(d)
		}
		return leadsToFloats(t.Elem(), seen)
	case reflect.Pointer, reflect.Array, reflect.Map:
		return leadsToFloats(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.Tag.Get("ckpt") != "-" && leadsToFloats(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

func isFloat(d tensor.DType) bool {
	switch d {
	case tensor.DTFloat32, tensor.DTFloat64, tensor.DTFloat16, tensor.DTBFloat16, tensor.DTComplex64, tensor.DTComplex128:
		return true
	}
	return false
}
