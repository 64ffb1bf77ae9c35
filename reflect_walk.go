package ckpt

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/mitchellh/reflectwalk"

	"github.com/gockpt/ckpt/internal/object"
)

// A walker turns Go values into a graph: it takes one object at a time from a queue, so that depth costs no stack,
// and asks reflectwalk for the fields of one struct, never for what is in them.
type walker struct {
	plans *planner
	graph *object.Graph
	// copies are the stand-ins of values in interfaces and maps, which have no address, kept from walk to walk
	// so that they keep their identity.
	copies map[object.Identity]reflect.Value
	// owner is made known to every embedded Module that is met; may be nil.
	owner *Checkpoint
	// savers save and restore the objects that they match in ways of their own; the last that matches is asked.
	savers []*object.Saver
	// allocAll treats every nil pointer, slice and map as if its tag said alloc.
	allocAll bool
}

func newWalker(copies map[object.Identity]reflect.Value) *walker {
	return &walker{plans: &plans, graph: object.New(), copies: copies}
}

// grow makes room for a graph of n nodes.
func (w *walker) grow(n int) {
	if len(w.graph.Nodes) == 0 && n > 0 {
		w.graph.Nodes, w.graph.ByKey = make([]*object.Node, 0, n), make(map[object.Identity]*object.Node, n)
	}
}

// Graph implements [object.Walk].
func (w *walker) Graph() *object.Graph { return w.graph }

// ExpandAll implements [object.Walk].
func (w *walker) ExpandAll() error {
	for i := 0; i < len(w.graph.Nodes); i++ {
		if err := w.Expand(w.graph.Nodes[i]); err != nil {
			return err
		}
	}
	return w.graph.CheckOverlap()
}

// addRoot makes the object that v holds node 0. Where stored is not nil, a nil slice or map that v points to is made as
// large as what is stored.
func (w *walker) addRoot(v any, stored object.Children) error {
	e := object.Edge{Opt: object.Options{Explicit: true, Alloc: w.allocAll}}
	n, err := w.resolve(reflect.ValueOf(v), &e, nil)
	if err == nil && n == nil && e.Missing != nil && stored != nil {
		w.graph.Undos = append(w.graph.Undos, e.Missing.Alloc(stored))
		n, err = w.resolve(reflect.ValueOf(v), &e, nil)
	}
	if err == nil && n == nil {
		err = fmt.Errorf("ckpt: (root): %s is %w", describe(v), ErrNotTrackable)
	}
	return err
}

// addVirtualRoot makes node 0 an object that is no struct of the user's: what stands for a [Group].
func (w *walker) addVirtualRoot(stand any) {
	v := reflect.ValueOf(stand).Elem()
	n := &object.Node{Key: object.Identity{Addr: v.Addr().Pointer(), Type: v.Type()}, Obj: v, Group: true, Expanded: true, Opt: object.Options{Explicit: true}}
	w.graph.Nodes, w.graph.ByKey[n.Key] = append(w.graph.Nodes, n), n
}

// addChild appends an edge from n to the object that v holds. v may point to a pointer, slice or map that is nil yet. The
// error says where v is nothing that can take part.
func (w *walker) addChild(n *object.Node, name, goStep string, v any) error {
	e := object.Edge{Name: name, GoStep: goStep, Opt: object.Options{Explicit: true, Alloc: w.allocAll}}
	child, err := w.resolve(reflect.ValueOf(v), &e, n)
	if err != nil {
		return err
	}
	if child == nil && e.Missing == nil {
		return fmt.Errorf("ckpt: %q: %s is %w: it must be a pointer to a struct, tensor or number, or a slice or map of such", name, describe(v), ErrNotTrackable)
	}
	e.Node, e.From = child, reflect.ValueOf(v)
	n.Edges = append(n.Edges, e)
	return nil
}

func describe(v any) string {
	if v == nil {
		return "nil"
	}
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Pointer && rv.IsNil() {
		return fmt.Sprintf("a nil %T", v)
	}
	return fmt.Sprintf("a value of type %T", v)
}

// Expand implements [object.Walk].
func (w *walker) Expand(n *object.Node) error {
	if n.Expanded || !n.Group {
		return nil
	}
	n.Expanded = true
	v := n.Obj
	switch v.Kind() {
	case reflect.Struct:
		return w.expandStruct(n)
	case reflect.Slice, reflect.Array:
		if v.Len() > 0 && w.plainElements(n) {
			return nil
		}
		n.Edges = make([]object.Edge, 0, v.Len())
		for i := range v.Len() {
			if err := w.addElement(n, strconv.Itoa(i), v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		keys := make([]string, 0, v.Len())
		for it := v.MapRange(); it.Next(); {
			keys = append(keys, it.Key().String())
		}
		slices.Sort(keys)
		n.Edges = make([]object.Edge, 0, len(keys))
		for _, k := range keys {
			key := reflect.ValueOf(k).Convert(v.Type().Key())
			e := object.Edge{Name: k}
			slot := w.standIn(v.MapIndex(key), true, func(c reflect.Value) { v.SetMapIndex(key, c) }, n, &e)
			if err := w.addElement(n, k, slot); err != nil {
				return err
			}
		}
	}
	return nil
}

// plainElements reports a container of plain values that nobody asked to save: it has no edges, however long it is.
func (w *walker) plainElements(n *object.Node) bool {
	return !n.Opt.Explicit && w.plans.trait(n.Obj.Type().Elem()) == isPlain
}

// addElement adds the edge to an element of a container, which is subject to the options of the container's field.
func (w *walker) addElement(n *object.Node, name string, v reflect.Value) error {
	return w.addEdge(n, object.Edge{Name: name, Opt: n.Opt}, v)
}

// addEdge adds e, which leads to what v holds: to no node where that is nil or a plain value.
func (w *walker) addEdge(n *object.Node, e object.Edge, v reflect.Value) (err error) {
	e.Opt.Alloc = e.Opt.Alloc || w.allocAll
	e.From = v
	n.Edges = append(n.Edges, e)
	last := &n.Edges[len(n.Edges)-1]
	last.Node, err = w.resolve(v, last, n)
	return err
}

// Again implements [object.Walk].
func (w *walker) Again(n *object.Node, e *object.Edge) error {
	child, err := w.resolve(e.From, e, n)
	e.Node = child
	return err
}

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
		if !f.w.holds(v, nil) && v.Kind() != reflect.Interface {
			return reflectwalk.SkipEntry
		}
	case skipField:
		return reflectwalk.SkipEntry
	}
	e := object.Edge{
		Name: field.name, GoStep: step, Field: &field.Field,
		Opt: object.Options{Explicit: field.present, Optional: field.optional, Alloc: field.alloc, Cast: field.cast},
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
