package torch

import (
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/pickle"
)

// storageOf returns the storage in v: the value of a persistent id. In a pickle that torch.save did not write it is a call of
// torch.storage._load_from_bytes with a whole file of the older form, and the object in that file is the storage.
func (f *file) storageOf(v pickle.Value) (*window, error) {
	switch v := v.(type) {
	case *window:
		return v, nil
	case *pickle.Object:
		if globals[v.Class.String()] != nested {
			break
		}
		if w := f.nested[v]; w != nil {
			return w, nil
		}
		w, err := f.readNested(v)
		f.nested[v] = w
		return w, err
	}
	return nil, corrupt("a tensor is made of %s, expected a storage", kind(v))
}

// readNested reads the file in the argument of a call.
func (f *file) readNested(o *pickle.Object) (*window, error) {
	var data []byte
	ok := len(o.Args) == 1
	if ok {
		data, ok = rawBytes(o.Args[0])
	}
	if !ok || !isLegacy(data) {
		return nil, corrupt("a storage is loaded from bytes that torch.save did not write")
	}
	inner := newFile(raw.Memory(f.pickleName, data))
	if err := inner.readLegacy(); err != nil {
		return nil, err
	}
	w, ok := inner.root.(*window) // deeper nesting is not supported
	if !ok {
		return nil, corrupt("a storage is loaded from a file of %s", kind(inner.root))
	}
	if !w.meta {
		f.blobs = append(f.blobs, inner.blobs[w.blob])
		w.blob = len(f.blobs) - 1
	}
	return w, nil
}
