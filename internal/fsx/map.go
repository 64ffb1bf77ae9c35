package fsx

import "errors"

// A Mapper is a [Reader] of a file that can be memory-mapped.
type Mapper interface {
	// Map returns the file's contents as private memory: writes to it do not reach the file. The memory stays until unmap is
	// called, also after Close. If the system cannot map the file, or a file of this size, the error satisfies
	// errors.ErrUnsupported.
	//
	// Touching pages that a truncated file no longer has, or that a disk fails to read, crashes the program.
	Map() (contents []byte, unmap func() error, err error)
}

// Map calls the Map method of r if r is a Mapper.
func Map(r Reader) (contents []byte, unmap func() error, err error) {
	if m, ok := r.(Mapper); ok {
		return m.Map()
	}
	return nil, nil, errors.ErrUnsupported
}
