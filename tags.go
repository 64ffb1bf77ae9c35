package ckpt

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"github.com/gockpt/ckpt/internal/walk"
)

// A TagError reports a wrong declaration of a struct's field.
type TagError struct {
	Struct  reflect.Type
	Field   string
	Problem string
}

func (e *TagError) Error() string {
	return fmt.Sprintf("ckpt: field %v.%s: %s", e.Struct, e.Field, e.Problem)
}

// goTypes caches what is known about Go types, which never change. It is the only state that outlives a call.
var goTypes = walk.NewTypes(walk.Language{
	Field: declaredField,
	Wrong: func(owner reflect.Type, field, problem string) error {
		return &TagError{Struct: owner, Field: field, Problem: problem}
	},
	Module: moduleType,
})

var moduleType = reflect.TypeFor[Module]()

// declaredField returns the role of one field of the struct owner.
func declaredField(types *walk.Types, owner reflect.Type, f reflect.StructField) (walk.Tag, walk.Action, error) {
	bad := func(format string, args ...any) (walk.Tag, walk.Action, error) {
		return walk.Tag{}, walk.Skip, &TagError{Struct: owner, Field: f.Name, Problem: fmt.Sprintf(format, args...)}
	}
	text, tagged := f.Tag.Lookup("ckpt")
	var t walk.Tag
	if tagged {
		var err error
		if t, err = walk.ParseTag(text); err != nil {
			return bad("tag `ckpt:%q`: %v", text, err)
		}
		if t.Skip {
			t.Name = snakeCase(f.Name)
			return t, walk.Skip, nil
		}
	}
	if types.IsModule(f.Type) {
		if !f.Anonymous {
			return bad("ckpt.Module must be embedded")
		}
		return t, walk.Children, nil
	}
	trait := types.Trait(f.Type)
	if walk.StructOf(f.Type) != nil && trait != walk.Leaf && (t.Inline || f.Anonymous && !t.Named) {
		if f.Type.Kind() == reflect.Pointer && !f.IsExported() {
			return bad("an embedded pointer to an unexported struct cannot be set; embed the struct itself")
		}
		if !f.Anonymous && !f.IsExported() {
			return bad("it has a tag but is not exported: reflection cannot set it")
		}
		if embedsItself(owner, f.Type, nil) {
			return bad("%v is inlined into itself", f.Type)
		}
		return t, walk.Inline, nil
	}
	if t.Inline {
		return bad("option \"inline\" is for structs, not for %v", f.Type)
	}
	if !f.IsExported() {
		switch {
		case tagged:
			return bad("it has a tag but is not exported: reflection cannot set it")
		case f.Anonymous && trait == walk.Leaf:
			return bad("an embedded tensor of an unexported type cannot be set: name the field, with a capital, or the type")
		}
		return t, walk.Skip, nil
	}
	if !t.Named {
		t.Name = snakeCase(f.Name)
	}
	if tagged {
		if problem := types.CannotSave(f.Type, nil); problem != "" {
			return bad("%s", problem)
		}
		if t.Shape != nil && !walk.IsFlat(f.Type) {
			return bad("option \"shape\" is for a flat slice or array of numbers, not for %v", f.Type)
		}
		return t, walk.Track, nil
	}
	switch trait {
	case walk.Leaf, walk.Trackable:
		if problem := types.CannotSave(f.Type, nil); problem != "" {
			return bad("%s", problem)
		}
		return t, walk.Track, nil
	case walk.Dynamic:
		return t, walk.Maybe, nil
	}
	return t, walk.Skip, nil
}

// embedsItself reports whether inlining t leads back to owner or to a struct already being inlined.
func embedsItself(owner, t reflect.Type, path []reflect.Type) bool {
	s := walk.StructOf(t)
	if s == owner {
		return true
	}
	for _, p := range path {
		if p == s {
			return true
		}
	}
	for i := range s.NumField() {
		f := s.Field(i)
		if f.Anonymous && walk.StructOf(f.Type) != nil && !walk.IsLeaf(walk.StructOf(f.Type)) && f.Type != moduleType && embedsItself(owner, f.Type, append(path, s)) {
			return true
		}
	}
	return false
}

// snakeCase returns a field's name in the spelling of Python attributes: InputTransform is input_transform, LSTMCell lstm_cell, W1
// w1, Conv2D conv2d (the rule of Keras's to_snake_case).
func snakeCase(name string) string {
	r := []rune(name)
	var b strings.Builder
	for i, c := range r {
		if unicode.IsUpper(c) && i > 0 && r[i-1] != '_' {
			startsWord := i+1 < len(r) && unicode.IsLower(r[i+1])
			if unicode.IsLower(r[i-1]) || startsWord {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}
