package walk

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"unicode/utf8"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/tensor"
)

// A Walker turns Go values into a graph. It takes one object at a time from a queue, so depth does not need stack.
type Walker struct {
	// Savers save and restore the objects that they match. If several match, the last one is used.
	Savers []*object.Saver
	// AllocAll treats every nil pointer, slice and map as if its tag said alloc.
	AllocAll bool
	// Peek does not request the tensors of objects. Use it if only the objects matter.
	Peek bool

	types    *Types
	fields   func(*Walker, *object.Node) error
	graph    *object.Graph
	standIns *StandIns
	held     map[object.Identity]bool // see Holds
	room     room
	inlined  map[inlined]*object.Field // see Below
	kept     int64                     // bytes of tensors that objects returned and that are kept until they are written
	// restores is set if objects may be allocated: see Makes.
	restores bool
}

// New returns a Walker without objects. fields adds the edges of a struct to its node. Walks over the same objects share standIns.
func New(types *Types, standIns *StandIns, fields func(*Walker, *object.Node) error) *Walker {
	standIns.walk++
	return &Walker{types: types, fields: fields, graph: object.New(), standIns: standIns, held: make(map[object.Identity]bool), room: room{left: freeBytes}}
}

// Grow makes room for a graph of n nodes.
func (w *Walker) Grow(n int) {
	w.graph.Grow(n)
}

// Graph implements [object.Walk].
func (w *Walker) Graph() *object.Graph { return w.graph }

// ExpandAll implements [object.Walk].
func (w *Walker) ExpandAll() error {
	for i := 0; i < len(w.graph.Nodes); i++ {
		if err := w.Expand(w.graph.Nodes[i]); err != nil {
			return err
		}
	}
	return w.graph.CheckOverlap()
}

// AddRoot makes the object that v holds node 0. If stored is not nil, a nil slice or map to which v points is allocated with the
// stored length.
func (w *Walker) AddRoot(v any, stored object.Children) error {
	e := object.Edge{Opt: object.Options{Explicit: true, Alloc: w.AllocAll}}
	n, err := w.Resolve(reflect.ValueOf(v), &e, nil)
	if err == nil && n == nil && e.Missing() != nil && stored != nil {
		undo, err := e.Missing().Alloc(stored)
		if err != nil {
			return err
		}
		w.graph.Undos = append(w.graph.Undos, undo)
		n, err = w.Resolve(reflect.ValueOf(v), &e, nil)
		if err != nil {
			return err
		}
	}
	if err == nil && n == nil {
		err = fmt.Errorf("ckpt: (root): %s is %w", Describe(v), ErrNotTrackable)
	}
	return err
}

// AddVirtualRoot makes node 0 a synthetic root, for a [Group].
func (w *Walker) AddVirtualRoot(stand any) {
	v := reflect.ValueOf(stand).Elem()
	w.graph.Add(&object.Node{Obj: v, Group: true, Expanded: true, Opt: object.Options{Explicit: true}})
}

// AddChild appends an edge from n to the object that v holds. v may point to a nil pointer, slice or map. It returns an error if v
// cannot be tracked.
func (w *Walker) AddChild(n *object.Node, name, goStep string, v any) error {
	e := object.Edge{Name: name, Field: &object.Field{Step: goStep}, Opt: object.Options{Explicit: true, Alloc: w.AllocAll}}
	if err := checkName(n, &e); err != nil {
		return err
	}
	child, err := w.Resolve(reflect.ValueOf(v), &e, n)
	if err != nil {
		return err
	}
	if child == nil && e.Missing() == nil {
		return fmt.Errorf("ckpt: %q: %s is %w: it must be a pointer to a struct, tensor or number, or a slice or map of these", name, Describe(v), ErrNotTrackable)
	}
	if e.Node = child; child == nil {
		e.SetFrom(reflect.ValueOf(v))
		e.Wanted = true
	}
	n.Edges = append(n.Edges, e)
	return nil
}

// Describe describes v in an error.
func Describe(v any) string {
	if v == nil {
		return "nil"
	}
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Pointer && rv.IsNil() {
		return fmt.Sprintf("a nil %T", v)
	}
	return fmt.Sprintf("a value of type %T", v)
}

// AddEdge adds e, which leads to the object that v holds. It leads to no node if that is nil or a plain value.
func (w *Walker) AddEdge(n *object.Node, e object.Edge, v reflect.Value) (err error) {
	if err := checkName(n, &e); err != nil {
		return err
	}
	e.Opt.Alloc = e.Opt.Alloc || w.AllocAll
	n.Edges = append(n.Edges, e)
	last := &n.Edges[len(n.Edges)-1]
	if last.Node, err = w.Resolve(v, last, n); last.Node == nil {
		last.SetFrom(v)
	}
	last.Wanted = last.Wanted && last.Node == nil && holdsNil(v)
	return err
}

// AddNothing gives n the edges of the struct t, for a nil embedded pointer to t. step leads to the pointer.
func (w *Walker) AddNothing(n *object.Node, t reflect.Type, step string) {
	for i := range w.types.Struct(t).Fields {
		f, declared := &w.types.Struct(t).Fields[i], t.Field(i).Type
		switch f.Action {
		case Inline:
			w.AddNothing(n, StructOf(declared), step+f.Step)
		case Track, Maybe:
			e := object.Edge{
				Name: f.Name, Field: w.Below(step, &f.Tag.Field),
				Opt:    object.Options{Explicit: f.Present, Optional: f.Optional},
				Wanted: f.Wanted && f.Action == Track,
			}
			e.SetFrom(reflect.Zero(declared))
			n.Edges = append(n.Edges, e)
		}
	}
}

// checkName returns an error for names that a checkpoint cannot have.
func checkName(n *object.Node, e *object.Edge) error {
	if utf8.ValidString(e.Name) {
		return nil
	}
	return fmt.Errorf("ckpt: %s: the name %q is not UTF-8, so no program could read the checkpoint: %w", object.PlaceOf(n, e), e.Name, ErrNotTrackable)
}

// Again implements [object.Walk].
func (w *Walker) Again(n *object.Node, e *object.Edge) error {
	child, err := w.Resolve(e.From(), e, n)
	e.Node = child
	return err
}

// Expand implements [object.Walk].
func (w *Walker) Expand(n *object.Node) error {
	if n.Expanded || !n.Group {
		return nil
	}
	n.Expanded = true
	if n.Obj.Kind() == reflect.Struct {
		return w.fields(w, n)
	}
	return w.expandContainer(n)
}

// ErrNotTrackable is in the error of a value that cannot be part of a checkpoint.
var ErrNotTrackable = errors.New("not trackable")

// maxPointerHops limits the number of pointers that lead to one object: type P *P can point to itself.
const maxPointerHops = 64

// Resolve returns the node of the object that v holds and adds it to the graph if it is new. It returns nil for a nil value,
// after recording in e how to allocate it, and for a plain value that is not tracked.
func (w *Walker) Resolve(v reflect.Value, e *object.Edge, parent *object.Node) (*object.Node, error) {
	inInterface := false
	for hops := 0; v.IsValid(); hops++ {
		if hops > maxPointerHops {
			return nil, fmt.Errorf("ckpt: %s: more than %d pointers in a row", object.PlaceOf(parent, e), maxPointerHops)
		}
		switch {
		case v.Kind() == reflect.Interface && v.IsNil():
			return nil, nil
		case v.Kind() == reflect.Interface:
			inner := v.Elem()
			if inner.Kind() == reflect.Pointer {
				inInterface = false
			} else if !w.Holds(inner) {
				return nil, plainInInterface(v, e, parent)
			} else {
				inInterface = true
				inner = w.standIn(inner, v.CanSet(), v.Set, parent, e)
			}
			v = inner
		case v.Kind() == reflect.Pointer && v.IsNil():
			w.offerPointer(v, e, parent)
			return nil, nil
		case v.Kind() == reflect.Pointer:
			v, inInterface = v.Elem(), false
		default:
			inner, ok, err := w.tensorIn(v)
			if err != nil {
				return nil, err
			}
			if !ok {
				return w.nodeOf(v, e, parent, inInterface)
			}
			v = inner
		}
	}
	return nil, nil
}

// plainInInterface is the error of a tagged interface with a plain value in it. In containers such values are ignored, as in
// TensorFlow's lists.
func plainInInterface(v reflect.Value, e *object.Edge, parent *object.Node) error {
	if !e.Opt.Explicit || parent == nil || parent.Obj.Kind() != reflect.Struct {
		return nil
	}
	return fmt.Errorf("ckpt: %s: the interface holds a value of type %v, which is %w: store a pointer to it", object.PlaceOf(parent, e), v.Elem().Type(), ErrNotTrackable)
}

// nodeOf returns the node of v, which is neither a pointer nor an interface.
func (w *Walker) nodeOf(v reflect.Value, e *object.Edge, parent *object.Node, inInterface bool) (*object.Node, error) {
	t := v.Type()
	role := roleOf(t)
	plain := role.plain && e.Opt.Explicit && !inInterface
	if (t.Kind() == reflect.Map || t.Kind() == reflect.Slice) && v.IsNil() && role.leaf.kind == notLeaf {
		if !plain || !v.CanSet() { // a nil slice of numbers is a variable that is not built
			w.offerContainer(v, e, parent, plain)
			return nil, nil
		}
	}
	key := object.IdentityOf(v, parent, e)
	if n := w.graph.Lookup(key); n != nil {
		return n, nil
	}
	content := object.ContentOf(v)
	if n := w.graph.Holder(content); n != nil {
		return n, nil
	}
	n := w.graph.NewNode()
	*n = object.Node{Obj: v, Opt: e.Opt, Parent: parent, Name: e.Name, Field: e.Field, Leaf: role.leaf.kind != notLeaf, Namer: role.namer && v.CanAddr()}
	n.SetKey(key)
	ok, err := w.fill(n, e, role, plain)
	if err != nil {
		return nil, fmt.Errorf("ckpt: %s: %w", object.PlaceOf(parent, e), err)
	}
	if !ok {
		return nil, nil
	}
	if n.Group && t.Kind() == reflect.Struct {
		if err := w.types.Check(t); err != nil {
			return nil, err
		}
	}
	w.graph.Add(n)
	w.graph.Hold(content, n)
	return n, nil
}

// fill makes n a leaf with its values, or a group. ok is false if it is not tracked.
func (w *Walker) fill(n *object.Node, e *object.Edge, role *role, plain bool) (ok bool, err error) {
	v, t := n.Obj, n.Obj.Type()
	saver := saverFor(w.Savers, v)
	n.SetSaver(saver)
	switch {
	case saver != nil && (n.Leaf || t.Kind() != reflect.Struct):
		return true, nil
	case saver != nil: // its children are saved like those of any object
	case n.Leaf:
		if !v.CanAddr() {
			return false, fmt.Errorf("a value of type %v without an address is %w", t, ErrNotTrackable)
		}
		if err := w.checkMixed(v); err != nil {
			return false, err
		}
		return true, w.fillLeaf(n, v.Addr().Interface())
	case role.marshals && e.Opt.Explicit && w.types.Trait(t) == Plain && v.CanAddr() && !plain:
		n.Values = w.graph.OneValue(opaqueValue(v.Addr().Interface()))
		return true, nil
	case plain && (v.CanAddr() || t.Kind() == reflect.Slice):
		val, err := plainValue(v, e.Shape())
		if n.Opt.Cast {
			val.Cast = true
		}
		n.Values = w.graph.OneValue(val)
		return true, err
	}
	if !v.CanAddr() && (t.Kind() == reflect.Struct || t.Kind() == reflect.Array) {
		return false, fmt.Errorf("a value of type %v that is not behind a pointer is %w", t, ErrNotTrackable)
	}
	switch t.Kind() {
	case reflect.Struct:
		n.Group, n.Declared = true, w.types.holdsTensor(t) && !mayBeAbsent(v)
		return true, nil
	case reflect.Slice, reflect.Array:
		holds := w.Holds(v)
		n.Group, n.Declared = true, holds && v.Len() > 0
		return e.Opt.Explicit || holds || w.types.Trait(t) == Trackable, nil
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			if !w.Holds(v) {
				return false, nil
			}
			return false, fmt.Errorf("the keys of %v are not strings: it is %w", t, ErrNotTrackable)
		}
		n.Group, n.Declared = true, v.Len() > 0 && w.Holds(v)
		return true, nil
	}
	if n.Parent == nil || e.Opt.Explicit {
		return false, fmt.Errorf("a value of type %v is %w", t, ErrNotTrackable)
	}
	return false, nil
}

// fillLeaf gives n the values of the object o, a pointer.
func (w *Walker) fillLeaf(n *object.Node, o any) (err error) {
	var val object.Value
	if _, isTensor := o.(tensor.Any); w.Peek && !isTensor {
		n.Values = []object.Value{{Shape: tensor.Shape{}}}
		return nil
	}
	switch o := o.(type) { // methods of the type itself come before those of an embedded tensor
	case variable:
		val, err = w.variableValue(o)
	case tensors:
		values, done, err := tensorsValues(o)
		n.Values = values
		n.SetDone(done)
		return err
	case tensor.Any:
		val = object.TensorValue(o)
	}
	val.Cast = n.Opt.Cast
	n.Values = w.graph.OneValue(val)
	return err
}

// saverFor returns the saver for the object v, or nil.
func saverFor(savers []*object.Saver, v reflect.Value) *object.Saver {
	if len(savers) == 0 || !v.CanAddr() {
		return nil
	}
	object := v.Addr().Interface()
	for _, s := range slices.Backward(savers) {
		if s.Match(object) {
			return s
		}
	}
	return nil
}

// mayBeAbsent reports whether an object, because of its options, has no values to load.
func mayBeAbsent(v reflect.Value) bool {
	o, ok := v.Addr().Interface().(layout.Optional)
	return ok && o.CheckpointOptional()
}

// Below returns the declaration of an edge of a struct that is inlined into another at step.
func (w *Walker) Below(step string, f *object.Field) *object.Field {
	if step == "" {
		return f
	}
	at := inlined{step, f}
	if w.inlined[at] == nil {
		if w.inlined == nil {
			w.inlined = make(map[inlined]*object.Field)
		}
		below := *f
		below.Step = step + f.Step
		w.inlined[at] = &below
	}
	return w.inlined[at]
}

// An inlined is a field of a struct that is inlined into another at step.
type inlined struct {
	step  string
	field *object.Field
}
