package torch

import (
	"bytes"
	"io"

	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/pickle"
)

// A file is one PyTorch file while it is being read.
type file struct {
	name       string // for messages
	size       int64
	pickleName string // the pickle in the file, in messages
	pickleSize int64
	bigEndian  bool

	blobs    []*raw.Blob // the file itself first, then storages and arrays
	root     pickle.Value
	storages map[string]*storage
	locate   func(*storage) error // locates the bytes of a new storage

	made   map[*pickle.Object]*made
	nested map[*pickle.Object]*window // storages that are files in the pickle
	depth  int                        // nesting of the tensor that is being made
}

// newFile returns the file in b. It does not read anything.
func newFile(b *raw.Blob) *file {
	return &file{
		name: b.Name(), size: b.Size(), pickleName: b.Name(), blobs: []*raw.Blob{b},
		storages: make(map[string]*storage), locate: func(*storage) error { return nil },
		made: make(map[*pickle.Object]*made), nested: make(map[*pickle.Object]*window),
	}
}

// readFile reads the file in b: it decodes the pickle and locates the storages.
func readFile(b *raw.Blob) (*file, error) {
	f := newFile(b)
	head := make([]byte, min(b.Size(), headSize))
	if _, err := b.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, raw.OpenError("read", f.name, err)
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return f, f.readArchive()
	case isLegacy(head):
		return f, f.readLegacy()
	case isTar(head):
		return nil, in(f.name, "", unsupported("it is a tar archive, from PyTorch before 0.1.10: load it in a version of PyTorch before 2.0 and save it again"))
	case isPickle(head):
		return f, f.readPickle()
	case len(head) == 0:
		return nil, in(f.name, "", corrupt("the file is empty"))
	}
	return nil, in(f.name, "", unsupported("torch.save did not write it: it begins with %q", head[:min(len(head), 8)]))
}

// options returns the options of the pickle's decoder.
func (f *file) options() pickle.Options {
	return pickle.Options{Call: allowCall, Persistent: f.persistent}
}
