package transfer

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/internal/object"
)

// A Problem says why one stored tensor cannot be assigned.
type Problem struct {
	Node *object.Node
	Key  string
	Text string // the tensor and the value do not match
	Err  error  // the tensor cannot be read; Text is "" then
}

// A PlanError lists all problems of a plan. No value was touched.
type PlanError struct{ Problems []Problem }

func (e *PlanError) Error() string {
	p := e.Problems[0]
	text := p.Text
	if p.Err != nil {
		text = p.Err.Error()
	}
	return fmt.Sprintf("%d values cannot be restored: %s from %q: %s", len(e.Problems), p.Node.Path(), p.Key, text)
}

// Unwrap returns the errors of reading.
func (e *PlanError) Unwrap() []error {
	var errs []error
	for _, p := range e.Problems {
		if p.Err != nil {
			errs = append(errs, p.Err)
		}
	}
	return errs
}

// A RunError says how far a transfer came before it failed. What could be undone was undone.
type RunError struct {
	Restored []string // paths of objects that hold the checkpoint's values
	Torn     []string // paths of objects that may hold some of the checkpoint's values
	Err      error
}

func (e *RunError) Error() string { return e.Err.Error() }

func (e *RunError) Unwrap() error { return e.Err }

// failed returns err with the state of all assignments before they are rolled back.
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
	for _, paths := range []*[]string{&e.Torn, &e.Restored} { // an object with several tensors has several assignments
		slices.Sort(*paths)
		*paths = slices.Compact(*paths)
	}
	return e
}
