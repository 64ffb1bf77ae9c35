// Package writers creates the writer of a format, given the format's name.
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
	"github.com/gockpt/ckpt/internal/kerasnames"
)

// The formats that can be written.
const (
	TensorFlow  = "tensorflow"
	Safetensors = "safetensors"
	NPZ         = "npz"
	HDF5        = "hdf5"
	Keras       = "keras"
)

// ByEnding returns the format for a path's extension: .safetensors, .npz, .weights.h5 or .keras. Any other path is a TensorFlow
// prefix.
func ByEnding(path string) string {
	switch {
	case strings.HasSuffix(path, ".safetensors"):
		return Safetensors
	case strings.HasSuffix(path, ".npz"):
		return NPZ
	case strings.HasSuffix(path, ".weights.h5"):
		return HDF5
	case strings.HasSuffix(path, ".keras"):
		return Keras
	}
	return TensorFlow
}

// Separator returns the separator between edges in a format's names.
func Separator(name string) string {
	if name == HDF5 {
		return "/"
	}
	return "."
}

// Options are the options of all writers.
type Options struct {
	MaxShardSize int64             // for safetensors; 0 means one file
	Metadata     map[string]string // for safetensors
	Progress     func(done, total int64)
}

// NewKeras returns a writer of the weights in names. It writes an archive or, if archive is nil, a file with weights only.
func NewKeras(fsys fsx.FS, path string, names *kerasnames.Names, archive *keras.Archive, o Options) (format.Writer, error) {
	if o.MaxShardSize != 0 {
		return nil, oneFile(path, Keras, o)
	}
	w := keras.NewWriter(fsys, path, archive)
	c := &counted{Writer: w, report: o.Progress}
	if o.Progress == nil {
		c.report = func(int64, int64) {}
	}
	for _, o := range names.Objects {
		if err := w.Name(o.Path, o.Name); err != nil {
			return nil, err
		}
	}
	for _, v := range names.Variables {
		if err := w.AddVariable(v.Key, v.Name, c.source(v.Source)); err != nil {
			return nil, fmt.Errorf("%q: %w", v.Path(), err)
		}
	}
	return c, nil
}

func oneFile(path, name string, o Options) error {
	return fmt.Errorf("%s: cannot write shards of at most %d bytes: a checkpoint in the format %s is a single file: %w", path, o.MaxShardSize, name, errors.ErrUnsupported)
}

// Create returns a writer of the format called name. It does not touch files before Commit. It returns an error if there is no such
// format, or if the format does not support shards.
func Create(fsys fsx.FS, name, path string, o Options) (format.Writer, error) {
	if o.MaxShardSize < 0 || o.MaxShardSize > 0 && (name == NPZ || name == HDF5) {
		return nil, oneFile(path, name, o)
	}
	switch name {
	case TensorFlow:
		return bundle.Create(fsys, path, bundle.Options{Progress: o.Progress}), nil
	case Safetensors:
		return safetensors.Create(fsys, path, safetensors.Options{Metadata: o.Metadata, MaxShardSize: o.MaxShardSize, Progress: o.Progress}), nil
	case NPZ:
		return npz.Create(fsys, path, npz.Options{Progress: o.Progress}), nil
	case Keras:
		return nil, fmt.Errorf("%s: a .keras archive needs the description of its model: use keras.Save, or write only weights to a path that ends in .weights.h5: %w", path, errors.ErrUnsupported)
	case HDF5:
		w := keras.NewWriter(fsys, path, nil)
		if o.Progress == nil {
			return w, nil
		}
		return &counted{Writer: w, report: o.Progress}, nil
	}
	return nil, fmt.Errorf("%s: cannot write the format %q: expected %s, %s, %s, %s or %s: %w", path, name, TensorFlow, Safetensors, NPZ, HDF5, Keras, errors.ErrUnsupported)
}
