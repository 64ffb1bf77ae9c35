package transfer

import "errors"

// ErrMismatch is in every error about a model and a checkpoint that do not fit each other.
var ErrMismatch = errors.New("model and checkpoint do not match")

// A Mismatch is the error of a model and a checkpoint that do not fit each other.
type Mismatch struct {
	Problem string
	Missing []string // paths in the model that the checkpoint lacks
	Unused  []string // paths in the checkpoint that the model lacks
	Hints   []string // the name that was probably meant
}

func (e *Mismatch) Error() string { return e.Problem }

// An Outcome describes the result of a restore for one value.
type Outcome int

const (
	Restored   Outcome = iota // the object has the checkpoint's value
	Missing                   // in the model, not in the checkpoint
	Unused                    // in the checkpoint, not in the model
	Mismatched                // matched, but one side has no such tensor
	Waiting                   // in the checkpoint; the model does not have the object yet
)

// An Item is a value with an outcome.
type Item struct {
	Path   string // from the root: model.dense.kernel
	GoPath string // "" if the model does not have the value
	Key    string // "" if the checkpoint does not have the value
}
