package walk

import (
	"reflect"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/internal/match"
	"github.com/gockpt/ckpt/internal/walk"
	"github.com/gockpt/ckpt/layout"
)

// undeclared returns what the declaration of the object v says of name, which is not one of its edges.
func undeclared(v reflect.Value, name string) match.Undeclared {
	if v.Kind() != reflect.Struct {
		return match.Undeclared{}
	}
	if v.CanAddr() && v.CanInterface() {
		if o, ok := v.Addr().Interface().(layout.Ignorer); ok && slices.ContainsFunc(o.CheckpointIgnores(), func(n string) bool { return name == n || name == "_"+n }) {
			return match.Undeclared{Ignored: true}
		}
	}
	plan := goTypes.Struct(v.Type())
	for i := range plan.Fields {
		f, declared := &plan.Fields[i], v.Type().Field(i)
		switch {
		case f.Action == walk.Inline:
			inner := v.Field(i)
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.IsValid() {
				if u := undeclared(inner, name); u != (match.Undeclared{}) {
					return u
				}
			}
		case f.Action == walk.Skip && declared.IsExported() && snakeCase(declared.Name) == strings.TrimLeft(name, "_"):
			return match.Undeclared{Field: declared.Name, Type: declared.Type, Ignored: f.Skip, Trackable: taggable(declared.Type)}
		}
	}
	return match.Undeclared{}
}

// taggable reports whether a tag makes a field of type t a variable.
func taggable(t reflect.Type) bool {
	_, _, plain := walk.PlainType(t)
	return plain && goTypes.CannotSave(t, nil) == ""
}
