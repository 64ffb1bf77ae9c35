package bundle

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/tensor"
)

// A stored describes the bytes of a tensor, or of a part of one, in a data file.
type stored struct {
	key  string
	part string // in TensorFlow's notation; "" for the whole tensor
	rec  record
	file *dataFile // nil if there are no bytes
}

// locate opens the data file of s and checks, without reading it, that it has the bytes that s should have.
func (r *Reader) locate(s *stored) error {
	rec := &s.rec
	if rec.shard < 0 || rec.shard >= r.header.shards {
		return r.indexFault(s, "it is in data file %d of %d", rec.shard, r.header.shards)
	}
	if rec.offset < 0 || rec.size < 0 || rec.offset+rec.size < 0 {
		return r.indexFault(s, "its size of %d bytes or its offset %d is impossible", rec.size, rec.offset)
	}
	if err := r.checkSize(s); err != nil {
		return err
	}
	if rec.size == 0 {
		return nil
	}
	f, err := r.data.get(rec.shard)
	if errors.Is(err, format.ErrStale) {
		return r.readFault(s, err)
	}
	if err != nil {
		e := openError(r.data.name(rec.shard), err)
		e.Key, e.Part = s.key, s.part
		return e
	}
	if rec.offset+rec.size > f.Size() {
		return r.dataFault(s, "its %d bytes end beyond the file's %d: the save or the copy was cut off", rec.size, f.Size())
	}
	if f.exceeded(rec.size) { // before that, reads are limited to the size of the file
		if err := r.checkOverlap(f, rec.shard); err != nil {
			return err
		}
	}
	s.file = f
	return nil
}

// checkOverlap calls checkAliasing for data file shard, which is f, once.
func (r *Reader) checkOverlap(f *dataFile, shard int32) error {
	f.aliasing.Do(func() { f.fault = r.checkAliasing(shard, f.Size()) })
	return f.fault
}

// checkSize compares the size of s with its shape and dtype.
func (r *Reader) checkSize(s *stored) error {
	rec := &s.rec
	n := uint64(rec.shape.Len())
	switch size := rec.dtype.Size(); {
	case size > 0:
		hi, want := bits.Mul64(n, uint64(size))
		if hi != 0 || want != uint64(rec.size) {
			return r.indexFault(s, "its size is %d bytes, but %v%v has %d elements of %d bytes",
				rec.size, rec.dtype, rec.shape, n, size)
		}
	case rec.dtype == tensor.DTString: // a length per element and their checksum
		if rec.size < 4 || uint64(rec.size-4) < n {
			return r.indexFault(s, "its size is %d bytes, too few for %d strings", rec.size, n)
		}
	case rec.dtype == tensor.DTVariant: // a length and a checksum per element
		if uint64(rec.size/5) < n {
			return r.indexFault(s, "its size is %d bytes, too few for %d variants", rec.size, n)
		}
	default:
		return r.indexFault(s, "values of dtype %v cannot be stored", rec.dtype)
	}
	return nil
}

// checkAliasing returns an error if the entries of a data file of size bytes need far more bytes than it has.
func (r *Reader) checkAliasing(shard int32, size int64) error {
	var total int64
	var rec record
	for e, err := range r.table.All() {
		if err != nil {
			return r.tableError(err)
		}
		if len(e.Key) == 0 || rec.decode(e.Value) != nil || rec.shard != shard {
			continue
		}
		if rec.offset >= 0 && rec.size > 0 && rec.offset <= size-rec.size { // a region beyond the end of the file does not exist
			total = addSaturated(total, rec.size)
		}
	}
	if total/maxAliasing <= size {
		return nil
	}
	return &Error{File: IndexFile(r.prefix), Offset: -1, Err: format.ErrCorrupt, Reason: fmt.Sprintf(
		"its tensors in %s have %d bytes, and the file has %d: they overlap", r.data.name(shard), total, size)}
}

// indexFault returns the error about an entry with impossible numbers.
func (r *Reader) indexFault(s *stored, reason string, args ...any) error {
	return &Error{File: IndexFile(r.prefix), Key: s.key, Part: s.part, Offset: -1,
		Reason: fmt.Sprintf(reason, args...), Err: format.ErrCorrupt}
}

// dataFault returns the error about wrong bytes in a data file.
func (r *Reader) dataFault(s *stored, reason string, args ...any) error {
	return &Error{File: r.data.name(s.rec.shard), Key: s.key, Part: s.part, Offset: s.rec.offset,
		Reason: fmt.Sprintf(reason, args...), Err: format.ErrCorrupt}
}

// readFault returns the error of a failed read of a data file.
func (r *Reader) readFault(s *stored, err error) error {
	return &Error{File: r.data.name(s.rec.shard), Key: s.key, Part: s.part, Offset: s.rec.offset, Err: err}
}
