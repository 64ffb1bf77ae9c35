package raw

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/slab"
	"github.com/gockpt/ckpt/tensor"
)

// A Reader reads the tensors of one or more files. Several goroutines may use it at once.
type Reader struct {
	name    string
	blobs   []*Blob
	entries []entry // sorted by key
}

var (
	_ format.Reader = (*Reader)(nil)
	_ format.Finder = (*Reader)(nil)
)

// Options describe what a format allows. The zero value is for formats in which every tensor has its own
// bytes.
type Options struct {
	// Overlap allows tensors to share bytes: several names of one tensor, views of one storage.
	Overlap bool
}

// NewReader returns a reader of tensors that lie in blobs. Messages call the whole name. tensors may have any
// order; the reader keeps the slice and may change it. Errors are of type *Error and name the invalid tensor. Closing the
// reader closes the blobs. If NewReader fails the caller must close them.
func NewReader(name string, blobs []*Blob, tensors []Tensor, opts Options) (*Reader, error) {
	r := &Reader{name: name, blobs: blobs, entries: make([]entry, len(tensors))}
	for i := range tensors {
		t, e := &tensors[i], &r.entries[i]
		var err error
		if *e, err = newEntry(t, blobs); err != nil {
			return nil, Corrupt(r.file(t.Blob), t.Key, "%v", err)
		}
		if e.Refuse == nil && e.blob.open != nil && !e.dense() {
			return nil, Unsupported(e.blob.name, t.Key, "it is compressed, and its strides %v have gaps: it cannot be read in one pass", t.Strides)
		}
	}
	stored := slices.Clone(r.entries) // in the order of tensors, which usually is the order of their bytes
	slices.SortFunc(r.entries, func(a, b entry) int { return strings.Compare(a.Key, b.Key) })
	for i := 1; i < len(r.entries); i++ {
		if e := &r.entries[i]; e.Key == r.entries[i-1].Key {
			return nil, Corrupt(r.file(e.Blob), e.Key, "two tensors have this name")
		}
	}
	return r, checkOverlap(stored, opts.Overlap)
}

func (r *Reader) file(blob int) string {
	if blob < 0 || blob >= len(r.blobs) {
		return r.name
	}
	return r.blobs[blob].name
}

// checkOverlap returns an error if tensors share bytes although the format does not allow it, or if tensors that share bytes
// have far more bytes than the blob. It sorts entries.
func checkOverlap(entries []entry, allowed bool) error {
	entries = slices.DeleteFunc(entries, func(e entry) bool { return e.Size <= 0 })
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.Blob, b.Blob), cmp.Compare(a.Offset, b.Offset), strings.Compare(a.Key, b.Key))
	})
	var values int64 // bytes of the tensors of one blob so far
	for i, e := range entries {
		if i == 0 || e.Blob != entries[i-1].Blob {
			values = 0
		} else if before := entries[i-1]; !allowed && before.Offset+before.Size > e.Offset {
			return Corrupt(e.blob.name, e.Key, "its bytes, from offset %d on, overlap those of %s, which end at %d",
				e.Offset, Quote(before.Key), before.Offset+before.Size)
		}
		if e.Refuse != nil {
			continue
		}
		var err error
		if values, err = sum(values, max(e.Size, int64(e.n)*int64(e.DType.Size()))); err != nil || e.Code == nil && tooMany(values, e.blob.size) {
			return Corrupt(e.blob.name, e.Key, "up to this one the tensors have more than %d times the %d bytes of the file", maxRepeats, e.blob.size)
		}
	}
	return nil
}

// tooMany reports whether tensors that share size bytes may not have as many bytes as values.
func tooMany(values, size int64) bool { return values > freeRepeats && values/maxRepeats > size }

// Close closes the files of all blobs.
func (r *Reader) Close() error {
	var errs []error
	for _, b := range r.blobs {
		errs = append(errs, b.Close())
	}
	return errors.Join(errs...)
}

// Name returns the reader's name in messages.
func (r *Reader) Name() string { return r.name }

// Len returns the number of tensors.
func (r *Reader) Len() int { return len(r.entries) }

// Tensor returns the file's description of key. The caller must not change its shape and strides.
func (r *Reader) Tensor(key string) (t Tensor, ok bool) {
	i, ok := r.search(key)
	if !ok {
		return Tensor{}, false
	}
	return *r.entries[i].Tensor, true
}

// Tensors yields the file's description of every tensor, in the byte order of keys.
func (r *Reader) Tensors() iter.Seq[Tensor] {
	return func(yield func(Tensor) bool) {
		for i := range r.entries {
			if !yield(*r.entries[i].Tensor) {
				return
			}
		}
	}
}

// Keys yields the names of the tensors in byte order.
func (r *Reader) Keys() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range r.entries {
			if !yield(r.entries[i].Key) {
				return
			}
		}
	}
}

// Unverified reports whether damage to the values of a tensor can go unnoticed, because they do not have a checksum. The
// checksum of a stream, or of a tensor with a Sum, is compared when all of it is read.
func (r *Reader) Unverified() bool {
	return slices.ContainsFunc(r.entries, func(e entry) bool {
		return e.Refuse == nil && e.n > 0 && e.Sum == nil && e.blob.open == nil
	})
}

func (r *Reader) search(key string) (int, bool) {
	return slices.BinarySearchFunc(r.entries, key, func(e entry, key string) int { return strings.Compare(e.Key, key) })
}

// find is search, but returns an error if key is not stored.
func (r *Reader) find(key string) (*entry, error) {
	i, ok := r.search(key)
	if !ok {
		return nil, &Error{File: r.name, Key: key, Offset: -1, Reason: "the file has no tensor of this name", Err: format.ErrNotFound}
	}
	return &r.entries[i], nil
}

// entry returns the description of e for package format. shape is a copy of its shape. Entry.Bytes counts the bytes that
// [Reader.WriteStored] writes or, for a tensor with Refuse, the stored bytes.
func (e *entry) entry(shape tensor.Shape) format.Entry {
	f := format.Entry{Key: e.Key, DType: e.DType, Shape: shape, Bytes: e.Size}
	if e.Refuse == nil {
		f.Bytes = int64(e.n) * int64(e.DType.Size())
	}
	if e.Code != nil || e.DType == tensor.InvalidDType {
		f.Stored = cmp.Or(e.Stored, "unknown")
	}
	return f
}

// Lookup implements [format.Reader].
func (r *Reader) Lookup(key string) (found format.Entry, ok bool, err error) {
	i, ok := r.search(key)
	if !ok {
		return format.Entry{}, false, nil
	}
	e := &r.entries[i]
	return e.entry(slices.Clone(e.Shape)), true, nil
}

// All implements [format.Reader].
func (r *Reader) All() iter.Seq2[format.Entry, error] {
	return func(yield func(format.Entry, error) bool) {
		var shapes slab.Slab[int]
		for i := range r.entries {
			e := &r.entries[i]
			if !yield(e.entry(shapes.Clone(e.Shape)), nil) {
				return
			}
		}
	}
}

// Check implements format.Reader. Positions were checked when the file was opened, so it only returns Tensor.Refuse.
func (r *Reader) Check(key string) error {
	e, err := r.find(key)
	if err != nil {
		return err
	}
	return e.Refuse
}

// CheckSlice implements [format.Reader].
func (r *Reader) CheckSlice(key string, region tensor.Slice) error {
	_, _, err := r.region(key, region)
	return err
}

// region returns the entry of key and a region of it with the lengths of all axes.
func (r *Reader) region(key string, region tensor.Slice) (*entry, tensor.Slice, error) {
	e, err := r.find(key)
	if err != nil {
		return nil, nil, err
	}
	resolved, _, err := region.Resolve(e.Shape)
	if err != nil {
		return nil, nil, &Error{File: e.blob.name, Key: key, Offset: -1, Err: err}
	}
	return e, resolved, e.Refuse
}

// Read implements [format.Reader].
func (r *Reader) Read(ctx context.Context, key string, dst tensor.Any) error {
	e, err := r.find(key)
	if err != nil {
		return err
	}
	return e.read(ctx, wholeSlice(e.Shape), dst, aloneSize)
}

// ReadSlice implements [format.Reader]. In a stream it unpacks everything before the region's end.
func (r *Reader) ReadSlice(ctx context.Context, key string, region tensor.Slice, dst tensor.Any) error {
	e, resolved, err := r.region(key, region)
	if err != nil {
		return err
	}
	return e.read(ctx, resolved, dst, aloneSize)
}

// Find implements [format.Finder].
func (r *Reader) Find(key string) (format.Found, bool, error) {
	i, ok := r.search(key)
	if !ok {
		return nil, false, nil
	}
	return found{&r.entries[i]}, true, nil
}

// found implements [format.Found].
type found struct{ e *entry }

func (f found) Entry() (format.Entry, error) { return f.e.entry(slices.Clone(f.e.Shape)), nil }
func (f found) Check() error                 { return f.e.Refuse }
func (f found) Read(ctx context.Context, dst tensor.Any) error {
	return f.e.read(ctx, wholeSlice(f.e.Shape), dst, parallelSize)
}
