package transfer

import (
	"context"
	"errors"

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
		if ran := (*RunError)(nil); errors.As(err, &ran) {
			g.WriteBack() // what the error says is restored
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
