package safetensors

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/fsx"
)

// RecognizeIndex reports whether a file that begins with head may be an index: JSON. Its name says more.
func RecognizeIndex(head []byte) bool {
	return strings.HasPrefix(strings.TrimLeft(string(head), " \t\r\n"), "{")
}

// An index says which file has which tensor.
type index struct {
	name      string
	totalSize int64             // of all tensors, in bytes; negative where it does not say
	files     []string          // in the order in which they first occur
	of        map[string]string // the file of each tensor
}

// openIndex opens the files that the index at path lists. It closes b, the index.
func openIndex(fsys fsx.ReadFS, path string, b *raw.Blob) (*Reader, error) {
	ix, err := readIndex(path, b)
	b.Close()
	if err != nil {
		return nil, err
	}
	blobs, err := ix.open(fsys)
	if err != nil {
		return nil, err
	}
	tensors, metadata, err := ix.tensors(blobs)
	if err != nil {
		closeAll(blobs)
		return nil, err
	}
	return newReader(path, blobs, tensors, metadata)
}

// readIndex reads and checks an index alone.
func readIndex(path string, b *raw.Blob) (*index, error) {
	if b.Size() > maxHeader {
		return nil, raw.Corrupt(path, "", "an index of %d bytes, and at most %d are allowed", b.Size(), maxHeader)
	}
	text := make([]byte, b.Size())
	if err := read(b, text, 0); err != nil {
		return nil, err
	}
	ix := &index{name: path, totalSize: -1, of: make(map[string]string)}
	s, err := newScanner(text)
	if err == nil {
		err = ix.parse(s)
	}
	if err != nil {
		return nil, raw.Corrupt(path, "", "index: %v", err)
	}
	return ix, nil
}

// parse reads the JSON.
func (ix *index) parse(s *scanner) error {
	mapped := false
	err := s.object(func(name string) error {
		switch name {
		case "metadata":
			return ix.parseMetadata(s)
		case "weight_map":
			if mapped {
				return s.fault("weight_map occurs twice")
			}
			mapped = true
			return ix.parseMap(s)
		}
		return s.skip(maxDepth)
	})
	if err == nil {
		err = s.end()
	}
	if err == nil && !mapped {
		err = errors.New("it has no weight_map, which says where tensors are")
	}
	return err
}

// parseMetadata looks for total_size.
func (ix *index) parseMetadata(s *scanner) error {
	if s.peek() != '{' {
		return s.skip(maxDepth)
	}
	return s.object(func(name string) (err error) {
		if name != "total_size" {
			return s.skip(maxDepth)
		}
		at := s.at
		if ix.totalSize, err = s.number(); err == nil {
			return nil
		}
		s.at, ix.totalSize = at, -1 // some have a fraction, or a string
		return s.skip(maxDepth)
	})
}

// parseMap reads the files of tensors.
func (ix *index) parseMap(s *scanner) error {
	known := make(map[string]string)
	return s.object(func(name string) error {
		file, err := s.str()
		if err != nil {
			return err
		}
		if before, ok := ix.of[name]; ok {
			return s.fault("%s occurs twice, in %s and in %s", raw.Quote(name), raw.Quote(before), raw.Quote(file))
		}
		if _, ok := known[file]; !ok {
			if !fs.ValidPath(file) || file == "." || strings.ContainsAny(file, "\\\x00") || !filepath.IsLocal(filepath.FromSlash(file)) {
				return s.fault("%s: its file is called %s, which is not in the directory of the index", raw.Quote(name), raw.Quote(file))
			}
			known[file] = file
			ix.files = append(ix.files, file)
		}
		ix.of[name] = known[file] // one string for all that name it
		return nil
	})
}

// open opens the files.
func (ix *index) open(fsys fsx.ReadFS) ([]*raw.Blob, error) {
	blobs := make([]*raw.Blob, 0, len(ix.files))
	for _, file := range ix.files {
		path := filepath.Join(filepath.Dir(ix.name), filepath.FromSlash(file))
		f, err := fsys.Open(path)
		if err != nil {
			closeAll(blobs)
			return nil, &raw.Error{File: ix.name, Offset: -1, Reason: fmt.Sprintf("it lists %s, which cannot be opened", raw.Quote(file)), Err: err}
		}
		blobs = append(blobs, raw.File(path, f))
	}
	return blobs, nil
}

// tensors reads the headers of the files and compares what they hold with the index.
func (ix *index) tensors(blobs []*raw.Blob) (all []raw.Tensor, metadata map[string]string, err error) {
	foundIn := make(map[string]int, len(ix.of)) // the files of tensors, from 1 on
	total := int64(0)
	for i, b := range blobs {
		h, err := readHeader(b)
		if err != nil {
			return nil, nil, err
		}
		for _, t := range h.tensors {
			if before := foundIn[t.Key]; before > 0 && before != i+1 {
				return nil, nil, raw.Corrupt(ix.name, t.Key, "it is in two files, %s and %s", ix.files[before-1], ix.files[i])
			}
			foundIn[t.Key] = i + 1
			t.Blob = i
			total += t.Size
			all = append(all, t)
		}
		for k, v := range h.metadata {
			if metadata == nil {
				metadata = make(map[string]string)
			}
			if _, ok := metadata[k]; !ok {
				metadata[k] = v
			}
		}
	}
	return all, metadata, ix.compare(all, foundIn, total)
}

// compare returns an error where the index does not say what the files hold.
func (ix *index) compare(all []raw.Tensor, foundIn map[string]int, total int64) error {
	for _, t := range all {
		switch file, ok := ix.of[t.Key]; {
		case !ok:
			return raw.Corrupt(ix.name, t.Key, "it is in %s, and the index does not list it: the index belongs to another save", ix.files[t.Blob])
		case file != ix.files[t.Blob]:
			return raw.Corrupt(ix.name, t.Key, "it is in %s, and the index says %s", ix.files[t.Blob], file)
		}
	}
	if missing := ix.missing(foundIn); len(missing) > 0 {
		return raw.Corrupt(ix.name, missing[0], "the index says that it is in %s, and it is in none of the files, as %d in all are not",
			ix.of[missing[0]], len(missing))
	}
	if ix.totalSize >= 0 && ix.totalSize != total {
		return raw.Corrupt(ix.name, "", "its total_size is %d, and the files hold %d bytes of tensors: the index belongs to another save, "+
			"or total_size is to be corrected", ix.totalSize, total)
	}
	return nil
}

// missing returns the names, in order, that the index lists and that were not found.
func (ix *index) missing(foundIn map[string]int) (names []string) {
	for name := range ix.of {
		if foundIn[name] == 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
