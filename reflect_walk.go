package ckpt

import (
	"fmt"
	"reflect"

	"github.com/mitchellh/reflectwalk"

	"github.com/gockpt/ckpt/internal/object"
)

func (w *walker) expandStruct(n *object.Node) error {
	plan := w.plans.plan(n.Obj.Type())
	if plan.err != nil {
		return plan.err
	}
	n.Edges = make([]object.Edge, 0, len(plan.fields))
	f := &fieldWalker{w: w, n: n}
	if err := reflectwalk.Walk(n.Obj.Addr().Interface(), f); err != nil {
		return err
	}
	if f.tracked {
		return checkTracked(n)
	}
	return nil
}

// checkTracked reports a child attached to a Module under the name of a field: that of fields alone is checked with their types.
func checkTracked(n *object.Node) error {
	taken := make(map[string]string, len(n.Edges))
	for i := range n.Edges {
		e := &n.Edges[i]
		for _, name := range append([]string{e.Name}, e.Aliases()...) {
			if other, ok := taken[name]; ok {
				return fmt.Errorf("ckpt: %s (%s): %s and %s are both called %q", n.Path(), n.GoPath(), other, e.GoStep, name)
			}
			taken[name] = e.GoStep
		}
	}
	return nil
}

// A fieldWalker is what reflectwalk calls for the fields of one struct and of those inlined into it. It answers SkipEntry
// to every other, so that reflectwalk never enters a field: its limits on cycles, depth, unexported fields and
// interfaces stay out of reach.
type fieldWalker struct {
	w      *walker
	n      *object.Node
	frames []fieldFrame
	// tracked is set where a Module has children, whose names no type declares.
	tracked bool
}

type fieldFrame struct {
	plan   *typePlan
	next   int
	goStep string
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
	plan := f.w.plans.plan(v.Type())
	step := ""
	if len(f.frames) > 0 {
		top := f.frames[len(f.frames)-1]
		step = top.goStep + "." + top.plan.fields[top.next-1].goName
	}
	f.frames = append(f.frames, fieldFrame{plan: plan, goStep: step})
	return plan.err
}

// StructField implements reflectwalk.StructWalker.
func (f *fieldWalker) StructField(_ reflect.StructField, v reflect.Value) error {
	top := &f.frames[len(f.frames)-1]
	field := &top.plan.fields[top.next]
	top.next++
	step := field.step
	if top.goStep != "" {
		step = top.goStep + step
	}
	switch field.action {
	case inlineField:
		if v.Kind() == reflect.Pointer && v.IsNil() {
			if !field.alloc && !f.w.allocAll || !v.CanSet() {
				return reflectwalk.SkipEntry
			}
			// An inlined struct has no node of its own that could tell whether the checkpoint has it.
			v.Set(reflect.New(v.Type().Elem()))
			f.w.graph.Undos = append(f.w.graph.Undos, func() { v.SetZero() })
		}
		return nil
	case moduleField:
		if err := f.module(v.Addr().Interface().(*Module)); err != nil {
			return err
		}
		return reflectwalk.SkipEntry
	case maybeField:
		if !f.w.holds(v) && v.Kind() != reflect.Interface {
			return reflectwalk.SkipEntry
		}
	case skipField:
		return reflectwalk.SkipEntry
	}
	e := object.Edge{
		Name: field.name, GoStep: step, Field: &field.Field,
		Opt:    object.Options{Explicit: field.present, Optional: field.optional, Alloc: field.alloc, Cast: field.cast},
		Wanted: field.wanted && !(v.Kind() == reflect.Interface && endsChain(f.n)),
	}
	if err := f.w.addEdge(f.n, e, v); err != nil {
		return err
	}
	return reflectwalk.SkipEntry
}

func (f *fieldWalker) module(m *Module) error {
	for _, c := range m.snapshot(f.w.owner) {
		f.tracked = true
		if err := f.w.addChild(f.n, c.name, childStep(c.name), c.object); err != nil {
			return err
		}
	}
	return nil
}

// Enter implements reflectwalk.EnterExitWalker.
func (f *fieldWalker) Enter(reflectwalk.Location) error { return nil }

// Exit implements reflectwalk.EnterExitWalker.
func (f *fieldWalker) Exit(l reflectwalk.Location) error {
	if l == reflectwalk.Struct {
		f.frames = f.frames[:len(f.frames)-1]
	}
	return nil
}
