package torch

import (
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/pickle"
	"github.com/gockpt/ckpt/tensor"
)

// A storage is a sequence of bytes in a file to which tensors refer.
type storage struct {
	key   string
	bytes int64
	size  int64 // of a stored element; legacy files count elements
	meta  bool  // the file does not have its bytes
	blob  int   // index in file.blobs, once known
}

// A window is the value of a persistent id: the elements of a storage or, in files of PyTorch 0.1 and 0.2, of a part of it.
type window struct {
	*storage
	element element
	start   int64 // in elements
	numel   int64
}

// persistent returns the value of a persistent id.
func (f *file) persistent(id pickle.Value) (pickle.Value, error) {
	t, ok := id.(pickle.Tuple)
	if _, text := id.(string); text {
		return nil, unsupported("its pickle has protocol 0, which PyTorch itself cannot load: save it again without pickle_protocol")
	}
	if !ok || len(t) == 0 {
		return nil, corrupt("a persistent id is %s, expected a tuple", kind(id))
	}
	switch {
	case t[0] == "module" && len(t) > 1:
		return t[1], nil // the class; its source code comes next
	case t[0] == "storage" && len(t) > 4:
		return f.window(t)
	}
	return nil, corrupt("a persistent id is neither of a storage nor of a module")
}

// window returns the window for ("storage", type, key, location, number of elements). A sixth item (key, offset, size) selects a
// part.
func (f *file) window(id pickle.Tuple) (*window, error) {
	e, ok := storageElement(id[1])
	if !ok {
		return nil, unsupported("the type of a storage is %s, which is unknown", kind(id[1]))
	}
	key, ok := id[2].(string)
	numel, ok2 := id[4].(int64)
	switch {
	case !ok || !ok2:
		return nil, corrupt("the key of a storage is %s and its size is %s", kind(id[2]), kind(id[4]))
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
		return nil, corrupt("storage %s has %d bytes, but elsewhere it has %d elements of %s", raw.Quote(key), w.bytes, numel, e.name)
	}
	if len(id) > 5 && id[5] != nil {
		return w, w.narrow(id[5])
	}
	return w, nil
}

// narrow reduces w to the part that (key, offset, size) selects.
func (w *window) narrow(v pickle.Value) error {
	view, _ := v.(pickle.Tuple)
	if len(view) < 3 {
		return corrupt("a part of storage %s is %s", raw.Quote(w.key), kind(v))
	}
	start, ok := view[1].(int64)
	size, ok2 := view[2].(int64)
	if !ok || !ok2 || start < 0 || size < 0 || size > w.numel || start > w.numel-size {
		return corrupt("a part of storage %s exceeds its %d elements", raw.Quote(w.key), w.numel)
	}
	w.start, w.numel = start, size
	return nil
}

// whole returns the tensor of all elements.
func (w *window) whole() *made {
	return &made{element: w.element, shape: tensor.Shape{int(w.numel)}, window: w, offset: w.start}
}
