package safetensors

import (
	"encoding/binary"
	"io/fs"
	"maps"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/nametree"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/weightmap"
)

const ending = ".safetensors"

// A Reader reads a checkpoint of one or several files. It implements [format.Reader] and [format.Finder].
type Reader struct {
	*raw.Reader
	metadata map[string]string
	files    []string
}

var (
	_ format.Reader = (*Reader)(nil)
	_ format.Finder = (*Reader)(nil)
)

// Recognize reports whether a file that begins with head looks like a safetensors file: a valid header length, then the brace
// that begins a header. head must have at least 9 bytes.
func Recognize(head []byte) bool {
	if len(head) <= lengthSize {
		return false
	}
	n := binary.LittleEndian.Uint64(head)
	return n >= 2 && n <= maxHeader && head[lengthSize] == '{'
}

// RecognizeIndex reports whether a file that begins with head may be an index, because it looks like JSON. The name of the file
// is a better test.
func RecognizeIndex(head []byte) bool { return weightmap.Recognize(head) }

// OpenFile opens the checkpoint at a path of the operating system: a safetensors file, an index, or a directory with either.
// The caller must close the Reader.
func OpenFile(path string) (*Reader, error) { return Open(fsx.OS{}, path) }

// OpenFS is [OpenFile] for a path in fsys.
func OpenFS(fsys fs.FS, path string) (*Reader, error) { return Open(fsx.FromFS(fsys), path) }

// Open is [OpenFile] for a path in a filesystem of this module. If there is no file at path, Open tries an index at path followed
// by ".index.json". In a directory it opens the only index. If there is no index, it opens "model.safetensors" or the only
// safetensors file. Errors list the files that exist.
func Open(fsys fsx.ReadFS, path string) (*Reader, error) {
	path, err := weightmap.Safetensors.Find(fsys, path)
	if err != nil {
		return nil, err
	}
	f, err := fsys.Open(path)
	if err != nil {
		return nil, raw.OpenError("open", path, err)
	}
	return open(fsys, path, raw.File(path, f))
}

// open opens a checkpoint. b is its only file or its index. open closes b, at once or with the Reader.
func open(fsys fsx.ReadFS, path string, b *raw.Blob) (*Reader, error) {
	var head [lengthSize + 1]byte
	n, _ := b.ReadAt(head[:], 0) // readHeader reports a failed read
	if !Recognize(head[:n]) && (strings.HasSuffix(path, weightmap.Ending) || weightmap.Recognize(head[:n])) {
		return openIndex(fsys, path, b)
	}
	h, err := readHeader(b)
	if err != nil {
		b.Close()
		return nil, err
	}
	return newReader(path, []*raw.Blob{b}, h.tensors, h.metadata)
}

// openIndex opens the files that the index b lists. It closes b.
func openIndex(fsys fsx.ReadFS, path string, b *raw.Blob) (*Reader, error) {
	ix, err := weightmap.Read(b)
	b.Close()
	if err != nil {
		return nil, err
	}
	blobs, err := ix.Open(fsys)
	if err != nil {
		return nil, err
	}
	tensors, metadata, err := readHeaders(ix, blobs)
	if err != nil {
		closeAll(blobs)
		return nil, err
	}
	return newReader(path, blobs, tensors, metadata)
}

// readHeaders reads the headers of the files that an index lists, and compares the headers with the index.
func readHeaders(ix *weightmap.Index, blobs []*raw.Blob) (all []raw.Tensor, metadata map[string]string, err error) {
	keys := make([][]string, len(blobs))
	total := int64(0)
	for i, b := range blobs {
		h, err := readHeader(b)
		if err != nil {
			return nil, nil, err
		}
		for _, t := range h.tensors {
			t.Blob = i
			total += t.Size
			all = append(all, t)
			keys[i] = append(keys[i], t.Key)
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
	return all, metadata, ix.Check(keys, total)
}

// newReader returns the Reader of tensors. If it fails it closes the blobs.
func newReader(path string, blobs []*raw.Blob, tensors []raw.Tensor, metadata map[string]string) (*Reader, error) {
	r, err := raw.NewReader(path, blobs, tensors, raw.Options{})
	if err != nil {
		closeAll(blobs)
		return nil, err
	}
	names := make([]string, len(blobs))
	for i, b := range blobs {
		names[i] = b.Name()
	}
	return &Reader{Reader: r, metadata: metadata, files: names}, nil
}

func closeAll(blobs []*raw.Blob) {
	for _, b := range blobs {
		b.Close()
	}
}

// Metadata returns the header's member "__metadata__", such as "format": "pt", or nil if there is none. For several files it
// returns the pairs of all; if they differ, those of the first file.
func (r *Reader) Metadata() map[string]string { return maps.Clone(r.metadata) }

// Files returns the paths of the files that hold the tensors.
func (r *Reader) Files() []string { return append([]string(nil), r.files...) }

// Graph returns the graph of the tensors' names, see [nametree].
func (r *Reader) Graph() (*objectgraph.Graph, error) { return nametree.Of(r.Name(), r.Keys()) }
