package ckpt

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/walk"
	"github.com/gockpt/ckpt/internal/wording"
	"github.com/gockpt/ckpt/internal/writers"
	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/tensor"
)

// AllowEmpty lets a save have no variables, where it is otherwise an error with [ErrNoVariables]. A [Saver] without variables writes nothing
// and reads nothing (allow_empty).
func AllowEmpty() VariablesOption { return option(func(o *options) { o.allowEmpty = true }) }

// toSave returns the program's graph for a save to path. The error has [ErrNoVariables] where nothing but the counter would be saved, unless the
// checkpoint is a Group that is empty on purpose. Fields that look like weights and are not saved are logged, once.
func (c *Checkpoint) toSave(path string, o options) (*object.Graph, error) {
	g, err := c.walk()
	if err != nil {
		return nil, err
	}
	isVariable := func(n *object.Node) bool {
		return (len(n.Values) > 0 && n.Saved() || n.Saver != nil) && !(n.Obj.CanAddr() && c.isCounter(n.Obj.Addr().Interface()))
	}
	onPurpose := o.allowEmpty || c.grouped && len(c.objects) == 0
	if o.as == writers.Keras { // the description of a model without weights is worth an archive
		onPurpose = onPurpose || !slices.ContainsFunc(g.Nodes, func(n *object.Node) bool { return len(n.Values) > 0 })
	}
	if !onPurpose && !slices.ContainsFunc(g.Nodes, isVariable) {
		return nil, fmt.Errorf("ckpt: save %s: %w", path, noVariables(g))
	}
	if c.said {
		return g, nil
	}
	c.said = true
	if fields := untagged(g, (*unsaved).weights); len(fields) > 0 {
		o.logger.Warn("Fields without a tag are not saved. Tag those that are weights, and the others `ckpt:\"-\"`.", "fields", strings.Join(wording.First(fields, 20), ", "))
	}
	return g, nil
}

// noVariables returns the error of a save of g, which has no variables.
func noVariables(g *object.Graph) error {
	problem := ErrNoVariables.Error()
	var empty []string
	for _, n := range g.Nodes {
		if len(n.Values) > 0 && !n.Saved() {
			empty = append(empty, n.GoPath())
		}
	}
	if len(empty) > 0 {
		problem += "; these have no values yet: " + strings.Join(wording.First(empty, 10), ", ")
	}
	if fields := untagged(g, (*unsaved).numbers); len(fields) > 0 {
		problem += "; these fields have no tag that makes variables of them: " + strings.Join(wording.First(fields, 10), ", ")
	}
	return &noVariablesError{problem}
}

// A noVariablesError is an [ErrNoVariables] with what the save met instead.
type noVariablesError struct{ problem string }

func (e *noVariablesError) Error() string        { return e.problem + "; AllowEmpty permits it" }
func (e *noVariablesError) Is(target error) bool { return target == ErrNoVariables }

// untagged returns the fields that find notes in the objects of g.
func untagged(g *object.Graph, find func(*unsaved, *object.Node)) []string {
	u := &unsaved{noted: make(map[string]bool), seen: make(map[reflect.Type]bool)}
	for _, n := range g.Nodes {
		if n.Group && n.Saver == nil {
			find(u, n)
		}
	}
	return u.found
}

// An unsaved lists fields that are not saved.
type unsaved struct {
	found []string
	noted map[string]bool       // of found
	seen  map[reflect.Type]bool // being looked into, or done with
}

func (u *unsaved) note(path string, t reflect.Type) {
	text := strings.TrimPrefix(path, ".") + " " + t.String()
	if !u.noted[text] {
		u.noted[text] = true
		u.found = append(u.found, text)
	}
}

// numbers notes every number, slice of numbers and foreign tensor in the struct n that no tag mentions.
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
	for i, f := range goTypes.Struct(v.Type()).Fields {
		switch {
		case f.Action == walk.Skip && !f.Skip && v.Type().Field(i).IsExported(), f.Action == walk.Maybe:
			if held := content(v.Field(i)); held.IsValid() {
				u.inType(path+"."+f.GoName, held.Type())
			}
		case f.Action == walk.Inline:
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
		if held := content(e.From); e.Node == nil && held.IsValid() {
			look(fmt.Sprintf("%s[%s]", path, e.Name), held.Type())
		}
	}
}

// content returns what interfaces hold, the zero Value where that is nil.
func content(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v
}

// inType looks for numbers in values of type t.
func (u *unsaved) inType(path string, t reflect.Type) {
	if d, _, plain := walk.PlainType(t); plain {
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

// weights notes what n leaves out that leads to slices of floats, of structs only where n has variables: those that it declares by
// its type.
func (u *unsaved) weights(n *object.Node) {
	if n.Obj.Kind() != reflect.Struct {
		u.inContainer(n.GoPath(), n, func(path string, t reflect.Type) {
			if isWeights(t) {
				u.note(path, t)
			}
		})
		return
	}
	t := n.Obj.Type()
	declared := goTypes.Struct(t).Fields
	dynamic := slices.ContainsFunc(declared, func(f walk.Field) bool { return f.Action == walk.Maybe })
	tracks := slices.ContainsFunc(declared, func(f walk.Field) bool { return f.Action == walk.Track || f.Action == walk.Inline })
	if !tracks || u.seen[t] && !dynamic {
		return
	}
	u.seen[t] = true
	var ignored []string
	if o, ok := n.Obj.Addr().Interface().(layout.Ignorer); ok {
		ignored = o.CheckpointIgnores()
	}
	for i, f := range declared {
		left := f.Action == walk.Skip && !f.Skip && t.Field(i).IsExported() || f.Action == walk.Maybe
		held := content(n.Obj.Field(i))
		if left && held.IsValid() && isWeights(held.Type()) && !slices.Contains(ignored, snakeCase(f.GoName)) {
			u.note(t.String()+"."+f.GoName, held.Type())
		}
	}
}

// isWeights reports a type that may well be weights and is not tracked without a tag: slices of floats, and matrices of other libraries. A
// single number or an array of numbers is a hyper-parameter more often.
func isWeights(t reflect.Type) bool {
	return goTypes.Trait(t) == walk.Plain && leadsToFloats(t, make(map[reflect.Type]bool))
}

// hidesFloats reports a struct that keeps floats in unexported fields, where no tag can reach.
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
		if d, _, plain := walk.PlainType(t); plain {
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
