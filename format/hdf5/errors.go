package hdf5

import (
	"errors"
	"fmt"

	"github.com/gockpt/ckpt/format"
)

// A fault describes what is wrong with a file or one of its objects.
type fault struct {
	reason string
	is     error // format.ErrCorrupt or errors.ErrUnsupported
}

func (f *fault) Error() string { return f.reason }
func (f *fault) Unwrap() error { return f.is }

// corruptf returns an error about bytes that violate the HDF5 format.
func corruptf(text string, args ...any) error {
	return &fault{fmt.Sprintf(text, args...), format.ErrCorrupt}
}

// unsupportedf returns an error about an HDF5 feature that this package does not read.
func unsupportedf(feature string, args ...any) error {
	return &fault{"unsupported HDF5 feature: " + fmt.Sprintf(feature, args...) + "; copy the datasets with h5py's default settings to avoid it",
		errors.ErrUnsupported}
}
