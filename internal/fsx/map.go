package fsx

import "errors"

// A Mapper is a [Reader] of a file that can be mapped into memory.
type Mapper interface {
	// Map returns the file's contents as they were when it was opened, as private memory: what is written to it is
	// not written to the file. It stays until unmap is called, also after Close. Where the system has no such thing, or not for so
	// large a file, the error satisfies errors.ErrUnsupported.
	//
	// Looking at pages that a truncated file no longer has, or that a disk fails to read, ends the program.
	Map() (contents []byte, unmap func() error, err error)
}

// Map is Mapper's for any Reader.
func Map(r Reader) (contents []byte, unmap func() error, err error) {
	if m, ok := r.(Mapper); ok {
		return m.Map()
	}
	return nil, nil, errors.ErrUnsupported
}
