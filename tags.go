package ckpt

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gockpt/ckpt/internal/walk"
	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/tensor"
)

// A TagError says what is wrong with the declaration of a struct's field.
type TagError struct {
	Struct  reflect.Type
	Field   string
	Problem string
}

func (e *TagError) Error() string {
	return fmt.Sprintf("ckpt: field %v.%s: %s", e.Struct, e.Field, e.Problem)
}

// goTypes knows the types of programs, which never change: the only thing here that outlives a call.
var goTypes = walk.NewTypes(walk.Language{
	Field: declaredField,
	Wrong: func(owner reflect.Type, field, problem string) error {
		return &TagError{Struct: owner, Field: field, Problem: problem}
	},
	Module: moduleType,
})

var moduleType = reflect.TypeFor[Module]()

// parseTag reads the grammar
//
//	tag    = "-" | name { "," option } .
//	name   = ""  | any text without a comma | quoted .
//	option = "optional" | "alloc" | "inline" | "cast" | "alias=" name | "fullname=" name | "shape=" int { "x" int } |
//	         "pytorch=" name [ ":" digit { digit } ] .
//	quoted = "'" { any text with \ before ' and \ } "'" .
func parseTag(text string) (walk.Tag, error) {
	t := walk.Tag{Present: true}
	if !utf8.ValidString(text) {
		return t, errors.New("it is not UTF-8")
	}
	if text == "-" {
		t.Skip = true
		return t, nil
	}
	var err error
	name, rest, quoted, err := cutName(text)
	if err != nil {
		return t, err
	}
	t.Name, t.Named = name, quoted || name != ""
	for rest != "" {
		rest = rest[1:] // the comma
		key, value, hasValue := "", "", false
		if eq, comma := strings.IndexByte(rest, '='), strings.IndexByte(rest, ','); eq >= 0 && (comma < 0 || eq < comma) {
			key, hasValue = rest[:eq], true
			if value, rest, _, err = cutName(rest[eq+1:]); err != nil {
				return t, err
			}
		} else {
			key, rest, _, _ = cutName(rest)
		}
		if err := setOption(&t, key, value, hasValue); err != nil {
			return t, err
		}
	}
	return t, nil
}

// cutName returns the name at the start of s and what follows it, which is empty or starts with a comma.
func cutName(s string) (name, rest string, quoted bool, err error) {
	if !strings.HasPrefix(s, "'") {
		if i := strings.IndexByte(s, ','); i >= 0 {
			return s[:i], s[i:], false, nil
		}
		return s, "", false, nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '\'':
			if rest = s[i+1:]; rest != "" && rest[0] != ',' {
				return "", "", true, fmt.Errorf("text %q after the quoted name", rest)
			}
			return b.String(), rest, true, nil
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", true, fmt.Errorf("the quote in %q is not closed", s)
}

func setOption(t *walk.Tag, key, value string, hasValue bool) error {
	switch key {
	case "optional", "alloc", "inline", "cast":
		if hasValue {
			return fmt.Errorf("option %q takes no value", key)
		}
	case "alias", "fullname", "shape", "pytorch":
		if !hasValue {
			return fmt.Errorf("option %q needs a value: %s=…", key, key)
		}
	}
	switch key {
	case "optional":
		t.Optional = true
	case "alloc":
		t.Alloc = true
	case "inline":
		t.Inline = true
	case "cast":
		t.Cast = true
	case "alias":
		t.Aliases = append(t.Aliases, value)
	case "fullname":
		t.FullName = value
	case "shape":
		t.Shape = tensor.Shape{}
		for _, axis := range strings.Split(value, "x") {
			n, err := strconv.Atoi(axis)
			if err != nil || n < 0 {
				return fmt.Errorf("shape %q is not of the form 2x3", value)
			}
			t.Shape = append(t.Shape, n)
		}
		return t.Shape.Check()
	case "pytorch":
		l, err := parsePyTorch(value)
		t.Layouts = append(t.Layouts, l)
		return err
	default:
		return fmt.Errorf("unknown option %q", key)
	}
	return nil
}

// parsePyTorch reads weight:10, which says that the value is the stored tensor "weight" with its two axes exchanged.
func parsePyTorch(text string) (walk.PyTorchLayout, error) {
	stored, digits, permuted := strings.Cut(text, ":")
	l := walk.PyTorchLayout{Stored: stored}
	for _, d := range digits {
		l.Axes = append(l.Axes, int(d-'0'))
	}
	switch {
	case stored == "":
		return l, fmt.Errorf("pytorch=%s lacks the stored name", text)
	case permuted && (digits == "" || layout.CheckAxes(l.Axes) != nil):
		return l, fmt.Errorf("pytorch=%s: the digits behind the colon must name each axis of the stored tensor once, as in weight:10", text)
	}
	return l, nil
}

// declaredField says what becomes of one field of the struct owner.
func declaredField(types *walk.Types, owner reflect.Type, f reflect.StructField) (walk.Tag, walk.Action, error) {
	bad := func(format string, args ...any) (walk.Tag, walk.Action, error) {
		return walk.Tag{}, walk.Skip, &TagError{Struct: owner, Field: f.Name, Problem: fmt.Sprintf(format, args...)}
	}
	text, tagged := f.Tag.Lookup("ckpt")
	var t walk.Tag
	if tagged {
		var err error
		if t, err = parseTag(text); err != nil {
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

// snakeCase returns a field's name as TensorFlow programs spell attributes: InputTransform is input_transform,
// LSTMCell lstm_cell, W1 w1, Conv2D conv2d (the rule of Keras's to_snake_case).
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
