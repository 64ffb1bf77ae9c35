package hdf5

import (
	"errors"
	"fmt"

	"github.com/gockpt/ckpt/format"
)

// A fault is what is wrong with a file or with one of its objects.
type fault struct {
	reason string
	is     error // format.ErrCorrupt or errors.ErrUnsupported
}

func (f *fault) Error() string { return f.reason }
func (f *fault) Unwrap() error { return f.is }

// corruptf returns an error about bytes that are not what HDF5 says they must be.
func corruptf(text string, args ...any) error {
	return &fault{fmt.Sprintf(text, args...), format.ErrCorrupt}
}

// unsupportedf returns an error about a part of HDF5 that this package does not read.
func unsupportedf(feature string, args ...any) error {
	return &fault{"unsupported HDF5 feature: " + fmt.Sprintf(feature, args...) + "; a copy of the datasets made with h5py's defaults avoids it",
		errors.ErrUnsupported}
}
