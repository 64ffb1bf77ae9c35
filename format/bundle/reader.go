package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"slices"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/slab"
	"github.com/gockpt/ckpt/internal/slicekey"
	"github.com/gockpt/ckpt/tensor"
)

// A Reader reads a checkpoint. It implements [format.Reader].
type Reader struct {
	prefix string
	header header
	index  fsx.Reader
	table  *sstable.Reader
	data   dataFiles
	listed listedParts
}

var _ format.Reader = (*Reader)(nil)

// OpenFile is [Open] for a checkpoint in the operating system's files.
func OpenFile(prefix string) (*Reader, error) { return Open(fsx.OS{}, prefix) }

// OpenFS is [Open] for a checkpoint in fsys.
func OpenFS(fsys fs.FS, prefix string) (*Reader, error) { return Open(fsx.FromFS(fsys), prefix) }

// Open opens the checkpoint called prefix in a filesystem of this module. It reads and verifies the whole index but does not read
// data files. The caller must close the Reader.
//
// A damaged table, header or order of keys is an error. An entry that does not describe a tensor is an error only when it is
// looked up or listed, so that the other entries can be read.
//
// All data that a Reader reads belongs to one save. If fsys can be written to and there are at most 16 data files, Open opens them,
// and the Reader can still read them after the checkpoint is replaced or removed. Otherwise data files are opened when they are
// needed, at most 64 at once. If the checkpoint was replaced by then, the error satisfies errors.Is(err, format.ErrStale). The
// Reader does not notice a program that overwrites data files in place instead of renaming new ones over them.
func Open(fsys fsx.ReadFS, prefix string) (*Reader, error) {
	for range maxOpens {
		r, err := open(fsys, prefix)
		if err != nil {
			return nil, err
		}
		if _, changes := fsys.(fsx.FS); !changes {
			return r, nil
		}
		ok, err := r.data.openAll()
		if ok && err == nil {
			return r, nil
		}
		r.Close()
		if err != nil {
			return nil, openError(IndexFile(prefix), err)
		}
	}
	return nil, &Error{File: IndexFile(prefix), Offset: -1, Err: format.ErrStale,
		Reason: fmt.Sprintf("it was replaced each of the %d times that it was opened", maxOpens)}
}

// open is one attempt of Open. It does not open data files.
func open(fsys fsx.ReadFS, prefix string) (*Reader, error) {
	name := IndexFile(prefix)
	index, err := fsx.OpenWhole(fsys, name)
	if err != nil {
		return nil, openError(name, err)
	}
	r := &Reader{prefix: prefix, index: index}
	if err := r.load(fsys, name); err != nil {
		index.Close()
		return nil, err
	}
	return r, nil
}

// load opens the table of the index, which is called name, verifies all of it, and checks the header.
func (r *Reader) load(fsys fsx.ReadFS, name string) (err error) {
	if r.table, err = sstable.Open(r.index, r.index.Size()); err != nil {
		return r.tableError(err)
	}
	entries, err := r.table.Check()
	if err != nil {
		return r.tableError(err)
	}
	if entries == 0 {
		return r.headerError("the table is empty")
	}
	for e := range r.table.All() {
		if err := r.loadHeader(e); err != nil {
			return err
		}
		break
	}
	r.data = dataFiles{fsys: fsys, prefix: r.prefix, n: r.header.shards, index: r.index, indexName: name}
	return nil
}

func (r *Reader) loadHeader(e sstable.Entry) (err error) {
	if len(e.Key) != 0 {
		return r.headerError("the first key is %q, want the empty key of the header", e.Key[:min(len(e.Key), 100)])
	}
	if r.header, err = decodeHeader(e.Value); err != nil {
		return r.headerError("%v", err)
	}
	if err := r.header.checkVersion(); err != nil {
		return &Error{File: IndexFile(r.prefix), Offset: -1, Reason: "header", Err: err}
	}
	return nil
}

func (r *Reader) headerError(reason string, args ...any) error {
	return &Error{File: IndexFile(r.prefix), Offset: -1,
		Reason: "header: " + fmt.Sprintf(reason, args...), Err: format.ErrCorrupt}
}

func (r *Reader) tableError(err error) error {
	return &Error{File: IndexFile(r.prefix), Offset: -1, Err: err}
}

// Close closes the files. Reads in progress fail.
func (r *Reader) Close() error {
	return errors.Join(r.data.close(), r.index.Close())
}

// Lookup implements [format.Reader]. The empty key and the keys of parts are not found.
func (r *Reader) Lookup(key string) (e format.Entry, ok bool, err error) {
	var rec record
	if ok, err := r.lookup(key, &rec); !ok || err != nil {
		return format.Entry{}, false, err
	}
	e, err = r.entry(key, &rec)
	return e, err == nil, err
}

// lookup decodes and checks the entry of key.
func (r *Reader) lookup(key string, rec *record) (ok bool, err error) {
	if key == "" {
		return false, nil
	}
	if ok, err := r.get(key, rec); !ok || err != nil {
		return false, err
	}
	if key[0] == 0 && r.hides([]byte(key)) { // otherwise it is not a part
		return false, nil
	}
	if err := rec.check(); err != nil {
		return false, r.entryError(key, "", err)
	}
	return true, nil
}

// find is lookup, but returns an error if the key is not stored.
func (r *Reader) find(key string, rec *record) error {
	ok, err := r.lookup(key, rec)
	if err == nil && !ok {
		err = &Error{File: IndexFile(r.prefix), Key: key, Offset: -1,
			Reason: "not found in the checkpoint", Err: format.ErrNotFound}
	}
	return err
}

// get decodes the entry of key.
func (r *Reader) get(key string, rec *record) (ok bool, err error) {
	value, ok, err := r.table.GetString(key)
	if err != nil {
		return false, r.tableError(err)
	}
	if !ok {
		return false, nil
	}
	if err := rec.decode(value); err != nil {
		return false, r.entryError(key, "", err)
	}
	return true, nil
}

// entryError returns the error about an entry that does not describe a tensor.
func (r *Reader) entryError(key, part string, err error) error {
	return &Error{File: IndexFile(r.prefix), Key: key, Part: part, Offset: -1,
		Reason: "its entry is damaged: " + err.Error(), Err: format.ErrCorrupt}
}

// entry returns rec as a format.Entry. rec must be checked, and must not change afterwards.
func (r *Reader) entry(key string, rec *record) (format.Entry, error) {
	e := format.Entry{Key: key, DType: rec.dtype, Shape: rec.shape, Bytes: max(rec.size, 0)}
	if len(rec.slices) == 0 {
		return e, nil
	}
	e.Slices, e.Bytes = rec.slices, 0
	entries, err := r.storedParts(key)
	if err != nil {
		return format.Entry{}, err
	}
	for _, s := range rec.slices {
		var part record
		if part.decode(entries[string(slicekey.AppendSlice(nil, s))]) == nil { // Check reports missing and damaged parts
			e.Bytes = addSaturated(e.Bytes, max(part.size, 0))
		}
	}
	return e, nil
}

// storedParts returns the encoded entries of all parts of the tensor called key, by the results of
// appendSlice. It finds them in one pass, so that the time for many parts of a long name is in proportion to
// their keys.
func (r *Reader) storedParts(key string) (map[string][]byte, error) {
	parts, prefix := make(map[string][]byte), slicekey.Prefix(key)
	for e, err := range r.table.From(prefix) {
		if err != nil {
			return nil, r.tableError(err)
		}
		suffix, ok := bytes.CutPrefix(e.Key, prefix)
		if !ok {
			break
		}
		parts[string(suffix)] = e.Value
	}
	return parts, nil
}

// All implements [format.Reader].
func (r *Reader) All() iter.Seq2[format.Entry, error] {
	return func(yield func(format.Entry, error) bool) {
		var rec record
		var keys slab.Text
		var shapes slab.Slab[int]
		for e, err := range r.table.All() {
			if err != nil {
				yield(format.Entry{}, r.tableError(err))
				return
			}
			if len(e.Key) == 0 || r.hides(e.Key) {
				continue
			}
			key := keys.Clone(e.Key)
			err := rec.decode(e.Value)
			if err == nil {
				err = rec.check()
			}
			if err != nil {
				yield(format.Entry{}, r.entryError(key, "", err))
				return
			}
			entry, err := r.entry(key, &rec)
			entry.Shape, entry.Slices = shapes.Clone(entry.Shape), slices.Clone(entry.Slices) // the next one is decoded into them
			if !yield(entry, err) || err != nil {
				return
			}
		}
	}
}

// addSaturated returns a+b for two numbers that are not negative, or the largest number if the sum overflows.
func addSaturated(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// wholeSlice returns the region that covers shape.
func wholeSlice(shape tensor.Shape) tensor.Slice {
	s := make(tensor.Slice, len(shape))
	for i, n := range shape {
		s[i] = tensor.Extent{Start: 0, Length: n}
	}
	return s
}
