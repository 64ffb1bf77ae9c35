package torch

import (
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/pickle"
	"github.com/gockpt/ckpt/tensor"
)

// A storage is a run of bytes in a file that tensors refer to.
type storage struct {
	key   string
	bytes int64
	size  int64 // of an element as it is stored; legacy files count in them
	meta  bool  // it has no bytes in the file
	blob  int   // index in file.blobs, once it is known
}

// A window is what a persistent id stands for: the elements of a storage, or of a part of it in files of PyTorch 0.1 and 0.2.
type window struct {
	*storage
	element element
	start   int64 // in elements
	numel   int64
}

// persistent returns what a persistent id stands for.
func (f *file) persistent(id pickle.Value) (pickle.Value, error) {
	t, ok := id.(pickle.Tuple)
	if _, text := id.(string); text {
		return nil, unsupported("its pickle has protocol 0, which PyTorch itself cannot load: save it again without pickle_protocol")
	}
	if !ok || len(t) == 0 {
		return nil, corrupt("a persistent id is %s, and not a tuple", kind(id))
	}
	switch {
	case t[0] == "module" && len(t) > 1:
		return t[1], nil // the class, which has its source beside it
	case t[0] == "storage" && len(t) > 4:
		return f.window(t)
	}
	return nil, corrupt("a persistent id is neither that of a storage nor of a module")
}

// window returns what ("storage", type, key, location, number of elements) or, with a sixth (key, offset, size), a part of it stands for.
func (f *file) window(id pickle.Tuple) (*window, error) {
	e, ok := storageElement(id[1])
	if !ok {
		return nil, unsupported("the type of a storage is %s, which is not known", kind(id[1]))
	}
	key, ok := id[2].(string)
	numel, ok2 := id[4].(int64)
	switch {
	case !ok || !ok2:
		return nil, corrupt("a storage has %s for a key and %s for a size", kind(id[2]), kind(id[4]))
	case numel < 0:
		return nil, corrupt("storage %s has a size of %d", raw.Quote(key), numel)
	}
	w := &window{storage: f.storages[key], element: e, numel: numel}
	if w.storage == nil {
		w.storage = &storage{key: key, size: e.size, meta: id[3] == "meta"}
		if numel > f.size/e.size && !w.meta {
			return nil, corrupt("storage %s has %d elements of %s, more than the file", raw.Quote(key), numel, e.name)
		}
		w.bytes = numel * e.size
		if err := f.locate(w.storage); err != nil {
			return nil, err
		}
		f.storages[key] = w.storage
	} else if !w.meta && (numel > f.size/e.size || numel*e.size != w.bytes) {
		return nil, corrupt("storage %s has %d bytes, and %d elements of %s elsewhere", raw.Quote(key), w.bytes, numel, e.name)
	}
	if len(id) > 5 && id[5] != nil {
		return w, w.narrow(id[5])
	}
	return w, nil
}

// narrow makes w the part that (key, offset, size) says.
func (w *window) narrow(v pickle.Value) error {
	view, _ := v.(pickle.Tuple)
	if len(view) < 3 {
		return corrupt("a part of storage %s is %s", raw.Quote(w.key), kind(v))
	}
	start, ok := view[1].(int64)
	size, ok2 := view[2].(int64)
	if !ok || !ok2 || start < 0 || size < 0 || size > w.numel || start > w.numel-size {
		return corrupt("a part of storage %s leaves its %d elements", raw.Quote(w.key), w.numel)
	}
	w.start, w.numel = start, size
	return nil
}

// whole returns the tensor of all elements.
func (w *window) whole() *made {
	return &made{element: w.element, shape: tensor.Shape{int(w.numel)}, window: w, offset: w.start}
}
