package walk

import (
	"reflect"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/layout"
)

// Undeclared returns what the declaration of the object v says about name, which is not one of its edges.
func (p *Types) Undeclared(v reflect.Value, name string) object.Undeclared {
	if v.Kind() != reflect.Struct {
		return object.Undeclared{}
	}
	if v.CanAddr() && v.CanInterface() {
		if o, ok := v.Addr().Interface().(layout.Ignorer); ok && slices.ContainsFunc(o.CheckpointIgnores(), func(n string) bool { return name == n || name == "_"+n }) {
			return object.Undeclared{Ignored: true}
		}
	}
	plan := p.Struct(v.Type())
	for i := range plan.Fields {
		f, declared := &plan.Fields[i], v.Type().Field(i)
		switch {
		case f.Action == Inline:
			inner := v.Field(i)
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.IsValid() {
				if u := p.Undeclared(inner, name); u != (object.Undeclared{}) {
					return u
				}
			}
		case f.Action == Skip && declared.IsExported() && f.Name == strings.TrimLeft(name, "_"):
			return object.Undeclared{Field: declared.Name, Type: declared.Type, Ignored: f.Skip, Trackable: p.taggable(declared.Type)}
		}
	}
	return object.Undeclared{}
}

// taggable reports whether a tag makes a field of type t a variable.
func (p *Types) taggable(t reflect.Type) bool {
	_, _, plain := plainType(t)
	return plain && p.CannotSave(t, nil) == ""
}
