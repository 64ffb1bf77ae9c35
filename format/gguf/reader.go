package gguf

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/nametree"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/fsx"
)

// A Reader reads a file. It implements [format.Reader] and [format.Finder].
type Reader struct {
	*raw.Reader
	header header
}

var (
	_ format.Reader = (*Reader)(nil)
	_ format.Finder = (*Reader)(nil)
)

// Recognize reports whether a file that begins with head is a GGUF file.
func Recognize(head []byte) bool { return strings.HasPrefix(string(head), magic) }

// OpenFile opens the file at a path of the operating system. The caller must close the Reader.
func OpenFile(path string) (*Reader, error) { return Open(fsx.OS{}, path) }

// OpenFS is [OpenFile] for a path in fsys.
func OpenFS(fsys fs.FS, path string) (*Reader, error) { return Open(fsx.FromFS(fsys), path) }

// Open is [OpenFile] for a path in fsys. If a model has several files, Open opens all of them for the name of
// the first, NAME-00001-of-00002.gguf. The others must be in the same directory. Any other name opens a
// single file.
func Open(fsys fsx.ReadFS, path string) (*Reader, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return nil, raw.OpenError("open", path, err)
	}
	file := raw.File(path, f)
	r, err := open(fsys, path, file)
	if err != nil {
		file.Close()
		return nil, err
	}
	return r, nil
}

func open(fsys fsx.ReadFS, path string, file *raw.Blob) (*Reader, error) {
	h, err := readHeader(file)
	if err != nil {
		return nil, err
	}
	blobs, err := h.openSplits(fsys, file)
	var r *raw.Reader
	if err == nil {
		r, err = raw.NewReader(path, blobs, h.tensors, raw.Options{})
	}
	if err != nil {
		for _, b := range blobs[1:] {
			b.Close()
		}
		return nil, err
	}
	h.tensors, h.kinds = nil, nil // r has them now
	return &Reader{Reader: r, header: h}, nil
}

// Version returns the version of the file's format, 2 or 3.
func (r *Reader) Version() int { return int(r.header.version) }

// Metadata returns the metadata, such as "general.architecture". For several files it returns the metadata of the first. Each
// value is a bool, a string, a number of the file's type, or a slice of these; an array of arrays is a []any. The caller must not
// change the map.
func (r *Reader) Metadata() map[string]any { return r.header.metadata }

// MetadataText returns the metadata as text. Values that are not strings are in JSON, but NaN and the infinities, which JSON
// lacks, are as fmt.Sprint prints them.
func (r *Reader) MetadataText() map[string]string {
	metadata := make(map[string]string, len(r.header.metadata))
	for key, value := range r.header.metadata {
		metadata[key] = text(value)
	}
	return metadata
}

func text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case []uint8: // JSON would have base64
		numbers := make([]uint16, len(v))
		for i, b := range v {
			numbers[i] = uint16(b)
		}
		value = numbers
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(encoded)
}

// Graph returns the graph of the tensors' names: see package nametree.
func (r *Reader) Graph() (*objectgraph.Graph, error) { return nametree.Of(r.Name(), r.Keys()) }
