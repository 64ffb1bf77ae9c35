package ckpt

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/tensor"
)

// A tag is what a `ckpt:"name,opts"` struct tag says.
type tag struct {
	present  bool
	skip     bool // "-"
	name     string
	named    bool // the tag gives the name; otherwise it is the field's in snake case
	optional bool
	alloc    bool
	inline   bool
	cast     bool
	layouts  []pytorchLayout
	object.Field
}

// A pytorchLayout is what the option pytorch says: the stored name, and which stored axis each axis of the value is.
type pytorchLayout struct {
	stored string
	axes   []int
}

// parseTag reads the grammar
//
//	tag    = "-" | name { "," option } .
//	name   = ""  | any text without a comma | quoted .
//	option = "optional" | "alloc" | "inline" | "cast" | "alias=" name | "fullname=" name | "shape=" int { "x" int } |
//	         "pytorch=" name [ ":" digit { digit } ] .
//	quoted = "'" { any text with \ before ' and \ } "'" .
func parseTag(text string) (tag, error) {
	t := tag{present: true}
	if text == "-" {
		t.skip = true
		return t, nil
	}
	var err error
	name, rest, quoted, err := cutName(text)
	if err != nil {
		return t, err
	}
	t.name, t.named = name, quoted || name != ""
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
		if err := t.set(key, value, hasValue); err != nil {
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

func (t *tag) set(key, value string, hasValue bool) error {
	flags := map[string]*bool{"optional": &t.optional, "alloc": &t.alloc, "inline": &t.inline, "cast": &t.cast}
	if flag, ok := flags[key]; ok {
		if hasValue {
			return fmt.Errorf("option %q takes no value", key)
		}
		*flag = true
		return nil
	}
	switch key {
	case "alias", "fullname", "shape", "pytorch":
		if !hasValue {
			return fmt.Errorf("option %q needs a value: %s=…", key, key)
		}
	}
	switch key {
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
		t.layouts = append(t.layouts, l)
		return err
	default:
		return fmt.Errorf("unknown option %q", key)
	}
	return nil
}

// parsePyTorch reads weight:10, which says that the value is the stored tensor "weight" with its two axes exchanged.
func parsePyTorch(text string) (pytorchLayout, error) {
	stored, digits, permuted := strings.Cut(text, ":")
	l := pytorchLayout{stored: stored}
	for _, d := range digits {
		l.axes = append(l.axes, int(d-'0'))
	}
	switch {
	case stored == "":
		return l, fmt.Errorf("pytorch=%s lacks the stored name", text)
	case permuted && (digits == "" || layout.CheckAxes(l.axes) != nil):
		return l, fmt.Errorf("pytorch=%s: the digits behind the colon must name each axis of the stored tensor once, as in weight:10", text)
	}
	return l, nil
}

func (p *planner) field(owner reflect.Type, f reflect.StructField) (tag, fieldAction, error) {
	bad := func(format string, args ...any) (tag, fieldAction, error) {
		return tag{}, skipField, &TagError{Struct: owner, Field: f.Name, Problem: fmt.Sprintf(format, args...)}
	}
	text, tagged := f.Tag.Lookup("ckpt")
	var t tag
	if tagged {
		var err error
		if t, err = parseTag(text); err != nil {
			return bad("tag `ckpt:%q`: %v", text, err)
		}
		if t.skip {
			return t, skipField, nil
		}
	}
	if f.Type == moduleType {
		if !f.Anonymous {
			return bad("ckpt.Module must be embedded")
		}
		return t, moduleField, nil
	}
	trait := p.trait(f.Type)
	if structOf(f.Type) != nil && trait != isLeaf && (t.inline || f.Anonymous && !t.named) {
		if f.Type.Kind() == reflect.Pointer && !f.IsExported() {
			return bad("an embedded pointer to an unexported struct cannot be set; embed the struct itself")
		}
		if !f.Anonymous && !f.IsExported() {
			return bad("it has a tag but is not exported: reflection cannot set it")
		}
		if embedsItself(owner, f.Type, nil) {
			return bad("%v is inlined into itself", f.Type)
		}
		return t, inlineField, nil
	}
	if t.inline {
		return bad("option \"inline\" is for structs, not for %v", f.Type)
	}
	if !f.IsExported() {
		if tagged {
			return bad("it has a tag but is not exported: reflection cannot set it")
		}
		return t, skipField, nil
	}
	if !t.named {
		t.name = snakeCase(f.Name)
	}
	if tagged {
		if problem := p.cannotSave(f.Type, nil); problem != "" {
			return bad("%s", problem)
		}
		if t.Shape != nil && !isFlat(f.Type) {
			return bad("option \"shape\" is for a flat slice or array of numbers, not for %v", f.Type)
		}
		return t, trackField, nil
	}
	switch trait {
	case isLeaf, isTrackable:
		if problem := p.cannotSave(f.Type, nil); problem != "" {
			return bad("%s", problem)
		}
		return t, trackField, nil
	case isDynamic:
		return t, maybeField, nil
	}
	return t, skipField, nil
}

// checkNames reports two fields, those of inlined structs included, that claim one edge.
func (p *planner) checkNames(owner reflect.Type, plan *typePlan) error {
	taken := make(map[string]string)
	var add func(t reflect.Type, plan *typePlan, prefix string) error
	add = func(t reflect.Type, plan *typePlan, prefix string) error {
		for i, f := range plan.fields {
			switch f.action {
			case inlineField:
				inner := p.plan(structOf(t.Field(i).Type))
				if inner.err != nil {
					return inner.err
				}
				if err := add(structOf(t.Field(i).Type), inner, prefix+t.Field(i).Name+"."); err != nil {
					return err
				}
			case trackField, maybeField:
				for _, name := range append([]string{f.name}, f.Aliases...) {
					if other, ok := taken[name]; ok {
						return &TagError{Struct: owner, Field: prefix + f.goName, Problem: fmt.Sprintf("the name %q is that of field %s already", name, other)}
					}
					taken[name] = prefix + f.goName
				}
			}
		}
		return nil
	}
	return add(owner, plan, "")
}

// check returns the first error in the declarations of t and of the types that it can statically hold, so that
// a mistake shows in New and not when a nil pointer is first set.
func (p *planner) check(t reflect.Type, seen map[reflect.Type]bool) error {
	if seen[t] {
		return nil
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return p.check(t.Elem(), seen)
	case reflect.Struct:
		if leafType(t) || p.trait(t) == isPlain {
			return nil
		}
		plan := p.plan(t)
		if plan.err != nil {
			return plan.err
		}
		for i, f := range plan.fields {
			if f.action == trackField || f.action == inlineField {
				if err := p.check(t.Field(i).Type, seen); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// structOf returns t or what it points to where that is a struct, nil otherwise.
func structOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

// embedsItself reports whether inlining t leads back to owner or to a struct already being inlined.
func embedsItself(owner, t reflect.Type, path []reflect.Type) bool {
	s := structOf(t)
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
		if f.Anonymous && structOf(f.Type) != nil && !leafType(structOf(f.Type)) && f.Type != moduleType && embedsItself(owner, f.Type, append(path, s)) {
			return true
		}
	}
	return false
}

func isFlat(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	_, rank, ok := plainType(t)
	return ok && rank == 1
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
