package ckpt

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

// A plan is what a restore will do once it is accepted: which tensor goes where.
type plan struct {
	path        string
	graph       *object.Graph
	assignments []*assignment
	reached     []*object.Node // objects that this restore is the last to have given their values
	problems    []error
	undos       []func() // take back what matching itself allocated, in the order it was done
	parts       func(string, tensor.Shape) (tensor.Shape, tensor.Slice)
	apart       object.Batches // what ObjectSavers restore when all else is there
}

// An assignment is one stored tensor with the value that takes it.
type assignment struct {
	node   *object.Node
	value  *object.Value
	key    string
	found  format.Found   // from when the plan is checked
	part   *object.Part   // of the stored tensor, where the program holds only that
	target *object.Target // from when the plan is run; nil where the tensor is read straight into the value's memory
	state  atomic.Int32
}

const (
	untouched int32 = iota
	begun           // being read
	complete        // read
	giving          // its object is being given it
	given
)

func newPlan(path string, g *object.Graph, o options) *plan {
	return &plan{path: path, graph: g, parts: o.parts}
}

// grow makes room for n objects and their values.
func (p *plan) grow(n int) {
	p.assignments, p.reached = make([]*assignment, 0, n), make([]*object.Node, 0, n)
}

// reach notes that this restore gives n its values.
func (p *plan) reach(n *object.Node) {
	n.Reached = true
	p.reached = append(p.reached, n)
}

func (p *plan) problem(n *object.Node, key, problem string) {
	p.problems = append(p.problems, &ValueError{Checkpoint: p.path, Key: key, Path: n.Path(), GoPath: n.GoPath(), Problem: problem})
}

// check looks every assignment's tensor up and compares it with the value: dtype, shape, and whether the stored bytes
// can be there at all. All that is wrong comes back in one error, ordered by path; no value has been touched.
func (p *plan) check(r format.Reader) error {
	for _, a := range p.assignments {
		var ok bool
		var err error
		if a.found, ok, err = find(r, a.key); err == nil && !ok {
			err = fmt.Errorf("the object graph names the key %q, which the index lacks: %w", a.key, ErrNotFound)
		}
		var e format.Entry
		if err == nil {
			e, err = a.found.Entry()
		}
		if err != nil {
			p.problems = append(p.problems, fmt.Errorf("ckpt: %s: restore %s (%s): %w", p.path, a.node.Path(), a.node.GoPath(), err))
			continue
		}
		if e, err = a.locate(e, p.parts); err != nil {
			p.problem(a.node, a.key, err.Error())
			continue
		}
		if problem := refuses(a.value, e); problem != "" {
			p.problem(a.node, a.key, problem)
			continue
		}
		if err := a.check(r); err != nil {
			p.problems = append(p.problems, fmt.Errorf("ckpt: %s: restore %s (%s): %w", p.path, a.node.Path(), a.node.GoPath(), err))
		}
	}
	slices.SortStableFunc(p.problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(p.problems...)
}

// find looks key up in any reader.
func find(r format.Reader, key string) (format.Found, bool, error) {
	if f, ok := r.(format.Finder); ok {
		return f.Find(key)
	}
	e, ok, err := r.Lookup(key)
	return &lookedUp{r, e}, ok, err
}

// A lookedUp is the [format.Found] of a reader that has none of its own.
type lookedUp struct {
	r format.Reader
	e format.Entry
}

func (l *lookedUp) Entry() (format.Entry, error) { return l.e, nil }
func (l *lookedUp) Check() error                 { return l.r.Check(l.e.Key) }
func (l *lookedUp) Read(ctx context.Context, dst tensor.Any) error {
	return l.r.Read(ctx, l.e.Key, dst)
}

// check returns what is wrong with the stored bytes that a reads.
func (a *assignment) check(r format.Reader) error {
	if a.part != nil {
		return r.CheckSlice(a.key, a.part.Region)
	}
	return a.found.Check()
}

// locate finds out whether the program holds but a part of the stored tensor that e is about, and returns what of it is read.
func (a *assignment) locate(e format.Entry, parts func(string, tensor.Shape) (tensor.Shape, tensor.Slice)) (format.Entry, error) {
	if a.part == nil && parts != nil {
		if full, region := parts(a.node.FullPath(), a.value.Shape); region != nil {
			a.part = &object.Part{Full: full, Region: region}
		}
	}
	if a.part != nil && !a.part.Full.Equal(e.Shape) {
		return e, fmt.Errorf("shape %v in the checkpoint, its parts are those of shape %v", e.Shape, a.part.Full)
	}
	return a.part.Of(e)
}

// entry says what is read, once the plan has been checked.
func (a *assignment) entry() (format.Entry, error) {
	e, err := a.found.Entry()
	if err != nil {
		return e, err
	}
	return a.part.Of(e)
}

// refuses says why a stored tensor cannot be this value, "" if it can.
func refuses(v *object.Value, e format.Entry) string {
	if v.DType != e.DType && !(v.Cast && castable(e.DType, v.DType)) {
		hint := ""
		if castable(e.DType, v.DType) {
			hint = "; the tag option cast converts"
		}
		return fmt.Sprintf("dtype %v in the checkpoint, %v in the model%s", e.DType, v.DType, hint)
	}
	if v.Shape != nil && !v.Shape.Equal(e.Shape) {
		return fmt.Sprintf("incompatible tensor with shape %v in the checkpoint, %v in the model", e.Shape, v.Shape)
	}
	return ""
}

// castable reports whether values of one dtype can become those of another without changing kind.
func castable(from, to tensor.DType) bool {
	src, err := tensor.NewAny(from, 0)
	if err != nil {
		return false
	}
	dst, err := tensor.NewAny(to, 0)
	return err == nil && tensor.Cast(dst, src) == nil
}

// rollback takes back what planning and preparing did to the model.
func (p *plan) rollback() {
	for _, a := range p.assignments {
		if a.target != nil && a.target.Undo != nil {
			a.target.Undo()
		}
	}
	for _, undo := range slices.Backward(p.undos) {
		undo()
	}
	for _, undo := range slices.Backward(p.graph.Undos) {
		undo()
	}
}

// prepare finds each assignment the memory that it is read into.
func (p *plan) prepare(allOrNothing bool) error {
	for _, a := range p.assignments {
		e, err := a.entry()
		if err != nil {
			return err
		}
		if a.target, err = a.value.Target(e); err != nil {
			p.problem(a.node, a.key, err.Error())
			return p.problems[len(p.problems)-1]
		}
		if allOrNothing && a.target == nil {
			if a.target, err = object.StageTensor(e, a.value.Tensor); err != nil {
				return err
			}
		}
	}
	return nil
}

// destination is what the tensor is read into.
func (a *assignment) destination() tensor.Any {
	if a.target == nil {
		return a.value.Tensor
	}
	return a.target.Dst
}

// run moves the bytes: straight into the objects' memory, in parallel, each checksum verified in the same pass. Where it
// fails the error is a [RestoreError], and what could be taken back has been.
func (p *plan) run(ctx context.Context, r format.Reader, o options) error {
	if err := p.prepare(o.atomic); err != nil {
		p.rollback()
		return err
	}
	err := p.read(ctx, r, o.progress)
	for _, step := range []func() error{p.convert, p.give, func() error { return p.restoreApart(ctx, r, o) }} {
		if err == nil {
			err = step()
		}
	}
	if err != nil {
		err = p.failed(err)
		p.rollback()
		return err
	}
	p.graph.WriteBack()
	return nil
}

// failed says how far a restore came that ends in err, before what it did is taken back as far as that can be.
func (p *plan) failed(err error) *RestoreError {
	e := &RestoreError{Checkpoint: p.path, Err: err}
	for _, a := range p.assignments {
		direct := a.target == nil
		switch state := a.state.Load(); {
		case !direct && a.target.Undo != nil:
		case state == giving, direct && state == begun:
			e.Torn = append(e.Torn, a.node.Path())
		case state == given, direct && state == complete:
			e.Restored = append(e.Restored, a.node.Path())
		}
	}
	for _, paths := range []*[]string{&e.Torn, &e.Restored} { // an object with several tensors has several assignments
		slices.Sort(*paths)
		*paths = slices.Compact(*paths)
	}
	return e
}

// read reads all tensors, one after another by as many goroutines as there are processors.
func (p *plan) read(ctx context.Context, r format.Reader, progress func(Progress)) error {
	report := reporter(p.assignments, progress)
	var taken atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range min(runtime.GOMAXPROCS(0), len(p.assignments)) {
		g.Go(func() error {
			for i := taken.Add(1) - 1; i < int64(len(p.assignments)); i = taken.Add(1) - 1 {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				a := p.assignments[i]
				a.state.Store(begun)
				if err := a.read(ctx, r); err != nil {
					return a.failed(err)
				}
				a.state.Store(complete)
				report(a)
			}
			return nil
		})
	}
	return g.Wait()
}

func (a *assignment) read(ctx context.Context, r format.Reader) error {
	if a.part != nil {
		return r.ReadSlice(ctx, a.key, a.part.Region, a.destination())
	}
	return a.found.Read(ctx, a.destination())
}

// reporter returns a function that adds an assignment's bytes to what was done and passes it on, one call at a time.
func reporter(as []*assignment, progress func(Progress)) func(*assignment) {
	if progress == nil {
		return func(*assignment) {}
	}
	var mu sync.Mutex
	var at Progress
	for _, a := range as {
		at.Total += a.bytes()
	}
	return func(a *assignment) {
		mu.Lock()
		defer mu.Unlock()
		at.Done += a.bytes()
		progress(at)
	}
}

// bytes is how many are read.
func (a *assignment) bytes() int64 {
	e, err := a.entry()
	if err != nil {
		return 0 // it was looked at before: the read will say
	}
	return e.Bytes
}

// convert makes values of the objects' dtypes of those that were stored as others. It changes no object.
func (p *plan) convert() error {
	for _, a := range p.assignments {
		if a.target != nil && a.target.Convert != nil {
			if err := a.target.Convert(); err != nil {
				return a.failed(err)
			}
		}
	}
	return nil
}

func (a *assignment) failed(err error) error {
	return fmt.Errorf("%s (%s): %w", a.node.Path(), a.node.GoPath(), err)
}

// give hands over what was read apart from its object: first to the objects that may refuse it, then to those that cannot.
func (p *plan) give() error {
	of := make(map[*object.Node][]*assignment) // of objects with several tensors, which take all at once
	for _, a := range p.assignments {
		if a.node.Done != nil {
			of[a.node] = append(of[a.node], a)
		}
	}
	for _, sure := range []bool{false, true} {
		for _, a := range p.assignments {
			if a.target == nil || a.target.Assign == nil || a.target.Sure != sure {
				continue
			}
			together := of[a.node]
			if together == nil {
				together = []*assignment{a}
			} else if together[0] != a {
				continue
			}
			if err := take(a.node, together); err != nil {
				return a.failed(err)
			}
		}
	}
	return nil
}

// take gives n its values.
func take(n *object.Node, values []*assignment) error {
	for _, a := range values {
		a.state.Store(giving)
		if err := a.target.Assign(); err != nil {
			return err
		}
	}
	if n.Done != nil {
		if err := n.Done(); err != nil {
			return err
		}
	}
	for _, a := range values {
		a.state.Store(given)
	}
	return nil
}
