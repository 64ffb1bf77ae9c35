package bundle

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// WriteData writes the data of the tensors that were added to shard to the empty file f. It is for callers
// that commit data files and index themselves (see MergeIndexes). Others call Writer.Commit.
func (w *Writer) WriteData(ctx context.Context, shard int, f fsx.File) error {
	if err := w.plan(ctx); err != nil {
		return err
	}
	files := make([]fsx.File, w.shards())
	if shard < 0 || shard >= len(files) {
		return &Error{File: w.prefix, Offset: -1, Err: fmt.Errorf("data file %d of %d", shard, len(files))}
	}
	files[shard] = f
	return w.writeData(ctx, files)
}

// writeData writes the items of the data files that are not nil. The calling goroutine loads them. Several
// others compute checksums and write each byte once. They write large tensors directly from memory in chunks,
// and gather small ones in a buffer.
func (w *Writer) writeData(ctx context.Context, files []fsx.File) error {
	workers := w.opts.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	if err := w.allocate(files); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	d := &dataWriter{
		w: w, ctx: ctx, group: group, files: files, handed: make([]atomic.Int64, len(files)), ends: make([]int64, len(files)),
		buffers: new(sync.Pool), room: min(chunkSize, slices.Max(w.ends)),
	}
	err := d.feed()
	// The first error is the group's. If a goroutine of the group failed, feed returns the context's error.
	if e := group.Wait(); e != nil && (err == nil || errors.Is(err, context.Canceled)) {
		err = e
	}
	if err != nil {
		return err
	}
	return w.pad(files)
}

// allocate reserves the space for all data before the first write.
func (w *Writer) allocate(files []fsx.File) error {
	for i, f := range files {
		if f != nil {
			if err := f.Allocate(w.ends[i]); err != nil {
				return w.fault(i, err)
			}
		}
	}
	return nil
}

// pad extends each file to its planned length, which includes the gap after the last tensor.
func (w *Writer) pad(files []fsx.File) error {
	if w.opts.Alignment <= 1 {
		return nil
	}
	for i, f := range files {
		if f != nil {
			if err := f.Truncate(w.ends[i]); err != nil {
				return w.fault(i, err)
			}
		}
	}
	return nil
}

func (w *Writer) fault(shard int, err error) error {
	return &Error{File: DataFile(w.prefix, shard, w.shards()), Offset: -1, Err: err}
}

// A dataWriter is one run of writeData.
type dataWriter struct {
	w     *Writer
	ctx   context.Context
	group *errgroup.Group
	files []fsx.File

	// buffers has *[]byte with a capacity of room. It is a separate allocation, because a pool survives two garbage collections and
	// keeps the struct that contains it.
	buffers *sync.Pool
	room    int64  // chunkSize, or the length of the longest data file if that is less
	batch   *batch // small consecutive items

	progress sync.Mutex
	written  int64
	handed   []atomic.Int64 // number of bytes written to each file
	ends     []int64        // the end of the last queued item in each file
}

// A batch gathers consecutive bytes of a data file before they are written.
type batch struct {
	shard  int32
	offset int64
	buf    *[]byte
	gaps   int64 // number of bytes of buf between tensors
}

// feed loads the items in order and passes them to the group.
func (d *dataWriter) feed() error {
	defer func() { d.batch = nil }()
	for i := range d.w.items {
		it := &d.w.items[i]
		if d.files[it.shard] == nil {
			continue
		}
		if err := d.ctx.Err(); err != nil {
			return err
		}
		t, err := it.load()
		if err == nil {
			err = d.item(it, t)
		}
		if err != nil {
			return &Error{File: d.w.prefix, Key: it.name(), Offset: -1, Err: err}
		}
		if it.large != nil {
			it.large.loaded = nil
		}
	}
	d.flush()
	return nil
}

// item passes an item with its values t to the group, at once or in a batch with others.
func (d *dataWriter) item(it *item, t tensor.Any) error {
	memory, numeric := tensor.Bytes(t)
	chunks := 1
	if numeric && it.size > bufferSize {
		chunks = int((it.size + chunkSize - 1) / chunkSize)
	}
	it.written = true
	if chunks > 1 {
		it.large = &pieces{sums: make([]uint32, chunks)}
	}
	if it.size > bufferSize {
		d.flush() // files that are written in order need the earlier bytes first
	}
	d.fillGap(it)
	switch {
	case it.size <= bufferSize:
		return d.gather(it, t)
	case !numeric:
		d.start(it.shard, func() error { return d.elements(it, t) })
		return nil
	}
	for i := range chunks {
		off := i * chunkSize
		d.start(it.shard, func() error {
			return d.chunk(it, i, memory[off:min(off+chunkSize, len(memory))])
		})
	}
	return nil
}

// start runs a function that writes to a data file in the group.
func (d *dataWriter) start(shard int32, write func() error) {
	d.group.Go(func() error {
		err := write()
		if err != nil {
			fsx.Abandon(d.files[shard], err)
		}
		return err
	})
}

// fillGap writes the zeros before an item in files that are written in order. In other files, gaps are zeros
// without a write.
func (d *dataWriter) fillGap(it *item) {
	if _, ordered := d.w.fsys.(fsx.Objects); !ordered || d.w.opts.Alignment <= 1 {
		return
	}
	gap := it.offset - d.ends[it.shard]
	if gap > 0 {
		d.flush()
		d.batch = &batch{shard: it.shard, offset: d.ends[it.shard], buf: d.buffer(), gaps: gap}
		*d.batch.buf = append(*d.batch.buf, make([]byte, gap)...)
		if it.size > bufferSize {
			d.flush()
		}
	}
	d.ends[it.shard] = it.offset + it.size
}

// chunk writes chunk i of an item.
func (d *dataWriter) chunk(it *item, i int, p []byte) error {
	if d.w.bigEndianMemory {
		buf := d.buffer()
		defer d.buffers.Put(buf)
		*buf = append((*buf)[:0], p...)
		it.dtype.SwapBytes(*buf)
		p = *buf
	}
	if sum := crc32.Update(0, castagnoli, p); it.large != nil {
		it.large.sums[i] = sum
	} else {
		it.sum = sum
	}
	return d.writeAt(it.shard, p, it.offset+int64(i)*chunkSize, 0)
}

// elements writes an item, a tensor of strings or variants.
func (d *dataWriter) elements(it *item, t tensor.Any) error {
	out := &limitedWriter{w: io.NewOffsetWriter(writerAt{d, it.shard}, it.offset), left: it.size}
	crc, err := encodeElements(d.ctx, out, t)
	if err == nil && out.left > 0 {
		err = errChanged
	}
	it.sum = crc
	if err == errChanged {
		return &Error{File: d.w.prefix, Key: it.name(), Offset: -1, Err: err}
	}
	return err
}

var errChanged = errors.New("its strings changed while they were saved")

// A limitedWriter rejects more bytes than planned.
type limitedWriter struct {
	w    io.Writer
	left int64
}

func (l *limitedWriter) Write(p []byte) (int, error) {
	if int64(len(p)) > l.left {
		return 0, errChanged
	}
	l.left -= int64(len(p))
	return l.w.Write(p)
}

// gather appends a small item to the open batch. It begins a new batch if the item does not follow the open
// one or does not fit.
func (d *dataWriter) gather(it *item, t tensor.Any) error {
	if b := d.batch; b != nil {
		gap := it.offset - b.offset - int64(len(*b.buf))
		if b.shard != it.shard || gap < 0 || gap > bufferSize || int64(len(*b.buf))+gap+it.size > chunkSize {
			d.flush()
		} else {
			*b.buf = append(*b.buf, make([]byte, gap)...)
			b.gaps += gap
		}
	}
	if d.batch == nil {
		d.batch = &batch{shard: it.shard, offset: it.offset, buf: d.buffer()}
	}
	b := d.batch.buf
	at := len(*b)
	if memory, numeric := tensor.Bytes(t); numeric {
		*b = append(*b, memory...)
		if d.w.bigEndianMemory {
			it.dtype.SwapBytes((*b)[at:])
		}
		it.sum = crc32.Update(0, castagnoli, (*b)[at:])
		return nil
	}
	out := &limitedWriter{w: appender{b}, left: it.size}
	crc, err := encodeElements(d.ctx, out, t)
	it.sum = crc
	if err == nil && out.left > 0 {
		err = errChanged
	}
	return err
}

// flush passes the open batch to the group.
func (d *dataWriter) flush() {
	b := d.batch
	if b == nil {
		return
	}
	d.batch = nil
	d.start(b.shard, func() error {
		defer d.buffers.Put(b.buf)
		return d.writeAt(b.shard, *b.buf, b.offset, b.gaps)
	})
}

// buffer returns an empty buffer with room for a chunk of a data file.
func (d *dataWriter) buffer() *[]byte {
	if b, ok := d.buffers.Get().(*[]byte); ok {
		*b = (*b)[:0]
		return b
	}
	b := make([]byte, 0, d.room)
	return &b
}

// writeAt writes p to a data file and reports the progress. gaps bytes of p are padding.
func (d *dataWriter) writeAt(shard int32, p []byte, off, gaps int64) error {
	if err := d.ctx.Err(); err != nil {
		return err
	}
	if _, err := d.files[shard].WriteAt(p, off); err != nil {
		return d.w.fault(int(shard), err)
	}
	if n := int64(len(p)); d.handed[shard].Add(n)%startSyncSize < n {
		d.files[shard].StartSync()
	}
	if d.w.opts.Progress != nil {
		d.progress.Lock()
		defer d.progress.Unlock()
		d.written += int64(len(p)) - gaps
		d.w.opts.Progress(d.written, d.w.total)
	}
	return nil
}

// An appender is an io.Writer that appends to a buffer.
type appender struct{ buf *[]byte }

func (a appender) Write(p []byte) (int, error) {
	*a.buf = append(*a.buf, p...)
	return len(p), nil
}

// A writerAt is an io.WriterAt of a data file.
type writerAt struct {
	d     *dataWriter
	shard int32
}

func (w writerAt) WriteAt(p []byte, off int64) (int, error) {
	if err := w.d.writeAt(w.shard, p, off, 0); err != nil {
		return 0, err
	}
	return len(p), nil
}
