// Package writers makes the writer of a format by the format's name.
package writers

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/format/npz"
	"github.com/gockpt/ckpt/format/safetensors"
	"github.com/gockpt/ckpt/internal/fsx"
)

// The formats that are written.
const (
	TensorFlow  = "tensorflow"
	Safetensors = "safetensors"
	NPZ         = "npz"
	HDF5        = "hdf5"
)

// ByEnding returns the format that is written to path, for the path's ending: .safetensors, .npz or .weights.h5. Everything else is a
// prefix of TensorFlow's.
func ByEnding(path string) string {
	switch {
	case strings.HasSuffix(path, ".safetensors"):
		return Safetensors
	case strings.HasSuffix(path, ".npz"):
		return NPZ
	case strings.HasSuffix(path, ".weights.h5"):
		return HDF5
	}
	return TensorFlow
}

// Separator returns what stands between the edges in a format's names.
func Separator(name string) string {
	if name == HDF5 {
		return "/"
	}
	return "."
}

// Options are what all writers can be told.
type Options struct {
	MaxShardSize int64             // of safetensors; 0 is one file
	Metadata     map[string]string // of safetensors
	Progress     func(done, total int64)
}

// Create returns a writer of the format called name. Nothing is touched before its Commit. The error says that there is no such
// format, or that it has no shards.
func Create(fsys fsx.FS, name, path string, o Options) (format.Writer, error) {
	if o.MaxShardSize < 0 || o.MaxShardSize > 0 && (name == NPZ || name == HDF5) {
		return nil, fmt.Errorf("%s: shards of at most %d bytes: a checkpoint in the format %s is one file: %w", path, o.MaxShardSize, name, errors.ErrUnsupported)
	}
	switch name {
	case TensorFlow:
		return bundle.Create(fsys, path, bundle.Options{Progress: o.Progress}), nil
	case Safetensors:
		return safetensors.Create(fsys, path, safetensors.Options{Metadata: o.Metadata, MaxShardSize: o.MaxShardSize, Progress: o.Progress}), nil
	case NPZ:
		return npz.Create(fsys, path, npz.Options{Progress: o.Progress}), nil
	case HDF5:
		w := keras.NewWriter(fsys, path, nil)
		if o.Progress == nil {
			return w, nil
		}
		return &counted{Writer: w, report: o.Progress}, nil
	}
	return nil, fmt.Errorf("%s: the format %q cannot be written: expected %s, %s, %s or %s: %w", path, name, TensorFlow, Safetensors, NPZ, HDF5, errors.ErrUnsupported)
}
