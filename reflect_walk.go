package ckpt

import (
	"fmt"
	"reflect"

	"github.com/mitchellh/reflectwalk"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/walk"
)

// newWalker returns a walker over objects. It records owner, which may be nil, in every Module that it visits.
func newWalker(standIns *walk.StandIns, owner *Checkpoint) *walk.Walker {
	f := &fieldWalker{owner: owner} // reused for one struct after another
	return walk.New(goTypes, standIns, func(w *walk.Walker, n *object.Node) error { return expandStruct(w, n, f) })
}

// expandStruct gives n, a struct, an edge for each of its fields. It uses f.
func expandStruct(w *walk.Walker, n *object.Node, f *fieldWalker) error {
	declared := goTypes.Struct(n.Obj.Type())
	if declared.Err != nil {
		return declared.Err
	}
	n.Edges = make([]object.Edge, 0, len(declared.Fields))
	*f = fieldWalker{w: w, n: n, owner: f.owner, frames: f.frames[:0], inlined: f.inlined[:0], open: f.open[:0]}
	if err := reflectwalk.Walk(n.Obj.Addr().Interface(), f); err != nil {
		return err
	}
	w.Graph().AddInlined(n, f.inlined)
	if f.tracked {
		return checkTracked(n)
	}
	return nil
}

// checkTracked returns an error if a child attached to a Module has the name of a field. The names of fields among each other are
// checked with their types.
func checkTracked(n *object.Node) error {
	taken := make(map[string]string, len(n.Edges))
	for i := range n.Edges {
		e := &n.Edges[i]
		for _, name := range append([]string{e.Name}, e.Aliases()...) {
			if other, ok := taken[name]; ok {
				return fmt.Errorf("ckpt: %s (%s): %s and %s are both called %q", n.Path(), n.GoPath(), other, e.GoStep(), name)
			}
			taken[name] = e.GoStep()
		}
	}
	return nil
}

// A fieldWalker receives reflectwalk's calls for the fields of one struct and of the structs inlined into it. It returns SkipEntry
// for all other fields, so reflectwalk never enters a field. Therefore its limits on cycles, depth, unexported fields and
// interfaces do not matter.
type fieldWalker struct {
	w       *walk.Walker
	n       *object.Node
	owner   *Checkpoint
	frames  []fieldFrame
	inlined []object.Inlined // the structs inlined so far
	open    []int            // indices into inlined of the structs that the walk is in
	// tracked is set if a Module has children. Types do not declare the names of children.
	tracked bool
}

type fieldFrame struct {
	declared *walk.Struct
	next     int
	goStep   string
}

// Pointer implements reflectwalk.PointerValueWalker: a nil embedded pointer has no fields.
func (f *fieldWalker) Pointer(v reflect.Value) error {
	if v.IsNil() {
		return reflectwalk.SkipEntry
	}
	return nil
}

// Struct implements reflectwalk.StructWalker.
func (f *fieldWalker) Struct(v reflect.Value) error {
	declared := goTypes.Struct(v.Type())
	step := ""
	if len(f.frames) > 0 {
		top := f.frames[len(f.frames)-1]
		step = top.goStep + top.declared.Fields[top.next-1].Step
	}
	f.frames = append(f.frames, fieldFrame{declared: declared, goStep: step})
	return declared.Err
}

// StructField implements reflectwalk.StructWalker.
func (f *fieldWalker) StructField(_ reflect.StructField, v reflect.Value) error {
	top := &f.frames[len(f.frames)-1]
	field := &top.declared.Fields[top.next]
	top.next++
	switch field.Action {
	case walk.Inline:
		return f.inline(field, top.goStep+field.Step, v)
	case walk.Children:
		if v.Kind() != reflect.Pointer {
			v = v.Addr()
		}
		if m := v.Interface().(*Module); m != nil {
			if err := f.module(m); err != nil {
				return err
			}
		}
		return reflectwalk.SkipEntry
	case walk.Maybe:
		if !f.w.Holds(v) && v.Kind() != reflect.Interface {
			return reflectwalk.SkipEntry
		}
	case walk.Skip:
		return reflectwalk.SkipEntry
	}
	e := object.Edge{
		Name: field.Name, Field: f.w.Below(top.goStep, &field.Tag.Field),
		Opt:    object.Options{Explicit: field.Present, Optional: field.Optional, Alloc: field.Alloc, Cast: field.Cast},
		Wanted: field.Wanted && !(v.Kind() == reflect.Interface && walk.EndsChain(f.n)),
	}
	if err := f.w.AddEdge(f.n, e, v); err != nil {
		return err
	}
	return reflectwalk.SkipEntry
}

// inline prepares for the fields of the struct that v is or points to. If v is nil, a restore allocates the struct if it may. If
// the struct is not allocated, n still gets its edges, but they lead to no object.
func (f *fieldWalker) inline(field *walk.Field, step string, v reflect.Value) error {
	in := object.Inlined{First: len(f.n.Edges), Optional: field.Optional}
	missing := v.Kind() == reflect.Pointer && v.IsNil()
	if missing && f.w.Makes(field.Alloc) {
		if err := f.w.Take(1, v.Type().Elem(), f.n, &object.Edge{Name: field.GoName, Field: &object.Field{Step: step}}); err != nil {
			return err
		}
		v.Set(reflect.New(v.Type().Elem()))
		in.Undo = v.SetZero
		missing = false
	}
	if !missing {
		f.inlined, f.open = append(f.inlined, in), append(f.open, len(f.inlined))
		return nil
	}
	f.w.AddNothing(f.n, v.Type().Elem(), step)
	in.Last = len(f.n.Edges)
	f.inlined = append(f.inlined, in)
	return reflectwalk.SkipEntry
}

func (f *fieldWalker) module(m *Module) error {
	for _, c := range m.snapshot(f.owner) {
		f.tracked = true
		if err := f.w.AddChild(f.n, c.name, childStep(c.name), c.object); err != nil {
			return err
		}
	}
	return nil
}

// Enter implements reflectwalk.EnterExitWalker.
func (f *fieldWalker) Enter(reflectwalk.Location) error { return nil }

// Exit implements reflectwalk.EnterExitWalker.
func (f *fieldWalker) Exit(l reflectwalk.Location) error {
	switch l {
	case reflectwalk.Struct:
		f.frames = f.frames[:len(f.frames)-1]
	case reflectwalk.StructField: // only fields of inlined structs are entered
		last := len(f.open) - 1
		f.inlined[f.open[last]].Last = len(f.n.Edges)
		f.open = f.open[:last]
	}
	return nil
}
