package transfer

import (
	"context"
	"sync/atomic"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

// Options say how a plan is carried out.
type Options struct {
	// CheckOnly ends after the check and rolls back, as if it had failed.
	CheckOnly bool
	// SkipMismatched is told of the assignments that are left out since the tensor and the value do not match, unless all of them do not.
	// nil: these are problems.
	SkipMismatched func([]Problem)
	// Atomic reads everything into memory of its own before the first value is assigned.
	Atomic bool
	// Parts returns the region of a stored tensor that the program holds, nil for all of it; see ckpt.Parts.
	Parts func(path string, shape tensor.Shape) (full tensor.Shape, region tensor.Slice)
	// Progress is called with the number of bytes read and of all bytes to read, from one goroutine at a time.
	Progress func(done, total int64)
	// Custom restores the objects of one custom saver, after all other values were assigned.
	Custom func(ctx context.Context, b *object.Batch) error
}

// A Planner decides what is assigned.
type Planner interface {
	// Plan fills in p. It may make objects that the program lacks, after telling p how to undo that.
	Plan(p *Plan) error
	// Commit keeps what the planner found out. It is called once everything has succeeded; ran is false after a mere check.
	Commit(ran bool)
}

// A PlanFunc is a [Planner] that has nothing to keep.
type PlanFunc func(*Plan) error

// Plan implements [Planner].
func (f PlanFunc) Plan(p *Plan) error { return f(p) }

// Commit implements [Planner].
func (PlanFunc) Commit(bool) {}

// Do lets planner plan for the program g, checks the plan against r and carries it out. Where anything fails the program and the
// planner are as they were, or the error is a *[RunError], which says how far Do came. A *[PlanError] lists impossible
// assignments.
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
		return err
	case o.CheckOnly:
		p.rollBack()
	default:
		g.TakeBackInlined(p.Targets())
		g.WriteBack()
	}
	planner.Commit(!o.CheckOnly)
	return nil
}

// A Plan lists what a restore will do.
type Plan struct {
	reader      format.Reader
	graph       *object.Graph
	assignments []*Assignment
	custom      object.Batches
	problems    []Problem
	undos       []func() // of what planning itself changed, in its order
	wants       map[object.Identity][]wantedShape
}

// An Assignment is one stored tensor with the value that takes it.
type Assignment struct {
	Node  *object.Node
	Value *object.Value
	Key   string
	Part  *object.Part // of the stored tensor; nil: all of it

	found  format.Found   // set by the check
	target *object.Target // set by the run; nil where the tensor is read straight into the value's memory
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

// Assign adds an assignment.
func (p *Plan) Assign(a *Assignment) { p.assignments = append(p.assignments, a) }

// AssignCustom lets the custom saver s restore the object n under a name.
func (p *Plan) AssignCustom(s *object.Saver, name string, n *object.Node) {
	p.custom = p.custom.Add(s, name, n)
}

// Undo adds a function that takes back a change which planning has made to the program.
func (p *Plan) Undo(f func()) { p.undos = append(p.undos, f) }

// Problem adds a reason for which the check will fail.
func (p *Plan) Problem(n *object.Node, key, text string) {
	p.problems = append(p.problems, Problem{Node: n, Key: key, Text: text})
}

// Assigns reports whether the plan gives any object a value.
func (p *Plan) Assigns() bool { return len(p.assignments)+len(p.custom) > 0 }

// Keys returns the key that each object takes its values from, one of them where it takes several tensors.
func (p *Plan) Keys() map[object.Identity]string {
	keys := make(map[object.Identity]string, len(p.assignments))
	for _, a := range p.assignments {
		keys[a.Node.Key] = a.Key
	}
	return keys
}

// Targets returns the identities of the objects that the plan gives values.
func (p *Plan) Targets() map[object.Identity]bool {
	targets := make(map[object.Identity]bool, len(p.assignments))
	for _, a := range p.assignments {
		targets[a.Node.Key] = true
	}
	for _, b := range p.custom {
		for _, n := range b.Nodes {
			targets[n.Key] = true
		}
	}
	return targets
}
