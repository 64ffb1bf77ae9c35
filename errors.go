package ckpt

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/internal/prefix"
	"github.com/gockpt/ckpt/internal/retain"
	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/internal/turns"
	"github.com/gockpt/ckpt/internal/walk"
	"github.com/gockpt/ckpt/internal/wording"
)

// Sentinel errors for errors.Is.
var (
	// ErrNotTrackable is in the error about a value that cannot be part of a checkpoint, because it is not a pointer to a
	// struct, tensor, slice or map.
	ErrNotTrackable = walk.ErrNotTrackable
	// ErrNotFound is in the error of a missing checkpoint or key.
	ErrNotFound = format.ErrNotFound
	// ErrCorrupt is in every error about files that are damaged: their bytes violate the format.
	ErrCorrupt = format.ErrCorrupt
	// ErrFormat is wrapped by the error about a file that is not a checkpoint of any known format. The
	// message says what the file is, if that is known, and what to do.
	ErrFormat = format.ErrFormat
	// ErrIncomplete is in the error of a partitioned tensor that its stored parts do not cover, although each part may be intact.
	// TensorFlow 1 wrote such tensors for slot variables that were renamed.
	ErrIncomplete = bundle.ErrIncomplete
	// ErrMismatch is in every error about a model and a checkpoint that do not fit each other.
	ErrMismatch = transfer.ErrMismatch
	// ErrNoVariables is in the error of a save without variables. The message names fields that look like variables but lack
	// a tag, and variables that do not have values yet. [AllowEmpty] permits such a save.
	ErrNoVariables = errors.New("no variables to save")
	// ErrNoCheckpoint is in the errors that the methods of a [Status] return after Restore(ctx, "").
	ErrNoCheckpoint = errors.New("no checkpoint specified (empty path); nothing is being restored")
	// ErrInUse is in the error of [Manager.Save] if another Manager or process saves into the directory.
	ErrInUse = retain.ErrInUse
	// ErrBusy is in the error of a call on a [Checkpoint], its [Status] or its [Manager] while another one is under way, in
	// another goroutine or in a function that this one has called. The refused call did not do anything.
	ErrBusy = turns.ErrBusy
	// ErrNoObjectGraph is in the error about a name-based checkpoint of TensorFlow 1, which does not have an object graph.
	ErrNoObjectGraph = prefix.ErrNoObjectGraph
)

// A MismatchError lists values of the model that the checkpoint lacks, and values of the checkpoint that the model lacks. It satisfies errors.Is(err, [ErrMismatch]).
type MismatchError struct {
	Checkpoint string   // the prefix
	Missing    []string // in the model, but not in the checkpoint: paths from the root such as model.input_transform.kernel
	Unused     []string // in the checkpoint, but not in the model: paths
	Hints      []string // suggestions
	// Problem describes the mismatch in a sentence, in TensorFlow's words if TensorFlow has the same error.
	Problem string
}

func (e *MismatchError) Error() string {
	var b strings.Builder
	b.WriteString("ckpt: ")
	if e.Checkpoint != "" {
		fmt.Fprintf(&b, "%s: ", e.Checkpoint)
	}
	b.WriteString(e.Problem)
	wording.Group(&b, "missing from the checkpoint", e.Missing)
	wording.Group(&b, "unused", e.Unused)
	for _, h := range e.Hints {
		b.WriteString("\n  hint: " + h)
	}
	return b.String()
}

// Is makes errors.Is(err, ErrMismatch) true.
func (e *MismatchError) Is(target error) bool { return target == ErrMismatch }

// A ValueError says why one stored value cannot be assigned to its value in the model. It satisfies errors.Is(err, [ErrMismatch]).
type ValueError struct {
	Checkpoint string // the prefix
	Key        string // in the checkpoint
	Path       string // from the root, in TensorFlow's form: model.dense.kernel
	GoPath     string // in Go's form: Model.Dense.Kernel
	Problem    string // "shape [3 4] in the checkpoint, [4 3] in the model"
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("ckpt: %s: restore %s (%s) from %q: %s", e.Checkpoint, e.Path, e.GoPath, e.Key, e.Problem)
}

// Is makes errors.Is(err, ErrMismatch) true.
func (e *ValueError) Is(target error) bool { return target == ErrMismatch }

// worded converts an error of the engine about the checkpoint with the given prefix to an error of this package.
func worded(checkpoint string, err error) error {
	switch e := err.(type) {
	case *transfer.Mismatch:
		return &MismatchError{Checkpoint: checkpoint, Missing: e.Missing, Unused: e.Unused, Hints: e.Hints, Problem: e.Problem}
	case *walk.TooLarge:
		return &MismatchError{Checkpoint: checkpoint, Problem: e.Error()}
	case *transfer.RunError:
		return &RestoreError{Checkpoint: checkpoint, Restored: e.Restored, Torn: e.Torn, Err: e.Err}
	case *transfer.PlanError:
		errs := make([]error, len(e.Problems))
		for i, p := range e.Problems {
			if p.Err != nil {
				errs[i] = fmt.Errorf("ckpt: %s: restore %s (%s): %w", checkpoint, p.Node.Path(), p.Node.GoPath(), p.Err)
			} else {
				errs[i] = &ValueError{Checkpoint: checkpoint, Key: p.Key, Path: p.Node.Path(), GoPath: p.Node.GoPath(), Problem: p.Text}
			}
		}
		slices.SortStableFunc(errs, func(a, b error) int {
			if absent := errors.Is(a, fs.ErrNotExist); absent != errors.Is(b, fs.ErrNotExist) {
				if absent {
					return -1 // a missing file explains most
				}
				return 1
			}
			return strings.Compare(a.Error(), b.Error())
		})
		return errors.Join(errs...)
	}
	return err
}

// A RestoreError reports which values a restore had assigned when it failed.
type RestoreError struct {
	Checkpoint string
	Restored   []string // paths of values that were restored
	Torn       []string // paths of values that may be partly restored
	Err        error
}

func (e *RestoreError) Error() string {
	state := "no variable was changed"
	if n := len(e.Restored) + len(e.Torn); n > 0 {
		state = fmt.Sprintf("%d variables already have the checkpoint's values, %d may be partly overwritten (%s)", len(e.Restored), len(e.Torn), strings.Join(wording.First(e.Torn, 5), ", "))
	}
	return fmt.Sprintf("ckpt: restore %s: %v; %s", e.Checkpoint, e.Err, state)
}

func (e *RestoreError) Unwrap() error { return e.Err }
