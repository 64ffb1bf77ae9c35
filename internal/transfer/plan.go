package transfer

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

// A Plan lists the assignments of a restore.
type Plan struct {
	reader      format.Reader
	graph       *object.Graph
	assignments []*Assignment
	block       []Assignment // room for further ones
	custom      object.Batches
	problems    []Problem
	undos       []func() // undo changes made while planning, in their order
	wants       map[object.Identity][]wantedShape
}

// An Assignment is one stored tensor with the value that takes it.
type Assignment struct {
	Node  *object.Node
	Value *object.Value
	Key   string
	Part  *object.Part // of the stored tensor; nil: all of it

	found  format.Found   // set by the check
	target *object.Target // set by the run; nil if the tensor is read directly into the value's memory
	state  atomic.Int32
}

// The states of an Assignment.
const (
	untouched int32 = iota
	reading
	read
	assigning // the object is taking the values
	assigned
)

// Reader returns the reader of the checkpoint.
func (p *Plan) Reader() format.Reader { return p.reader }

// Grow makes room for n assignments.
func (p *Plan) Grow(n int) { p.assignments = make([]*Assignment, 0, n) }

// Assign adds the assignment of the tensor key, or a part of it, to a value of n.
func (p *Plan) Assign(n *object.Node, v *object.Value, key string, part *object.Part) {
	if len(p.block) == 0 {
		p.block = make([]Assignment, min(max(len(p.assignments), fewAssignments), assignmentBlock))
	}
	a := &p.block[0]
	p.block = p.block[1:]
	a.Node, a.Value, a.Key, a.Part = n, v, key, part
	p.assignments = append(p.assignments, a)
}

// The sizes of blocks of assignments: the first are small, as most plans are.
const (
	fewAssignments  = 8
	assignmentBlock = 450 // a little less than a page of the allocator's
)

// AssignCustom plans that the custom saver s restores the object n under a name.
func (p *Plan) AssignCustom(s *object.Saver, name string, n *object.Node) {
	p.custom = p.custom.Add(s, name, n)
}

// Undo adds a function that undoes a change that planning has made to the program.
func (p *Plan) Undo(f func()) { p.undos = append(p.undos, f) }

// Problem adds a reason why the check will fail.
func (p *Plan) Problem(n *object.Node, key, text string) {
	p.problems = append(p.problems, Problem{Node: n, Key: key, Text: text})
}

// Assigns reports whether the plan gives any object a value.
func (p *Plan) Assigns() bool { return len(p.assignments)+len(p.custom) > 0 }

// Keys returns, for each object, the key of its values, or one of the keys if it takes several tensors.
func (p *Plan) Keys() map[object.Identity]string {
	keys := make(map[object.Identity]string, len(p.assignments))
	for _, a := range p.assignments {
		keys[a.Node.Key()] = a.Key
	}
	return keys
}

// Targets returns the identities of the objects to which the plan assigns values.
func (p *Plan) Targets() map[object.Identity]bool {
	targets := make(map[object.Identity]bool, len(p.assignments))
	for _, a := range p.assignments {
		targets[a.Node.Key()] = true
	}
	for _, b := range p.custom {
		for _, n := range b.Nodes {
			targets[n.Key()] = true
		}
	}
	return targets
}

// A wantedShape is a shape that the options of an object fix for one of its variables; -1 stands for any length.
type wantedShape struct {
	by    *object.Node
	shape []int
}

type partsFunc = func(path string, shape tensor.Shape) (full tensor.Shape, region tensor.Slice)

// check looks every tensor up and compares it with its value: dtype, shape, and whether the files can hold the stored bytes. It
// returns all problems in one *PlanError.
func (p *Plan) check(r format.Reader, o Options) error {
	var mismatched []Problem
	var unscaled map[*Assignment]bool
	if len(p.assignments) > 0 {
		p.askShapes()
		unscaled = p.checkScales(r)
	}
	for _, a := range p.assignments {
		if unscaled[a] {
			continue
		}
		switch problem := a.check(r, o.Parts, p.wants); {
		case problem == nil:
		case problem.Err == nil && o.SkipMismatched != nil:
			mismatched = append(mismatched, *problem)
		default:
			p.problems = append(p.problems, *problem)
		}
	}
	if len(mismatched) > 0 && !p.skip(mismatched) {
		p.problems = append(p.problems, mismatched...)
	}
	if len(p.problems) > 0 {
		p.problems = missingFirst(p.problems)
		return &PlanError{p.problems}
	}
	if len(mismatched) > 0 {
		o.SkipMismatched(mismatched)
	}
	return nil
}

// skip removes all assignments to the objects of the problems. If nothing else would be assigned, it returns
// false and keeps all.
func (p *Plan) skip(problems []Problem) bool {
	nodes := make(map[*object.Node]bool, len(problems))
	for _, problem := range problems {
		nodes[problem.Node] = true
	}
	skipped := func(a *Assignment) bool { return nodes[a.Node] }
	if len(p.custom) == 0 && !slices.ContainsFunc(p.assignments, func(a *Assignment) bool { return !skipped(a) }) {
		return false
	}
	p.assignments = slices.DeleteFunc(p.assignments, skipped)
	return true
}

func (a *Assignment) check(r format.Reader, parts partsFunc, wants map[object.Identity][]wantedShape) *Problem {
	var ok bool
	var err error
	if a.found, ok, err = r.Find(a.Key); err == nil && !ok {
		err = fmt.Errorf("the object graph refers to the key %q, which is not in the index: %w", a.Key, format.ErrNotFound)
	}
	var e format.Entry
	if err == nil {
		e, err = a.found.Entry()
	}
	if err != nil {
		return &Problem{Node: a.Node, Key: a.Key, Err: err}
	}
	if e, err = a.locate(e, parts); err != nil {
		return &Problem{Node: a.Node, Key: a.Key, Text: err.Error()}
	}
	if text := mismatch(a.Value, e); text != "" {
		return &Problem{Node: a.Node, Key: a.Key, Text: text}
	}
	if text := misfit(wants[a.Node.Key()], e); text != "" {
		return &Problem{Node: a.Node, Key: a.Key, Text: text}
	}
	if a.Part != nil {
		err = r.CheckSlice(a.Key, a.Part.Region)
	} else {
		err = a.found.Check()
	}
	if err != nil {
		return &Problem{Node: a.Node, Key: a.Key, Err: err}
	}
	return nil
}

// locate asks parts which region of the stored tensor e the program holds, and returns the entry of that region.
func (a *Assignment) locate(e format.Entry, parts partsFunc) (format.Entry, error) {
	if a.Part == nil && parts != nil {
		if full, region := parts(a.Node.FullPath(), a.Value.Shape); region != nil {
			a.Part = &object.Part{Full: full, Region: region}
		}
	}
	if a.Part != nil && !a.Part.Full.Equal(e.Shape) {
		return e, fmt.Errorf("shape %v in the checkpoint, but Parts returned the whole shape %v", e.Shape, a.Part.Full)
	}
	return a.Part.Of(e)
}

// entry returns the entry of the tensor to read. The plan must be checked.
func (a *Assignment) entry() (format.Entry, error) {
	e, err := a.found.Entry()
	if err != nil {
		return e, err
	}
	return a.Part.Of(e)
}

// mismatch returns why a stored tensor cannot be assigned to v, or "".
func mismatch(v *object.Value, e format.Entry) string {
	if v.DType != e.DType && !(v.Cast && castable(e.DType, v.DType)) && !(v.Scaled && e.DType == tensor.DTInt8) {
		hint := ""
		if castable(e.DType, v.DType) {
			hint = "; the tag option cast converts values"
		}
		return fmt.Sprintf("dtype %v in the checkpoint, %v in the model%s", e.DType, v.DType, hint)
	}
	if v.Shape != nil && v.Shared() == "" && !v.Shape.Equal(e.Shape) {
		return fmt.Sprintf("incompatible tensor with shape %v in the checkpoint, %v in the model", e.Shape, v.Shape)
	}
	return ""
}

// castable reports whether values of one dtype can become values of another without changing their kind.
func castable(from, to tensor.DType) bool {
	src, err := tensor.NewAny(from, 0)
	if err != nil {
		return false
	}
	dst, err := tensor.NewAny(to, 0)
	return err == nil && tensor.Cast(dst, src) == nil
}

// askShapes calls every [tensor.Shaper] of the program for the shapes that its options fix.
func (p *Plan) askShapes() {
	for n, shaper := range objectsOf[tensor.Shaper](p.graph) {
		if p.wants == nil {
			p.wants = make(map[object.Identity][]wantedShape)
		}
		shaper.WantShapes(func(variable tensor.Any, shape ...int) {
			if key, ok := identityOf(variable); ok {
				p.wants[key] = append(p.wants[key], wantedShape{n, slices.Clone(shape)})
			}
		})
	}
}

// objectsOf yields the objects of the program that are a T.
func objectsOf[T any](g *object.Graph) iter.Seq2[*object.Node, T] {
	return func(yield func(*object.Node, T) bool) {
		for _, n := range g.Nodes {
			if !n.Group || !n.Obj.CanAddr() || !n.Obj.CanInterface() {
				continue
			}
			if t, ok := n.Obj.Addr().Interface().(T); ok && !yield(n, t) {
				return
			}
		}
	}
}

// identityOf returns the identity of an object's variable. ok is false if there is none.
func identityOf(variable tensor.Any) (key object.Identity, ok bool) {
	v := reflect.ValueOf(variable)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return key, false
	}
	return object.IdentityOf(v.Elem(), nil, nil), true
}

// misfit returns why a stored tensor does not have the wanted shapes of a variable, or "".
func misfit(wants []wantedShape, e format.Entry) string {
	for _, w := range wants {
		fits := len(w.shape) == len(e.Shape)
		for i := 0; fits && i < len(w.shape); i++ {
			fits = w.shape[i] < 0 || w.shape[i] == e.Shape[i]
		}
		if !fits {
			return fmt.Sprintf("shape %v in the checkpoint, %s by the options of %s (%v)", e.Shape, w, w.by.GoPath(), w.by.Key().Type)
		}
	}
	return ""
}

// String writes an axis of any length as "?".
func (w wantedShape) String() string {
	axes := make([]string, len(w.shape))
	for i, n := range w.shape {
		if axes[i] = strconv.Itoa(n); n < 0 {
			axes[i] = "?"
		}
	}
	return "[" + strings.Join(axes, " ") + "]"
}

// A wantedScale is the object with the scales of a variable that may be stored as integers.
type wantedScale struct {
	by   object.Identity
	fits func(variable, by tensor.Shape) bool
}

// askScales calls every [tensor.Scaler] of the program for the variables that may be stored as integers.
func (p *Plan) askScales() map[object.Identity]wantedScale {
	scales := make(map[object.Identity]wantedScale)
	for _, scaler := range objectsOf[tensor.Scaler](p.graph) {
		scaler.WantScales(func(variable, by tensor.Any, fits func(variable, by tensor.Shape) bool) {
			if of, ok := identityOf(variable); ok {
				if steps, ok := identityOf(by); ok {
					scales[of] = wantedScale{steps, fits}
				}
			}
		})
	}
	return scales
}

// checkScales marks the values that are stored as integers with scales. It adds a problem for each value that is not supported,
// and returns these.
func (p *Plan) checkScales(r format.Reader) (failed map[*Assignment]bool) {
	scales := p.askScales()
	if len(scales) == 0 {
		return nil
	}
	failed = make(map[*Assignment]bool)
	keys := p.Keys()
	for _, a := range p.assignments {
		want, ok := scales[a.Node.Key()]
		if !ok {
			continue
		}
		stored, found, err := r.Lookup(a.Key)
		if err != nil || !found {
			continue // the check reports it
		}
		steps, scaled := keys[want.by]
		switch {
		case scaled:
			by, found, err := r.Lookup(steps)
			if err != nil || !found {
				continue
			}
			if a.Value.Scaled = want.fits(stored.Shape, by.Shape); !a.Value.Scaled {
				failed[a] = true
				p.Problem(a.Node, a.Key, fmt.Sprintf("%v does not support this quantization: %v %v with scale %v %v; save the model without quantization",
					a.Node.Parent.Key().Type, stored.DType, stored.Shape, by.DType, by.Shape))
			}
		case stored.DType == tensor.DTInt8:
			failed[a] = true
			p.Problem(a.Node, a.Key, fmt.Sprintf("the values are quantized (%v), and the checkpoint has no scale for them that %v supports; save the model without quantization",
				stored.DType, a.Node.Parent.Key().Type))
		}
	}
	return failed
}
