package weightmap

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/fsx"
)

// Ending is the end of an index's name. It follows the name of the single file that the index replaces.
const Ending = ".index.json"

// The names of the files of formats with indexes.
var (
	Safetensors = Kind{Name: "safetensors", Endings: []string{".safetensors"}, Default: "model.safetensors"}
	PyTorch     = Kind{Name: "PyTorch", Endings: []string{".bin", ".pt", ".pth", ".ckpt"}, Default: "pytorch_model.bin"}
)

// A Kind describes the file names of a format.
type Kind struct {
	Name    string   // of the format, in messages
	Endings []string // file name extensions
	Default string   // the file to open if a directory has several
}

// Find returns the file to open for path: path itself; path+[Ending] if only that exists; in a directory the only index or, without
// an index, the default or the only file. Errors list the files that exist.
func (k Kind) Find(fsys fsx.ReadFS, path string) (string, error) {
	info, err := fsys.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return k.InDirectory(fsys, path)
	case errors.Is(err, fs.ErrNotExist) && !strings.HasSuffix(path, Ending):
		if _, err := fsys.Stat(path + Ending); err == nil {
			return path + Ending, nil
		}
	}
	return path, nil
}

// Has reports whether a file may be of the format, or an index of such files, according to its name.
func (k Kind) Has(name string) bool { return k.has(strings.TrimSuffix(name, Ending)) }

func (k Kind) has(name string) bool {
	return slices.ContainsFunc(k.Endings, func(ending string) bool { return strings.HasSuffix(name, ending) })
}

// InDirectory is Find for the directory dir.
func (k Kind) InDirectory(fsys fsx.ReadFS, dir string) (string, error) {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return "", raw.OpenError("read directory", dir, err)
	}
	var files, indexes []string
	for _, e := range entries {
		if of, ok := strings.CutSuffix(e.Name(), Ending); ok && k.has(of) {
			indexes = append(indexes, e.Name())
		} else if k.has(e.Name()) {
			files = append(files, e.Name())
		}
	}
	switch {
	case len(indexes) == 1 && indexes[0] == k.Default+Ending && slices.Contains(files, k.Default):
		return "", raw.Unsupported(dir, "", "it has %s and an index of other files, %s: name the one that is meant", k.Default, indexes[0])
	case len(indexes) == 1:
		return filepath.Join(dir, indexes[0]), nil
	case len(indexes) > 1:
		return "", raw.Unsupported(dir, "", "it has several indexes, %s: name the one that is meant", strings.Join(indexes, ", "))
	case slices.Contains(files, k.Default):
		return filepath.Join(dir, k.Default), nil
	case len(files) == 1:
		return filepath.Join(dir, files[0]), nil
	case len(files) == 0:
		return "", &raw.Error{File: dir, Offset: -1, Reason: "it has no " + k.Name + " file and no index of several", Err: fs.ErrNotExist}
	}
	return "", raw.Unsupported(dir, "", "it has %d %s files and no index, a file called %s: name the one that is meant, such as %s",
		len(files), k.Name, k.Default+Ending, filepath.Join(dir, files[0]))
}
