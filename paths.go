package ckpt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/format/savedv1"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// dataFileName is how a data file's name ends (DataFilename in tensor_bundle/naming.cc).
var dataFileName = regexp.MustCompile(`\.data-\d{5}-of-\d{5}$`)

func exists(fsys fsx.ReadFS, name string) bool {
	info, err := fsys.Stat(name)
	return err == nil && !info.IsDir()
}

func isDir(fsys fsx.ReadFS, name string) bool {
	info, err := fsys.Stat(name)
	return err == nil && info.IsDir()
}

// savedModelPrefix returns the prefix of a SavedModel directory's variables, or path itself where it is no such directory.
func savedModelPrefix(fsys fsx.ReadFS, path string) string {
	if isDir(fsys, path) && (exists(fsys, filepath.Join(path, "saved_model.pb")) || exists(fsys, filepath.Join(path, "saved_model.pbtxt"))) {
		return filepath.Join(path, "variables", "variables")
	}
	return path
}

// findPrefix returns the prefix that a user means by path: itself, one of the checkpoint's files, a SavedModel's
// directory, or a directory whose `checkpoint` file names its latest.
func findPrefix(path string, o options) (string, error) {
	fsys := o.fsys
	switch {
	case path == "":
		return "", fmt.Errorf("ckpt: open: the path is empty: %w", ErrNotFound)
	case exists(fsys, path+".index"):
		return path, nil
	case strings.HasSuffix(path, ".index") && exists(fsys, path):
		return strings.TrimSuffix(path, ".index"), nil
	case dataFileName.MatchString(path) && exists(fsys, path):
		return dataFileName.ReplaceAllString(path, ""), nil
	case !isDir(fsys, path):
		return path, nil // a file of the V1 format, or nothing
	}
	if p := savedModelPrefix(fsys, path); p != path {
		return p, nil
	}
	latest, err := latestIn(path, o)
	switch {
	case err != nil:
		return "", err
	case latest != "":
		return latest, nil
	case exists(fsys, filepath.Join(path, ".index")):
		return strings.TrimSuffix(path, "/") + "/", nil
	case exists(fsys, filepath.Join(path, "variables", "variables.index")):
		return filepath.Join(path, "variables", "variables"), nil
	}
	return "", fmt.Errorf("ckpt: %s: Couldn't find 'checkpoint' file or checkpoints in given directory, and it is no SavedModel: %w", path, ErrNotFound)
}

// openPath opens the checkpoint that a user means by path, and returns its prefix.
func openPath(path string, o options) (r format.Reader, prefix string, err error) {
	if prefix, err = findPrefix(path, o); err != nil {
		return nil, "", err
	}
	if r, err = openPrefix(o.fsys, prefix); err != nil {
		return nil, "", restoreHint(path, true, err)
	}
	return r, prefix, nil
}

// openPrefix opens a checkpoint of either format by its prefix.
func openPrefix(fsys fsx.ReadFS, prefix string) (format.Reader, error) {
	r, err := bundle.Open(fsys, prefix)
	if err == nil {
		return r, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		if whole, ok := strings.CutSuffix(prefix, ".index"); ok && exists(fsys, prefix) {
			// To the older format's reader an index is a checkpoint of no tensors.
			return nil, fmt.Errorf("ckpt: %s is the index of the checkpoint %s, not a checkpoint: %w", prefix, whole, ErrNotFound)
		}
		if v1, v1err := savedv1.Open(fsys, prefix); v1err == nil {
			return v1, nil
		} else if isDir(fsys, prefix) {
			return nil, fmt.Errorf("ckpt: %s is a directory, not a checkpoint: %w", prefix, ErrNotFound)
		} else if !errors.Is(v1err, fs.ErrNotExist) {
			return nil, fmt.Errorf("ckpt: %w", v1err)
		}
		return nil, fmt.Errorf("ckpt: %w: %w", ErrNotFound, err)
	}
	return nil, fmt.Errorf("ckpt: %w", err)
}

// restoreHint says of a checkpoint that is not there what TensorFlow says.
func restoreHint(path string, restore bool, err error) error {
	if restore && errors.Is(err, ErrNotFound) {
		return fmt.Errorf("ckpt: Error when restoring from checkpoint or SavedModel at %s: %w\nPlease double-check that the path is correct. You may be missing the checkpoint suffix (e.g. the '-1' in 'path/to/ckpt-1')", path, err)
	}
	return err
}

// readGraph reads the object graph that a checkpoint stores.
func readGraph(ctx context.Context, r format.Reader, prefix string) (*objectgraph.Graph, error) {
	e, ok, err := r.Lookup(objectgraph.GraphKey)
	if err != nil {
		return nil, fmt.Errorf("ckpt: %w", err)
	}
	if !ok {
		return nil, fmt.Errorf("ckpt: %s: %w", prefix, ErrNoObjectGraph)
	}
	if e.DType != tensor.DTString || len(e.Shape) != 0 {
		return nil, fmt.Errorf("ckpt: %s: the object graph is a %v of shape %v, not a scalar string: %w", prefix, e.DType, e.Shape, ErrCorrupt)
	}
	if err := r.Check(objectgraph.GraphKey); err != nil {
		return nil, fmt.Errorf("ckpt: %w", err)
	}
	if e.Bytes > math.MaxInt {
		return nil, fmt.Errorf("ckpt: %s: the object graph has %d bytes, more than this machine can hold", prefix, e.Bytes)
	}
	// As bytes: a string would be copied once more to be parsed.
	blob := bytes.NewBuffer(make([]byte, 0, e.Bytes))
	if err := r.WriteStored(ctx, objectgraph.GraphKey, blob); err != nil {
		return nil, fmt.Errorf("ckpt: %w", err)
	}
	g, err := objectgraph.Parse(onlyString(blob.Bytes()))
	if err != nil {
		return nil, fmt.Errorf("ckpt: %s: %w", prefix, err)
	}
	return g, nil
}

// onlyString returns the string of a scalar tensor as it is stored, which was verified: it follows its length and the checksum
// of that.
func onlyString(stored []byte) []byte {
	length, n := binary.Uvarint(stored)
	return stored[n+4:][:length]
}
