package npz

import (
	"errors"
	"io"
	"io/fs"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/nametree"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/zipfile"
	"github.com/gockpt/ckpt/tensor"
)

const (
	ending   = ".npy"
	zipMagic = "PK"

	// maxName is how many bytes of the name of an unknown type are listed.
	maxName = 24
)

// A Reader reads the arrays of a file. It implements [format.Reader] and [format.Finder].
type Reader struct{ *raw.Reader }

var (
	_ format.Reader = Reader{}
	_ format.Finder = Reader{}
)

// Recognize reports whether a file that begins with head is a .npy file. For ZIP archives see RecognizeMembers.
func Recognize(head []byte) bool { return strings.HasPrefix(string(head), magic) }

// RecognizeMembers reports whether an archive with members of these names is a .npz file: whether one of the names ends in ".npy".
func RecognizeMembers(names iter.Seq[string]) bool {
	for name := range names {
		if strings.HasSuffix(name, ending) {
			return true
		}
	}
	return false
}

// OpenFile opens the .npz or .npy file at a path of the operating system. The caller must close the Reader.
func OpenFile(path string) (*Reader, error) { return Open(fsx.OS{}, path) }

// OpenFS is [OpenFile] for a path in fsys.
func OpenFS(fsys fs.FS, path string) (*Reader, error) { return Open(fsx.FromFS(fsys), path) }

// Open is [OpenFile] for a path in a filesystem of this module. It tells .npz from .npy by the first bytes of the file.
func Open(fsys fsx.ReadFS, path string) (*Reader, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return nil, raw.OpenError("open", path, err)
	}
	file := raw.File(path, f)
	r, err := open(path, file)
	if err != nil {
		file.Close()
		return nil, err
	}
	return r, nil
}

func open(path string, file *raw.Blob) (*Reader, error) {
	var head [len(zipMagic)]byte
	n, err := file.ReadAt(head[:], 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	blobs, tensors := []*raw.Blob{file}, []raw.Tensor(nil)
	if string(head[:n]) == zipMagic {
		a, err := zipfile.Open(file)
		if err != nil {
			return nil, err
		}
		if blobs, tensors, err = arrays(a); err != nil {
			return nil, err
		}
		if len(blobs) == 0 {
			blobs = []*raw.Blob{file} // the blobs to close on failure
		}
	} else {
		t, err := array(file, strings.TrimSuffix(filepath.Base(filepath.ToSlash(path)), ending), nil)
		if err != nil {
			return nil, err
		}
		tensors = []raw.Tensor{t}
	}
	r, err := raw.NewReader(path, blobs, tensors, raw.Options{})
	if err != nil {
		return nil, err
	}
	return &Reader{r}, nil
}

// arrays returns the arrays of an archive, each in its own blob.
func arrays(a *zipfile.Archive) (blobs []*raw.Blob, tensors []raw.Tensor, err error) {
	for name := range a.Names() {
		if strings.HasSuffix(name, "/") { // a directory
			continue
		}
		b, err := a.Blob(name)
		if err != nil {
			return nil, nil, err
		}
		sum := a.CRC(name)
		t, err := array(b, strings.TrimSuffix(name, ending), &sum)
		if err != nil {
			return nil, nil, err
		}
		t.Blob = len(blobs)
		blobs, tensors = append(blobs, b), append(tensors, t)
	}
	return blobs, tensors, nil
}

// A source remembers the error of its Reader.
type source struct {
	io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		s.err = err
	}
	return n, err
}

// array returns the array that fills b. sum is the CRC-32 of b, or nil if it is unknown.
func array(b *raw.Blob, key string, sum *uint32) (raw.Tensor, error) {
	t := raw.Tensor{Key: key}
	r, err := b.Open()
	if err != nil {
		return t, err
	}
	defer r.Close()
	from := &source{Reader: r}
	h, err := readHeader(from, b.Size())
	switch {
	case from.err != nil: // says nothing about the contents
		return t, from.err
	case err == errMagic && sum != nil: // an archive may have other members
		t.Shape, t.Stored, t.Size = tensor.Shape{}, "bytes", b.Size()
		t.Refuse = raw.Unsupported(b.Name(), "", "this member of the archive is not an array: %v", err)
		return t, nil
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return t, raw.Corrupt(b.Name(), "", "its %d bytes end in the header: it was cut off", b.Size())
	case err != nil:
		return t, raw.Corrupt(b.Name(), "", "%v", err)
	}
	t.Shape, t.Stored, t.Offset = h.shape, h.descr, h.size
	var reason error
	if h.records {
		t.Stored = "records"
		reason = errors.New("it holds records, " + h.descr[:min(len(h.descr), 40)] + ": save each field as an array")
	} else {
		t.DType, t.BigEndian, reason = parseDescr(h.descr)
	}
	if reason != nil {
		t.Stored = t.Stored[:min(len(t.Stored), maxName)]
		t.Size, t.Refuse = b.Size()-h.size, raw.Unsupported(b.Name(), "", "%v", reason)
		return t, nil
	}
	if sum != nil {
		t.Sum = &raw.Sum{Before: h.sum, Want: *sum}
	}
	if h.fortran {
		t.Strides = fortranStrides(h.shape)
	}
	return t, checkSize(b, &t)
}

// checkSize returns an error unless the array ends at the end of b.
func checkSize(b *raw.Blob, t *raw.Tensor) error {
	if err := t.Shape.Check(); err != nil {
		return raw.Corrupt(b.Name(), "", "%v", err)
	}
	size, left := t.DType.Size(), b.Size()-t.Offset
	if n := int64(t.Shape.Len()); n > left/int64(size) || n*int64(size) != left {
		return raw.Corrupt(b.Name(), "", "%s%v needs %d elements of %d bytes, but %d bytes follow the header: it was cut off, or holds more than one array",
			t.Stored, t.Shape, n, size, left)
	}
	return nil
}

// fortranStrides returns the strides of an array with its first axis innermost. If shape overflows, the strides are wrong and
// checkSize returns the error.
func fortranStrides(shape tensor.Shape) []int64 {
	s := make([]int64, len(shape))
	next := int64(1)
	for i, n := range shape {
		s[i] = next
		next *= int64(n)
	}
	if slices.Contains(shape, 0) {
		return nil
	}
	return s
}

// Graph returns the graph of the arrays' names: see package nametree.
func (r *Reader) Graph() (*objectgraph.Graph, error) { return nametree.Of(r.Name(), r.Keys()) }
