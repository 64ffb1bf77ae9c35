package sstable

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// The settings of TensorFlow's writer (table_options.h, tensor_bundle.cc). They belong to the format, because
// files must equal TensorFlow's byte for byte.
const (
	blockSize            = 256 << 10     // a block is closed at this length, including counts and restart points
	oversized            = 2 * blockSize // a key and value of this length do not join an open block
	dataRestartInterval  = 16
	indexRestartInterval = 1
)

// A Writer writes a table as TensorFlow does.
type Writer struct {
	w       io.Writer
	offset  uint64
	data    builder
	index   builder
	last    []byte // the last added key
	pending handle // the last closed data block; its index entry waits for the next key
	waiting bool
	err     error // the first error; later calls return it
}

// NewWriter returns a Writer of a table to w, which it writes block by block.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: w, data: builder{interval: dataRestartInterval}, index: builder{interval: indexRestartInterval}}
}

// Add appends an entry. Keys must ascend, and keys and values must be shorter than 4 GiB. After an error every call returns
// it.
func (w *Writer) Add(key, value []byte) error {
	if w.err != nil {
		return w.err
	}
	if (w.waiting || w.data.count > 0) && bytes.Compare(key, w.last) <= 0 {
		return w.fail(fmt.Errorf("sstable: key %s does not ascend: it comes after %s", quote(key), quote(w.last)))
	}
	if uint64(len(key)) > math.MaxUint32 || uint64(len(value)) > math.MaxUint32 {
		return w.fail(fmt.Errorf("sstable: key %s with a value of %d bytes is too long", quote(key), len(value)))
	}
	if w.data.count > 0 && len(key)+len(value) >= oversized {
		if err := w.flush(); err != nil {
			return err
		}
	}
	if w.waiting {
		w.index.add(separator(w.last, key), appendHandle(nil, w.pending))
		w.waiting = false
	}
	w.data.add(key, value)
	w.last = append(w.last[:0], key...)
	if w.data.size() >= blockSize {
		return w.flush()
	}
	return nil
}

// Close writes the rest of the table. It does not close the underlying writer.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	if w.data.count > 0 {
		if err := w.flush(); err != nil {
			return err
		}
	}
	meta, err := w.writeBlock(&builder{interval: dataRestartInterval})
	if err != nil {
		return err
	}
	if w.waiting {
		w.index.add(successor(w.last), appendHandle(nil, w.pending))
	}
	index, err := w.writeBlock(&w.index)
	if err != nil {
		return err
	}
	footer := appendHandle(appendHandle(make([]byte, 0, footerLen), meta), index)
	footer = binary.LittleEndian.AppendUint64(footer[:len(footer):footerLen][:footerLen-8], magic)
	if _, err := w.w.Write(footer); err != nil {
		return w.fail(err)
	}
	w.fail(errors.New("sstable: the table is closed"))
	return nil
}

// flush closes the open data block, which must not be empty.
func (w *Writer) flush() (err error) {
	w.pending, err = w.writeBlock(&w.data)
	w.waiting = true
	return err
}

// writeBlock writes and empties b.
func (w *Writer) writeBlock(b *builder) (handle, error) {
	contents := b.finish()
	h := handle{w.offset, uint64(len(contents))}
	contents = append(contents, typeNone)
	contents = binary.LittleEndian.AppendUint32(contents, blockChecksum(contents[:h.size], typeNone))
	if _, err := w.w.Write(contents); err != nil {
		return h, w.fail(err)
	}
	w.offset += uint64(len(contents))
	b.reset(contents)
	return h, nil
}

func (w *Writer) fail(err error) error {
	w.err = err
	return err
}

// A builder collects the entries of one block.
type builder struct {
	interval int // entries from one restart point to the next
	buf      []byte
	restarts []uint32
	count    int // number of entries
	last     []byte
}

func (b *builder) add(key, value []byte) {
	shared := 0
	if b.count%b.interval == 0 {
		b.restarts = append(b.restarts, uint32(len(b.buf)))
	} else {
		shared = commonPrefix(b.last, key)
	}
	if len(b.buf) > blockSize/8 { // it will be full, so it does not have to double again
		b.buf = slices.Grow(b.buf, max(0, blockSize+blockSize/8-len(b.buf)))
	}
	b.buf = binary.AppendUvarint(b.buf, uint64(shared))
	b.buf = binary.AppendUvarint(b.buf, uint64(len(key)-shared))
	b.buf = binary.AppendUvarint(b.buf, uint64(len(value)))
	b.buf = append(append(b.buf, key[shared:]...), value...)
	b.last = append(b.last[:shared], key[shared:]...)
	b.count++
}

// size returns the length of the block if it ended here.
func (b *builder) size() int { return len(b.buf) + 4*max(len(b.restarts), 1) + 4 }

// finish returns the block's contents. They have a restart point even without entries.
func (b *builder) finish() []byte {
	if b.count == 0 {
		b.restarts = append(b.restarts, 0)
	}
	for _, r := range b.restarts {
		b.buf = binary.LittleEndian.AppendUint32(b.buf, r)
	}
	return binary.LittleEndian.AppendUint32(b.buf, uint32(len(b.restarts)))
}

// reset empties b and keeps buf's memory for the next block.
func (b *builder) reset(buf []byte) {
	b.buf, b.restarts, b.last, b.count = buf[:0], b.restarts[:0], b.last[:0], 0
}

func commonPrefix(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// separator returns a short key k with a <= k < b. b must be above a (BytewiseComparator::FindShortestSeparator).
func separator(a, b []byte) []byte {
	if n := commonPrefix(a, b); n < len(a) && n < len(b) && a[n] < 0xff && a[n]+1 < b[n] {
		return append(bytes.Clone(a[:n]), a[n]+1)
	}
	return a
}

// successor returns a short key that is at least a (BytewiseComparator::FindShortSuccessor).
func successor(a []byte) []byte {
	for i, c := range a {
		if c != 0xff {
			return append(bytes.Clone(a[:i]), c+1)
		}
	}
	return a
}
