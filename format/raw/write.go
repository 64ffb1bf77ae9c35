package raw

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/crc"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// An Item is a tensor of numbers that will be written little-endian and in row-major order.
type Item struct {
	Key    string // for messages
	Offset int64  // in bytes from the beginning of the file
	Source format.Source

	// CRC is the CRC-32 (IEEE) of the bytes, once they are written. Write computes it if HasCRC is set.
	CRC    uint32
	HasCRC bool

	sums []uint32 // checksums of chunks
}

// Size returns the size of the item in bytes.
func (it *Item) Size() int64 {
	return int64(it.Source.Shape.Len()) * int64(it.Source.DType.Size())
}

// Check returns an error unless the item is a built tensor of numbers that a file can hold.
func (it *Item) Check() error {
	s := it.Source
	if s.DType.Size() == 0 {
		return fmt.Errorf("%v is not a numeric type", s.DType)
	}
	if s.Shape == nil {
		return errors.New("the tensor is not built: it has no values")
	}
	if err := s.Shape.Check(); err != nil {
		return err
	}
	_, err := product(int64(s.Shape.Len()), int64(s.DType.Size()))
	return err
}

// Write writes items to f. Messages call the file name. Items must have passed Item.Check and must not overlap. One goroutine
// loads them in order. Several goroutines write: large tensors directly from memory, small adjacent ones together. If wrote is
// not nil, it is called with the number of bytes written since the last call, by one goroutine at a time.
func Write(ctx context.Context, f io.WriterAt, name string, items []Item, wrote func(n int64)) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	w := &writer{ctx: ctx, group: group, f: f, name: name, wrote: wrote, buffers: new(sync.Pool)}
	err := w.feed(items)
	// The group's error is the first one: if another goroutine failed, feed only sees a canceled context.
	if e := group.Wait(); e != nil && (err == nil || errors.Is(err, context.Canceled)) {
		err = e
	}
	if err != nil {
		return err
	}
	for i := range items {
		if it := &items[i]; it.HasCRC {
			it.CRC = crc.Chunks(crc32.IEEE, it.sums, chunkSize, it.Size())
		}
		items[i].sums = nil
	}
	return nil
}

// A writer is one call of Write.
type writer struct {
	ctx     context.Context
	group   *errgroup.Group
	f       io.WriterAt
	name    string
	buffers *sync.Pool // *[]byte with a capacity of chunkSize

	open   *[]byte // adjacent small items that were not written yet
	openAt int64   // their offset in the file

	written  atomic.Int64
	progress sync.Mutex
	wrote    func(n int64)
}

// feed loads the items in order and passes their bytes to the group.
func (w *writer) feed(items []Item) error {
	for i := range items {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		it := &items[i]
		t, err := it.Source.Load()
		if err == nil && (t.DType() != it.Source.DType || t.Shape() == nil || !t.Shape().Equal(it.Source.Shape)) {
			err = fmt.Errorf("the source announced %v%v, but returned %v%v", it.Source.DType, it.Source.Shape, t.DType(), t.Shape())
		}
		if err != nil {
			return &Error{File: w.name, Key: it.Key, Offset: -1, Err: err}
		}
		w.item(it, t)
	}
	w.flush()
	return nil
}

// item passes the bytes of t to the group, directly or together with others.
func (w *writer) item(it *Item, t tensor.Any) {
	memory, _ := tensor.Bytes(t)
	if len(memory) <= smallSize {
		w.gather(it, memory)
		return
	}
	w.flush() // some files are written in order, so earlier bytes must be written first
	it.sums = make([]uint32, (len(memory)+chunkSize-1)/chunkSize)
	for i := range it.sums {
		off := i * chunkSize
		chunk := memory[off:min(off+chunkSize, len(memory))]
		w.start(func() error { return w.chunk(it, i, chunk) })
	}
}

// start runs write in the group.
func (w *writer) start(write func() error) {
	w.group.Go(func() error {
		err := write()
		if err != nil {
			fsx.Abandon(w.f, err)
		}
		return err
	})
}

// smallSize is the size up to which a tensor is written together with others.
const smallSize = 64 << 10

// chunk writes chunk i of it.
func (w *writer) chunk(it *Item, i int, p []byte) error {
	if !tensor.NativeLittleEndian {
		buf := w.buffer()
		defer w.buffers.Put(buf)
		*buf = append(*buf, p...)
		it.Source.DType.SwapBytes(*buf)
		p = *buf
	}
	if it.HasCRC {
		it.sums[i] = crc32.ChecksumIEEE(p)
	}
	return w.writeAt(p, it.Offset+int64(i)*chunkSize)
}

// gather copies a small item after the gathered ones. If it does not follow them or does not fit, gather
// flushes these first.
func (w *writer) gather(it *Item, memory []byte) {
	if w.open != nil && (it.Offset != w.openAt+int64(len(*w.open)) || len(*w.open)+len(memory) > chunkSize) {
		w.flush()
	}
	if w.open == nil {
		w.open, w.openAt = w.buffer(), it.Offset
	}
	at := len(*w.open)
	*w.open = append(*w.open, memory...)
	if !tensor.NativeLittleEndian {
		it.Source.DType.SwapBytes((*w.open)[at:])
	}
	if it.HasCRC {
		it.sums = []uint32{crc32.ChecksumIEEE((*w.open)[at:])}
	}
}

// flush passes the gathered items to the group.
func (w *writer) flush() {
	buf, at := w.open, w.openAt
	if buf == nil {
		return
	}
	w.open = nil
	w.start(func() error {
		defer w.buffers.Put(buf)
		return w.writeAt(*buf, at)
	})
}

// buffer returns an empty buffer with a capacity of chunkSize.
func (w *writer) buffer() *[]byte {
	if b, ok := w.buffers.Get().(*[]byte); ok {
		*b = (*b)[:0]
		return b
	}
	b := make([]byte, 0, chunkSize)
	return &b
}

func (w *writer) writeAt(p []byte, off int64) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if _, err := w.f.WriteAt(p, off); err != nil {
		return OpenError("write", w.name, err)
	}
	n := int64(len(p))
	if w.written.Add(n)%startSyncSize < n {
		if f, ok := w.f.(interface{ StartSync() }); ok {
			f.StartSync()
		}
	}
	if w.wrote != nil {
		w.progress.Lock()
		defer w.progress.Unlock()
		w.wrote(n)
	}
	return nil
}

// startSyncSize is the number of bytes after which the disk is told to begin writing. It then works while further bytes are
// copied to the page cache.
const startSyncSize = 32 << 20
