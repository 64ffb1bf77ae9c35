package raw

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/format"
)

// An Error describes a problem, and names the file and the tensor.
type Error struct {
	File   string // the file, or the member of an archive
	Key    string // the tensor's key; "" if the fault does not concern a single tensor
	Offset int64  // in File; negative if there is no single offset
	Reason string // what was expected, what was found, and what to do; may be empty
	Err    error  // the cause
}

// Error returns all fields in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Key != "" {
		b.WriteString(": " + Quote(e.Key))
	}
	if e.Offset >= 0 {
		fmt.Fprintf(&b, " at offset %d", e.Offset)
	}
	if e.Reason != "" {
		b.WriteString(": " + e.Reason)
	}
	// Omit sentinel errors, because the reason has all of their information.
	if e.Reason == "" || e.Err != nil && e.Err != format.ErrCorrupt && e.Err != format.ErrNotFound && e.Err != errors.ErrUnsupported {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Corrupt returns the error about a file that violates its format. key may be empty.
func Corrupt(file, key, reason string, args ...any) *Error {
	return &Error{File: file, Key: key, Offset: -1, Reason: fmt.Sprintf(reason, args...), Err: format.ErrCorrupt}
}

// Unsupported returns the error about an intact file or tensor that this module cannot read.
func Unsupported(file, key, reason string, args ...any) *Error {
	return &Error{File: file, Key: key, Offset: -1, Reason: fmt.Sprintf(reason, args...), Err: errors.ErrUnsupported}
}

// OpenError returns the error about an operation on a file, such as "open". It names the file once.
func OpenError(op, file string, err error) *Error {
	if pe := new(fs.PathError); errors.As(err, &pe) {
		err = pe.Err
	}
	return &Error{File: file, Offset: -1, Err: fmt.Errorf("%s: %w", op, err)}
}

// Quote returns a key for a message: in Go syntax, and shortened if it is long.
func Quote(key string) string {
	const most = 200
	if len(key) > most {
		return fmt.Sprintf("%q… (%d bytes)", key[:most], len(key))
	}
	return strconv.Quote(key)
}
