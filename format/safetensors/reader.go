package safetensors

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/nametree"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/fsx"
)

const (
	ending      = ".safetensors"
	indexEnding = ".index.json"
	defaultName = "model" + ending
)

// A Reader reads a checkpoint of one file or of several. It implements [format.Reader] and [format.Finder].
type Reader struct {
	*raw.Reader
	metadata map[string]string
	files    []string
}

var (
	_ format.Reader = (*Reader)(nil)
	_ format.Finder = (*Reader)(nil)
)

// Recognize reports whether a file that begins with head, of which it wants the first 9 bytes, looks like a safetensors file: a
// length that is allowed, and the brace that begins a header.
func Recognize(head []byte) bool {
	if len(head) <= lengthSize {
		return false
	}
	n := binary.LittleEndian.Uint64(head)
	return n >= 2 && n <= maxHeader && head[lengthSize] == '{'
}

// OpenFile opens the checkpoint at a path of the machine: a safetensors file, an index, or a directory with either. It is to be closed.
func OpenFile(path string) (*Reader, error) { return Open(fsx.OS{}, path) }

// OpenFS is [OpenFile] for a path in fsys.
func OpenFS(fsys fs.FS, path string) (*Reader, error) { return Open(fsx.FromFS(fsys), path) }

// Open is [OpenFile] for a path in fsys. Where there is no file at path but an index for it, path followed by ".index.json", that is
// opened. In a directory it opens the only index; where there is none, "model.safetensors" or the only safetensors
// file. The errors say which files there are.
func Open(fsys fsx.ReadFS, path string) (*Reader, error) {
	info, err := fsys.Stat(path)
	switch {
	case err == nil && info.IsDir():
		if path, err = inDirectory(fsys, path); err != nil {
			return nil, err
		}
	case errors.Is(err, fs.ErrNotExist) && !strings.HasSuffix(path, indexEnding):
		if _, err := fsys.Stat(path + indexEnding); err == nil {
			path += indexEnding
		}
	}
	f, err := fsys.Open(path)
	if err != nil {
		return nil, raw.OpenError("open", path, err)
	}
	return open(fsys, path, raw.File(path, f))
}

// open opens the checkpoint of which b is the one file or the index. It closes b, at once or with the Reader.
func open(fsys fsx.ReadFS, path string, b *raw.Blob) (*Reader, error) {
	var head [lengthSize + 1]byte
	n, _ := b.ReadAt(head[:], 0) // what cannot be read, readHeader says
	if !Recognize(head[:n]) && (strings.HasSuffix(path, indexEnding) || RecognizeIndex(head[:n])) {
		return openIndex(fsys, path, b)
	}
	h, err := readHeader(b)
	if err != nil {
		b.Close()
		return nil, err
	}
	return newReader(path, []*raw.Blob{b}, h.tensors, h.metadata)
}

// newReader returns the Reader of tensors. Where it fails it closes the blobs.
func newReader(path string, blobs []*raw.Blob, tensors []raw.Tensor, metadata map[string]string) (*Reader, error) {
	r, err := raw.NewReader(path, blobs, tensors, raw.Options{})
	if err != nil {
		closeAll(blobs)
		return nil, err
	}
	files := make([]string, len(blobs))
	for i, b := range blobs {
		files[i] = b.Name()
	}
	return &Reader{Reader: r, metadata: metadata, files: files}, nil
}

func closeAll(blobs []*raw.Blob) {
	for _, b := range blobs {
		b.Close()
	}
}

// inDirectory returns the path of what [Open] opens in a directory.
func inDirectory(fsys fsx.ReadFS, dir string) (string, error) {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return "", raw.OpenError("read directory", dir, err)
	}
	var files, indexes []string
	for _, e := range entries {
		switch {
		case strings.HasSuffix(e.Name(), ending+indexEnding):
			indexes = append(indexes, e.Name())
		case strings.HasSuffix(e.Name(), ending):
			files = append(files, e.Name())
		}
	}
	switch {
	case len(indexes) == 1 && len(files) > 0 && indexes[0] == defaultName+indexEnding && slices.Contains(files, defaultName):
		return "", raw.Unsupported(dir, "", "it has %s and an index of others, %s: name the one that is meant", defaultName, indexes[0])
	case len(indexes) == 1:
		return filepath.Join(dir, indexes[0]), nil
	case len(indexes) == 0 && len(files) == 1:
		return filepath.Join(dir, files[0]), nil
	case len(indexes) == 0 && slices.Contains(files, defaultName):
		return filepath.Join(dir, defaultName), nil
	case len(indexes) == 0 && len(files) == 0:
		return "", &raw.Error{File: dir, Offset: -1, Reason: "it has no safetensors file and no index of several", Err: fs.ErrNotExist}
	case len(indexes) == 0:
		return "", raw.Unsupported(dir, "", "it has %d safetensors files and no index, a file called %s: name the one that is meant",
			len(files), defaultName+indexEnding)
	}
	return "", raw.Unsupported(dir, "", "it has several indexes, %s: name the one that is meant", strings.Join(indexes, ", "))
}

// Metadata returns what the header has under "__metadata__", such as "format": "pt"; nil where there is none. Of several files it has
// the pairs of all; where they differ, those of the first.
func (r *Reader) Metadata() map[string]string { return maps.Clone(r.metadata) }

// Files returns the paths of the files that hold the tensors.
func (r *Reader) Files() []string { return append([]string(nil), r.files...) }

// Graph returns the graph of the tensors' names, see [nametree].
func (r *Reader) Graph() (*objectgraph.Graph, error) { return nametree.Graph(r.Keys()) }
