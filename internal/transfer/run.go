package transfer

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

// Options of a transfer.
type Options struct {
	// CheckOnly ends the transfer after the check and rolls back.
	CheckOnly bool
	// SkipMismatched receives the assignments that are left out because tensor and value do not match. It is an error if none
	// matches. nil: all mismatches are errors.
	SkipMismatched func([]Problem)
	// Atomic reads everything into separate memory before the first value is assigned.
	Atomic bool
	// Parts returns the region of a stored tensor that the program holds, or nil for the whole tensor; see ckpt.Parts.
	Parts func(path string, shape tensor.Shape) (full tensor.Shape, region tensor.Slice)
	// Progress is called with the number of bytes read and of all bytes to read, from one goroutine at a time.
	Progress func(done, total int64)
	// Custom restores the objects of one custom saver, after all other values were assigned.
	Custom func(ctx context.Context, b *object.Batch) error
}

// A Planner plans the assignments.
type Planner interface {
	// Plan fills in p. It may allocate objects; before, it must add a function to p that undoes this.
	Plan(p *Plan) error
	// Commit keeps the planner's results. It is called after everything has succeeded. ran is false if only the check ran.
	Commit(ran bool)
}

// A PlanFunc is a [Planner] without state.
type PlanFunc func(*Plan) error

// Plan implements [Planner].
func (f PlanFunc) Plan(p *Plan) error { return f(p) }

// Commit implements [Planner].
func (PlanFunc) Commit(bool) {}

// Do calls planner for a plan for the program g, checks the plan against r and runs it. If it fails, either
// the program and the planner are unchanged, or the error is a *[RunError], which lists the changed objects.
// A *[PlanError] lists impossible assignments.
func Do(ctx context.Context, r format.Reader, g *object.Graph, o Options, planner Planner) error {
	p := &Plan{reader: r, graph: g}
	err := planner.Plan(p)
	if err == nil {
		err = p.check(r, o)
	}
	if err == nil && !o.CheckOnly {
		err = p.run(ctx, r, o)
	}
	switch {
	case err != nil:
		p.rollBack()
		if ran := (*RunError)(nil); errors.As(err, &ran) {
			g.WriteBack() // the error lists these values as restored
		}
		return err
	case o.CheckOnly:
		p.rollBack()
	default:
		g.TakeBackInlined(p.Targets)
		g.WriteBack()
	}
	planner.Commit(!o.CheckOnly)
	return nil
}

// run reads the values directly into the objects' memory, in parallel, and verifies each checksum in the same pass. Objects with
// custom savers come last.
func (p *Plan) run(ctx context.Context, r format.Reader, o Options) error {
	err := p.prepare(o.Atomic)
	if err == nil {
		err = p.read(ctx, r, o.Progress)
	}
	if err == nil {
		err = p.convert()
	}
	if err == nil {
		err = p.assign()
	}
	for i := 0; i < len(p.custom) && err == nil; i++ {
		err = o.Custom(ctx, p.custom[i])
	}
	if err != nil {
		return p.failed(err)
	}
	return nil
}

// prepare determines the memory into which each tensor is read.
func (p *Plan) prepare(allOrNothing bool) error {
	for _, a := range p.assignments {
		e, err := a.entry()
		if err != nil {
			return err
		}
		if a.target, err = a.Value.Target(e); err != nil {
			return &PlanError{[]Problem{{Node: a.Node, Key: a.Key, Text: err.Error()}}}
		}
		if allOrNothing && a.target == nil {
			if a.target, err = object.StageTensor(e, a.Value.Tensor); err != nil {
				return err
			}
		}
	}
	return nil
}

// read reads all tensors, with one goroutine for each processor.
func (p *Plan) read(ctx context.Context, r format.Reader, progress func(done, total int64)) error {
	report := reporter(p.assignments, progress)
	p.expect(r)
	var taken atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range min(runtime.GOMAXPROCS(0), len(p.assignments)) {
		g.Go(func() error {
			for i := taken.Add(1) - 1; i < int64(len(p.assignments)); i = taken.Add(1) - 1 {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				a := p.assignments[i]
				a.state.Store(reading)
				if err := a.read(ctx, r); err != nil {
					return a.failed(err)
				}
				a.state.Store(read)
				report(a)
			}
			return nil
		})
	}
	return g.Wait()
}

// expect tells r which tensors will be read.
func (p *Plan) expect(r format.Reader) {
	e, ok := r.(format.Expecter)
	if !ok {
		return
	}
	e.Expect(func(yield func(format.Wanted) bool) {
		for _, a := range p.assignments {
			w := format.Wanted{Key: a.Key}
			if a.Part != nil {
				w.Region = a.Part.Region
			}
			if !yield(w) {
				return
			}
		}
	})
}

func (a *Assignment) read(ctx context.Context, r format.Reader) error {
	dst := a.Value.Tensor
	if a.target != nil {
		dst = a.target.Dst
	}
	if a.Part != nil {
		return r.ReadSlice(ctx, a.Key, a.Part.Region, dst)
	}
	return a.found.Read(ctx, dst)
}

// reporter returns a function that adds the bytes of an assignment to the progress and reports it.
func reporter(as []*Assignment, progress func(done, total int64)) func(*Assignment) {
	if progress == nil {
		return func(*Assignment) {}
	}
	var mu sync.Mutex
	var done, total int64
	for _, a := range as {
		total += a.bytes()
	}
	return func(a *Assignment) {
		mu.Lock()
		defer mu.Unlock()
		done += a.bytes()
		progress(done, total)
	}
}

// bytes returns the number of bytes to read.
func (a *Assignment) bytes() int64 {
	e, err := a.entry()
	if err != nil {
		return 0 // the read reports the error
	}
	return e.Bytes
}

// convert converts values that were read into separate memory to the dtypes of the objects. It does not change objects.
func (p *Plan) convert() error {
	for _, a := range p.assignments {
		if a.target != nil && a.target.Convert != nil {
			if err := a.target.Convert(); err != nil {
				return a.failed(err)
			}
		}
	}
	return nil
}

func (a *Assignment) failed(err error) error {
	return fmt.Errorf("%s (%s): %w", a.Node.Path(), a.Node.GoPath(), err)
}

// assign assigns values that were read into separate memory to the objects. Objects that may return an error come first.
func (p *Plan) assign() error {
	together := make(map[*object.Node][]*Assignment) // for objects that take several tensors at once
	for _, a := range p.assignments {
		if a.Node.Done() != nil {
			together[a.Node] = append(together[a.Node], a)
		}
	}
	for _, sure := range []bool{false, true} {
		for _, a := range p.assignments {
			if a.target == nil || a.target.Assign == nil || a.target.Sure != sure {
				continue
			}
			all := together[a.Node]
			if all == nil {
				all = []*Assignment{a}
			} else if all[0] != a {
				continue
			}
			if err := assignTo(a.Node, all); err != nil {
				return a.failed(err)
			}
		}
	}
	return nil
}

// assignTo gives n its values.
func assignTo(n *object.Node, values []*Assignment) error {
	for _, a := range values {
		a.state.Store(assigning)
		if err := a.target.Assign(); err != nil {
			return err
		}
	}
	if done := n.Done(); done != nil {
		if err := done(); err != nil {
			return err
		}
	}
	for _, a := range values {
		a.state.Store(assigned)
	}
	return nil
}

// failed returns err as a RunError with the state of all assignments. Call it before the rollback.
func (p *Plan) failed(err error) error {
	if planErr := (*PlanError)(nil); errors.As(err, &planErr) {
		return planErr // nothing was read yet
	}
	e := &RunError{Err: err}
	for _, a := range p.assignments {
		direct := a.target == nil
		switch state := a.state.Load(); {
		case !direct && a.target.Undo != nil:
		case state == assigning, direct && state == reading:
			e.Torn = append(e.Torn, a.Node.Path())
		case state == assigned, direct && state == read:
			e.Restored = append(e.Restored, a.Node.Path())
		}
	}
	e.Torn, e.Restored = sorted(e.Torn), sorted(e.Restored)
	return e
}

// rollBack undoes the changes of planning and running, as far as possible.
func (p *Plan) rollBack() {
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

// sorted sorts paths in place and removes duplicates: an object with several tensors has several assignments.
func sorted(paths []string) []string {
	slices.Sort(paths)
	return slices.Compact(paths)
}
