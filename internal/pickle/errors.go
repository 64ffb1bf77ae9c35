package pickle

import (
	"errors"
	"fmt"

	"github.com/gockpt/ckpt/format"
)

// An Error describes a problem of a pickle. errors.Is finds [format.ErrCorrupt] if the bytes are not a
// pickle, errors.ErrUnsupported if they need an unsupported feature, and the error of a callback of [Options]
// or of the underlying reader.
type Error struct {
	Offset int64  // of the instruction, from the beginning of the Decoder's reader
	Reason string // what was expected and what was found; empty if Err says it
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
