// Package weightmap reads the indexes that Hugging Face's libraries write for a checkpoint in several files, such as
// model.safetensors.index.json and pytorch_model.bin.index.json, and finds checkpoints in directories.
//
// An index is JSON: {"metadata": {"total_size": …}, "weight_map": {TENSOR: FILE, …}}. Files are in the directory of the index, or
// below it. The index and the files must agree. Errors are of type [*raw.Error].
package weightmap

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/jsonscan"
)

// maxIndex is the most bytes of an index. It is enough for a million tensors.
const maxIndex = 100_000_000

// Recognize reports whether a file that begins with head may be an index, because it looks like JSON. Its name is a better test.
func Recognize(head []byte) bool {
	return strings.HasPrefix(strings.TrimLeft(string(head), " \t\r\n"), "{")
}

// An Index says which file holds each tensor.
type Index struct {
	name      string
	totalSize int64             // of all tensors, in bytes; negative if unknown
	files     []string          // in the order in which they first occur
	of        map[string]string // the file of each tensor
}

// Read reads the index in b and checks it without its files.
func Read(b *raw.Blob) (*Index, error) {
	if b.Size() > maxIndex {
		return nil, raw.Corrupt(b.Name(), "", "the index has %d bytes, expected at most %d", b.Size(), maxIndex)
	}
	text, err := jsonscan.Read(b, 0, b.Size())
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, raw.Corrupt(b.Name(), "", "it became shorter while it was read")
	case errors.Is(err, jsonscan.ErrZeros):
		return nil, raw.Corrupt(b.Name(), "", "index: %v", err)
	case err != nil:
		return nil, raw.OpenError("read", b.Name(), err)
	}
	ix := &Index{name: b.Name(), totalSize: -1, of: make(map[string]string)}
	s, err := jsonscan.New(text)
	if err == nil {
		err = ix.parse(s)
	}
	if err != nil {
		return nil, raw.Corrupt(b.Name(), "", "index: %v", err)
	}
	return ix, nil
}

// parse reads the JSON.
func (ix *Index) parse(s *jsonscan.Scanner) error {
	mapped := false
	err := s.Object(func(name string) error {
		switch name {
		case "metadata":
			return ix.parseMetadata(s)
		case "weight_map":
			if mapped {
				return s.Fault("weight_map occurs twice")
			}
			mapped = true
			return ix.parseMap(s)
		}
		return s.Skip()
	})
	if err == nil {
		err = s.End()
	}
	if err == nil && !mapped {
		err = errors.New("it has no weight_map, which lists the files of tensors")
	}
	return err
}

// parseMetadata reads total_size.
func (ix *Index) parseMetadata(s *jsonscan.Scanner) error {
	if s.Peek() != '{' {
		return s.Skip()
	}
	return s.Object(func(name string) (err error) {
		if name != "total_size" {
			return s.Skip()
		}
		before := *s
		if ix.totalSize, err = s.Number(); err == nil {
			return nil
		}
		*s, ix.totalSize = before, -1 // some writers use a fraction or a string
		return s.Skip()
	})
}

// parseMap reads the file of each tensor.
func (ix *Index) parseMap(s *jsonscan.Scanner) error {
	known := make(map[string]string)
	return s.Object(func(name string) error {
		file, err := s.String()
		if err != nil {
			return err
		}
		if before, ok := ix.of[name]; ok {
			return s.Fault("%s occurs twice, in %s and in %s", raw.Quote(name), raw.Quote(before), raw.Quote(file))
		}
		if _, ok := known[file]; !ok {
			if !fs.ValidPath(file) || file == "." || strings.ContainsAny(file, "\\\x00") || !filepath.IsLocal(filepath.FromSlash(file)) {
				return s.Fault("%s: its file %s is not in the directory of the index", raw.Quote(name), raw.Quote(file))
			}
			file = strings.Clone(file)
			known[file] = file
			ix.files = append(ix.files, file)
		}
		ix.of[name] = known[file] // equal names share one string
		return nil
	})
}

// Open opens the files, in the order in which they first occur in the index. If one is missing, the error names it and satisfies
// errors.Is(err, fs.ErrNotExist), and no file stays open. If there are more than 32 files, only some are open at a time. If one of
// the others was replaced, reading it fails with [format.ErrStale].
func (ix *Index) Open(fsys fsx.ReadFS) ([]*raw.Blob, error) {
	open := func(path string) (raw.Contents, error) { return fsys.Open(path) }
	if len(ix.files) > openFiles {
		w := &window{fsys: fsys}
		open = func(path string) (raw.Contents, error) { return w.add(path) }
	}
	blobs := make([]*raw.Blob, 0, len(ix.files))
	for _, file := range ix.files {
		path := filepath.Join(filepath.Dir(ix.name), filepath.FromSlash(file))
		f, err := open(path)
		if err != nil {
			for _, b := range blobs {
				err = errors.Join(err, b.Close())
			}
			return nil, &raw.Error{File: ix.name, Offset: -1, Reason: fmt.Sprintf("it lists %s, which cannot be opened", raw.Quote(file)), Err: err}
		}
		blobs = append(blobs, raw.File(path, f))
	}
	return blobs, nil
}

// Check compares the index with the contents of its files. keys has the names of each file's tensors, in the order of [Index.Open].
// total is the size of all tensors in bytes. If it is negative, Check does not compare it.
func (ix *Index) Check(keys [][]string, total int64) error {
	foundIn := make(map[string]int, len(ix.of)) // indexes of files
	for file := range keys {
		for _, key := range keys[file] {
			if before, ok := foundIn[key]; ok && before != file {
				return raw.Corrupt(ix.name, key, "it is in two files, %s and %s", ix.files[before], ix.files[file])
			}
			foundIn[key] = file
		}
	}
	for file := range keys {
		for _, key := range keys[file] {
			switch said, ok := ix.of[key]; {
			case !ok:
				return raw.Corrupt(ix.name, key, "it is in %s, but the index does not list it: the index belongs to another save", ix.files[file])
			case said != ix.files[file]:
				return raw.Corrupt(ix.name, key, "it is in %s, but the index says %s", ix.files[file], said)
			}
		}
	}
	if missing := ix.missing(foundIn); len(missing) > 0 {
		return raw.Corrupt(ix.name, missing[0], "the index says that it is in %s, but no file has it (%d such tensors in all)",
			ix.of[missing[0]], len(missing))
	}
	if ix.totalSize >= 0 && total >= 0 && ix.totalSize != total {
		return raw.Corrupt(ix.name, "", "its total_size is %d, but the files hold %d bytes of tensors: the index belongs to another save, "+
			"or total_size is wrong", ix.totalSize, total)
	}
	return nil
}

// missing returns, sorted, the names that the index lists and that were not found.
func (ix *Index) missing(foundIn map[string]int) (names []string) {
	for name := range ix.of {
		if _, ok := foundIn[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
