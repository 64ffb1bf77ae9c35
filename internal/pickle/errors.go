package pickle

import (
	"errors"
	"fmt"

	"github.com/gockpt/ckpt/format"
)

// An Error says what is wrong with a pickle. errors.Is finds [format.ErrCorrupt] where the bytes are not a pickle,
// errors.ErrUnsupported where they ask for what this package does not do, and the error of a hook of [Options] or of the
// underlying reader.
type Error struct {
	Offset int64  // of the instruction, from where the Decoder began
	Reason string // what was expected and what was found; empty where Err says it
	Err    error
}

// Error returns the offset and the reason in one line.
func (e *Error) Error() string {
	reason := e.Reason
	if reason == "" {
		reason = e.Err.Error()
	}
	return fmt.Sprintf("pickle at offset %d: %s", e.Offset, reason)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func (d *Decoder) corrupt(reason string, args ...any) error {
	return &Error{Offset: d.at, Reason: fmt.Sprintf(reason, args...), Err: format.ErrCorrupt}
}

func (d *Decoder) unsupported(reason string, args ...any) error {
	return &Error{Offset: d.at, Reason: fmt.Sprintf(reason, args...), Err: errors.ErrUnsupported}
}
