package bundle

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

	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// WriteData writes the data of the tensors that were added to shard, and only of these, to the empty file f. It is for
// callers that commit data files and index themselves (see MergeIndexes). Others call Writer.Commit.
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

// writeData writes the items of those data files that are not nil. One goroutine, this one, loads; several compute
// checksums and write, each byte once: large tensors from where they are, in chunks, small ones gathered in a
// buffer.
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
	d := &dataWriter{w: w, buffers: new(sync.Pool), ctx: ctx, group: group, files: files, handed: make([]atomic.Int64, len(files)), ends: make([]int64, len(files))}
	err := d.feed()
	// The first error is the group's; feed's own comes from the context where another failed.
	if e := group.Wait(); e != nil && (err == nil || errors.Is(err, context.Canceled)) {
		err = e
	}
	if err != nil {
		return err
	}
	return w.pad(files)
}

// allocate takes the room for all data before the first of it is written.
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

// pad makes each file as long as the plan has it where gaps follow the last tensor.
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

	buffers *sync.Pool // of *[]byte of chunkSize; apart, since a pool outlives two garbage collections and all that it is part of does
	batch   *batch     // small items that follow one another

	progress sync.Mutex
	written  int64
	handed   []atomic.Int64 // bytes written to each file
	ends     []int64        // where in each file the item ends that was handed over last
}

// A batch is a run of bytes of a data file that is gathered before it is written.
type batch struct {
	shard  int32
	offset int64
	buf    *[]byte
	gaps   int64 // bytes of buf between tensors
}

// feed loads the items in order and hands what is to be written to the group.
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

// item passes it with its values t to the group, at once or in a batch with others.
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
		d.flush() // files that are written in order take nothing that follows before it
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

// start lets the group do what writes to a data file.
func (d *dataWriter) start(shard int32, write func() error) {
	d.group.Go(func() error {
		err := write()
		if err != nil {
			fsx.Abandon(d.files[shard], err)
		}
		return err
	})
}

// fillGap writes the zeros before it, in files that are written in order. In others there are zeros where nothing is written.
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

// chunk writes chunk i of it.
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

// elements writes it, a tensor of strings or variants.
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

// A limitedWriter refuses more bytes than were planned.
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

// gather appends a small item to the open batch, or to a new one where it does not follow it or fit.
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

// flush hands the open batch to the group.
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

// buffer returns an empty buffer of chunkSize.
func (d *dataWriter) buffer() *[]byte {
	if b, ok := d.buffers.Get().(*[]byte); ok {
		*b = (*b)[:0]
		return b
	}
	b := make([]byte, 0, chunkSize)
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

// An appender is a buffer as an io.Writer.
type appender struct{ buf *[]byte }

func (a appender) Write(p []byte) (int, error) {
	*a.buf = append(*a.buf, p...)
	return len(p), nil
}

// A writerAt is a data file as an io.WriterAt.
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
