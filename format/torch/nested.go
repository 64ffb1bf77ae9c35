package torch

import (
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/pickle"
)

// storageOf returns the storage that a value is: what a persistent id stands for or, in a pickle that torch.save did not write, a call of
// torch.storage._load_from_bytes with a whole file of the older form. The object in it is the storage.
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
	return nil, corrupt("a tensor is made of %s, and not of a storage", kind(v))
}

// readNested reads the file that a call has for its argument.
func (f *file) readNested(o *pickle.Object) (*window, error) {
	var data []byte
	ok := len(o.Args) == 1
	if ok {
		data, ok = rawBytes(o.Args[0])
	}
	if !ok || !isLegacy(data) {
		return nil, corrupt("a storage is loaded from bytes that are not a file of torch.save")
	}
	inner := newFile(raw.Memory(f.pickleName, data))
	if err := inner.readLegacy(); err != nil {
		return nil, err
	}
	w, ok := inner.root.(*window) // and not a file in a file in a file
	if !ok {
		return nil, corrupt("a storage is loaded from a file of %s", kind(inner.root))
	}
	if !w.meta {
		f.blobs = append(f.blobs, inner.blobs[w.blob])
		w.blob = len(f.blobs) - 1
	}
	return w, nil
}
