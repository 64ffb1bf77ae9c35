package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/format"
)

// ErrIncomplete is wrapped by the error about a partitioned tensor if its stored parts do not cover the
// requested region. Each part may be intact: TensorFlow 1 wrote such tensors when a program renamed slot
// variables of partitioned variables.
var ErrIncomplete = errors.New("the stored parts do not cover the tensor")

// An Error describes a problem, and names the file and the tensor. errors.Is finds its cause, such as
// format.ErrCorrupt, format.ErrNotFound or fs.ErrNotExist.
type Error struct {
	File   string // the index or a data file
	Key    string // the tensor's key; "" if the fault does not concern a single tensor
	Part   string // the part of a partitioned tensor, in TensorFlow's notation; "" for the whole tensor
	Offset int64  // in File; negative if there is no single offset
	Reason string // what was found, what was expected, and what may have happened; may be empty
	Err    error  // the cause
}

// Error returns all fields in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Key != "" {
		b.WriteString(": " + quote(e.Key))
	}
	if e.Part != "" {
		fmt.Fprintf(&b, " part %s", e.Part)
	}
	if e.Offset >= 0 {
		fmt.Fprintf(&b, " at offset %d", e.Offset)
	}
	if e.Reason != "" {
		b.WriteString(": " + e.Reason)
	}
	// Omit sentinel errors, because the reason has all of their information.
	if e.Reason == "" || e.Err != nil && e.Err != format.ErrCorrupt && e.Err != format.ErrNotFound && e.Err != format.ErrStale && e.Err != ErrIncomplete {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// quote returns a key for a message: in Go syntax, truncated if it is long.
func quote(key string) string {
	const most = 200
	if len(key) > most {
		return fmt.Sprintf("%q… (%d bytes)", key[:most], len(key))
	}
	return strconv.Quote(key)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// opError returns the error of an operation on a file. It names the file once.
func opError(op, name string, err error) *Error {
	if pe := new(fs.PathError); errors.As(err, &pe) {
		err = pe.Err
	}
	return &Error{File: name, Offset: -1, Err: fmt.Errorf("%s: %w", op, err)}
}

// openError returns the error of opening a file.
func openError(name string, err error) *Error { return opError("open", name, err) }
