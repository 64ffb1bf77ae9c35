package prefix

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/splitname"
	"github.com/gockpt/ckpt/internal/weightmap"
	"github.com/gockpt/ckpt/internal/whatis"
)

// endings are the endings of other libraries' files, in addition to those in package weightmap.
var endings = []string{".keras", ".h5", ".hdf5", ".weights.json", ".npz", ".npy", ".gguf"}

// IsWeights reports whether a path has an ending of another library's files. It ignores PyTorch's .ckpt,
// because paths of TensorFlow's checkpoints may also have that ending.
func IsWeights(path string) bool {
	return weightmap.Safetensors.Has(path) || weightmap.PyTorch.Has(path) && !strings.HasSuffix(path, ".ckpt") ||
		slices.ContainsFunc(endings, func(ending string) bool { return strings.HasSuffix(path, ending) })
}

// IsWeightsFile is IsWeights for a path that is known to be a file. It accepts .ckpt, because such a file is
// PyTorch's.
func IsWeightsFile(path string) bool { return IsWeights(path) || weightmap.PyTorch.Has(path) }

// indexOf returns the index of the shards that path stands for, if there is no file at path; "" if there is
// none.
func indexOf(fsys fsx.ReadFS, path string) (string, error) {
	if !weightmap.Safetensors.Has(path) && !weightmap.PyTorch.Has(path) || strings.HasSuffix(path, weightmap.Ending) {
		return "", nil
	}
	if ok, err := IsFile(fsys, path+weightmap.Ending); !ok || err != nil {
		return "", err
	}
	return path + weightmap.Ending, nil
}

// weightsIn returns the file in dir that stands for a checkpoint of another library, "" if there is none: the index of its shards,
// as in the directories of Hugging Face and Keras, or the only weights. If several files may be meant, the error names them. If the
// directory belongs to another program, the error says to which.
func (p Place) weightsIn(dir string) (string, error) {
	entries, err := p.FS.ReadDir(filepath.Clean(dir))
	if err != nil {
		return "", fmt.Errorf("ckpt: %w", err)
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() {
			files = append(files, e.Name())
		}
	}
	const weights, list = "model.weights.h5", ".weights.json"
	if slices.Contains(files, weights) && slices.Contains(files, "metadata.json") { // a .keras archive that was unpacked
		return filepath.Join(dir, weights), nil
	}
	if slices.ContainsFunc(files, weightmap.Safetensors.Has) {
		return p.find(weightmap.Safetensors, dir)
	}
	isList := func(name string) bool { return strings.HasSuffix(name, list) }
	if i := slices.IndexFunc(files, isList); i >= 0 && !slices.ContainsFunc(files[i+1:], isList) {
		return filepath.Join(dir, files[i]), nil
	}
	if what, todo, ok := whatis.Describe(p.FS, dir); ok {
		return "", notCheckpoint(dir, what, todo)
	}
	if slices.ContainsFunc(files, func(name string) bool {
		return name == weightmap.PyTorch.Default || strings.HasSuffix(name, ".bin"+weightmap.Ending)
	}) {
		return p.find(weightmap.PyTorch, dir)
	}
	if slices.ContainsFunc(files, func(name string) bool { return strings.HasSuffix(name, ".index") }) {
		return "", nil // TensorFlow's
	}
	files = slices.DeleteFunc(files, func(name string) bool {
		_, n, _, _ := splitname.Parse(name) // the first of several files stands for all
		return !IsWeightsFile(name) || n > 1
	})
	switch len(files) {
	case 0:
		return "", nil
	case 1:
		return filepath.Join(dir, files[0]), nil
	}
	return "", fmt.Errorf("ckpt: %s: it has %d files of weights: name the one that is meant, such as %s: %w",
		dir, len(files), filepath.Join(dir, files[0]), format.ErrNotFound)
}

// find returns the file that stands for the files of a kind in dir.
func (p Place) find(kind weightmap.Kind, dir string) (string, error) {
	path, err := kind.InDirectory(p.FS, dir)
	if err != nil {
		return "", fmt.Errorf("ckpt: %w", err)
	}
	return path, nil
}

// noFile is the error of a file of another library that is not there.
func noFile(path string) error {
	return fmt.Errorf("ckpt: %s: %w: %w", path, format.ErrNotFound, fs.ErrNotExist)
}
