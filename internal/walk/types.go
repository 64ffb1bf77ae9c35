package walk

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/layout"
)

// A Language interprets the declaration of a struct: it reads tags.
type Language struct {
	// Field returns the role of one field of the struct owner.
	Field func(types *Types, owner reflect.Type, f reflect.StructField) (Tag, Action, error)
	// Wrong returns the error of a wrong declaration.
	Wrong func(owner reflect.Type, field, problem string) error
	// Module is the type that structs embed to have children that are attached while the program runs.
	Module reflect.Type
}

// A Tag is the parsed tag of a field.
type Tag struct {
	Present  bool // the field has a tag
	Skip     bool // "-"
	Name     string
	Named    bool // the tag has a name; otherwise the field's name in snake case is used
	Optional bool
	Alloc    bool
	Inline   bool
	Cast     bool
	Layouts  []PyTorchLayout
	object.Field
}

// A PyTorchLayout is the option pytorch: the stored name, and for each axis of the value the stored axis.
type PyTorchLayout struct {
	Stored string
	Axes   []int
}

// Types caches the declarations of the types of a program. Several goroutines may use it at once.
type Types struct {
	Language
	structs sync.Map // reflect.Type → *Struct
	traits  sync.Map // reflect.Type → Trait
	checks  sync.Map // reflect.Type → the error of Check, or nil
	holds   sync.Map // reflect.Type → the bool of holdsTensor
	mixes   sync.Map // reflect.Type → *mixed
}

// NewTypes returns a Types for declarations in the given language.
func NewTypes(l Language) *Types { return &Types{Language: l} }

// A Struct is the declaration of a struct type. Fields is parallel to the fields of the Go type.
type Struct struct {
	Fields  []Field
	Layouts []layout.Rule // of the options pytorch
	Err     error
}

// A Field describes the role of one field of a struct.
type Field struct {
	Tag
	GoName string
	Action Action
	Wanted bool // a checkpoint must have the edge, even if the field holds nil
}

// An Action is the role of a field.
type Action int

const (
	Skip     Action = iota // the field is ignored
	Track                  // an edge
	Maybe                  // an edge if the interface in it holds something trackable
	Inline                 // its fields are fields of the struct
	Children               // an embedded Module: its tracked children are children of the struct
)

// Struct returns the declarations of the struct type t.
func (p *Types) Struct(t reflect.Type) *Struct {
	if s, ok := p.structs.Load(t); ok {
		return s.(*Struct)
	}
	s := &Struct{Fields: make([]Field, t.NumField())}
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Tag, f.Action, s.Err = p.Field(p, t, t.Field(i)); s.Err != nil {
			break
		}
		f.GoName = t.Field(i).Name
		f.Step = "." + f.GoName
		f.Wanted = f.Action != Skip && p.wanted(t, t.Field(i).Type, f.Present)
		for _, l := range f.Tag.Layouts {
			s.Layouts = append(s.Layouts, layout.Permuted(layout.PyTorch, f.Name, l.Stored, l.Axes...))
		}
	}
	if s.Err == nil {
		s.Err = p.checkNames(t, s)
	}
	got, _ := p.structs.LoadOrStore(t, s)
	return got.(*Struct)
}

// Check returns the first error in the declarations of t and of the types that it can statically hold. So New reports a mistake,
// rather than the first save after a nil pointer is set.
func (p *Types) Check(t reflect.Type) error {
	if got, ok := p.checks.Load(t); ok {
		err, _ := got.(error)
		return err
	}
	err := p.check(t, make(map[reflect.Type]bool))
	p.checks.Store(t, err)
	return err
}

// checkNames returns an error if two fields, including those of inlined structs, have the same edge.
func (p *Types) checkNames(owner reflect.Type, plan *Struct) error {
	taken := make(map[string]string)
	var add func(t reflect.Type, plan *Struct, prefix string) error
	add = func(t reflect.Type, plan *Struct, prefix string) error {
		for i, f := range plan.Fields {
			switch f.Action {
			case Inline:
				inner := p.Struct(StructOf(t.Field(i).Type))
				if inner.Err != nil {
					return inner.Err
				}
				if err := add(StructOf(t.Field(i).Type), inner, prefix+t.Field(i).Name+"."); err != nil {
					return err
				}
			case Track, Maybe:
				for _, name := range append([]string{f.Name}, f.Aliases...) {
					if other, ok := taken[name]; ok {
						return p.Wrong(owner, prefix+f.GoName, fmt.Sprintf("field %s already has the name %q", other, name))
					}
					taken[name] = prefix + f.GoName
				}
			}
		}
		return nil
	}
	return add(owner, plan, "")
}

func (p *Types) check(t reflect.Type, seen map[reflect.Type]bool) error {
	if seen[t] {
		return nil
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return p.check(t.Elem(), seen)
	case reflect.Struct:
		if l := roleOf(t).leaf; l.kind != notLeaf {
			if err := p.mixedOf(t).err; err != nil || l.kind != embedsTensor {
				return err
			}
			return p.check(t.Field(l.embedded).Type, seen)
		}
		if p.Trait(t) == Plain {
			return nil
		}
		plan := p.Struct(t)
		if plan.Err != nil {
			return plan.Err
		}
		for i, f := range plan.Fields {
			if f.Action == Track || f.Action == Inline {
				if err := p.check(t.Field(i).Type, seen); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// StructOf returns t, or the type to which it points, if that is a struct. Otherwise it returns nil.
func StructOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}
