package transfer

import (
	"fmt"

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

// A RunError reports which objects a transfer had changed when it failed, after everything that could be undone was undone.
type RunError struct {
	Restored []string // paths of objects that hold the checkpoint's values
	Torn     []string // paths of objects that may hold some of the checkpoint's values
	Err      error
}

func (e *RunError) Error() string { return e.Err.Error() }

func (e *RunError) Unwrap() error { return e.Err }
