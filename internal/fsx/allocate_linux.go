package fsx

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Allocate implements [File].
func (f osFile) Allocate(size int64) error {
	if size == 0 {
		return nil // fallocate refuses it
	}
	for {
		switch err := syscall.Fallocate(int(f.Fd()), 0, 0, size); {
		case err == syscall.EINTR: // the runtime's own signals among others
		case err == nil, errors.Is(err, errors.ErrUnsupported), errors.Is(err, fs.ErrPermission): // of sandboxes: a write will say
			return nil
		default:
			return &os.PathError{Op: "allocate", Path: f.Name(), Err: err}
		}
	}
}
