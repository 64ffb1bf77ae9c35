//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package fsx

import (
	"errors"
	"math"
	"os"
	"syscall"
)

// Map implements [Mapper].
func (r osReader) Map() (contents []byte, unmap func() error, err error) {
	if r.size == 0 {
		return nil, func() error { return nil }, nil // mmap rejects it
	}
	if r.size > math.MaxInt {
		return nil, nil, errors.ErrUnsupported
	}
	contents, err = syscall.Mmap(int(r.Fd()), 0, int(r.size), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE)
	if errors.Is(err, syscall.ENODEV) { // a filesystem without mmap
		err = errors.ErrUnsupported
	}
	if err != nil {
		return nil, nil, &os.PathError{Op: "mmap", Path: r.Name(), Err: err}
	}
	return contents, func() error { return syscall.Munmap(contents) }, nil
}
