package bundle

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/tensor"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Read implements [format.Reader].
func (r *Reader) Read(ctx context.Context, key string, dst tensor.Any) error {
	var rec record
	if err := r.find(key, &rec); err != nil {
		return err
	}
	return r.readWhole(ctx, &stored{key: key, rec: rec}, dst, aloneSize)
}

// readWhole reads all of the tensor that s.rec describes. Each run of each bytes gets its own goroutine.
func (r *Reader) readWhole(ctx context.Context, s *stored, dst tensor.Any, each int) error {
	memory, numeric := tensor.Bytes(dst)
	if !numeric || len(s.rec.slices) > 0 || len(memory) == 0 || dst.DType() != s.rec.dtype || !dst.Shape().Equal(s.rec.shape) {
		return r.readRegion(ctx, s.key, &s.rec, wholeSlice(s.rec.shape), dst)
	}
	if s.file == nil {
		if err := r.locate(s); err != nil {
			return err
		}
	}
	return r.readInto(ctx, s, memory, each)
}

// ReadSlice implements [format.Reader]. For strings it reads and verifies every part with elements of the
// region.
func (r *Reader) ReadSlice(ctx context.Context, key string, region tensor.Slice, dst tensor.Any) error {
	var rec record
	if err := r.find(key, &rec); err != nil {
		return err
	}
	resolved, _, err := region.Resolve(rec.shape)
	if err != nil {
		return &Error{File: IndexFile(r.prefix), Key: key, Offset: -1, Err: err}
	}
	return r.readRegion(ctx, key, &rec, resolved, dst)
}

// readRegion reads a region of the tensor that rec describes. The region's extents must be resolved.
func (r *Reader) readRegion(ctx context.Context, key string, rec *record, region tensor.Slice, dst tensor.Any) error {
	if want := lengths(region); dst.DType() != rec.dtype || dst.Shape() == nil || !dst.Shape().Equal(want) {
		return &Error{File: IndexFile(r.prefix), Key: key, Offset: -1,
			Err: fmt.Errorf("the checkpoint has %v%v, but the destination is %v%v", rec.dtype, want, dst.DType(), dst.Shape())}
	}
	if len(rec.slices) == 0 {
		s := &stored{key: key, rec: *rec}
		if err := r.locate(s); err != nil {
			return err
		}
		if rec.shape.Len() == 0 {
			return r.copyStored(ctx, s, io.Discard) // only verifies the checksum
		}
		return r.readStored(ctx, s, wholeSlice(rec.shape), region, dst)
	}
	parts, err := r.partsFor(key, rec, region)
	if err != nil {
		return err
	}
	for i := range parts {
		if err := r.readStored(ctx, &parts[i].stored, parts[i].at, region, dst); err != nil {
			return err
		}
	}
	return nil
}

// lengths returns the shape of a region with resolved extents.
func lengths(region tensor.Slice) tensor.Shape {
	s := make(tensor.Shape, len(region))
	for i, e := range region {
		s[i] = e.Length
	}
	return s
}

// readStored reads the part of region that s has into dst, which has the shape of region. part is the region
// of s in the whole tensor.
func (r *Reader) readStored(ctx context.Context, s *stored, part, region tensor.Slice, dst tensor.Any) error {
	common, ok := part.Intersect(region)
	if !ok {
		return nil
	}
	rs := newRuns(lengths(common), boxIn(part, common), boxIn(region, common))
	memory, numeric := tensor.Bytes(dst)
	if !numeric {
		return r.readElements(ctx, s, rs, dst)
	}
	switch whole := slices.Equal(common, part); {
	case whole && len(rs.outer) == 0: // one run of dst has all of s
		size := s.rec.dtype.Size()
		return r.readInto(ctx, s, memory[rs.dst*size:(rs.dst+rs.n)*size], parallelSize)
	case whole:
		return r.readScattered(ctx, s, rs, memory)
	default:
		return r.readRuns(ctx, s, rs, memory)
	}
}

// boxIn returns the position of the region inner in an array with the region outer.
func boxIn(outer, inner tensor.Slice) box {
	at := make([]int, len(inner))
	for i := range inner {
		at[i] = inner[i].Start - outer[i].Start
	}
	return box{lengths(outer), at}
}

// stream passes the bytes of s to fn in order, in chunks that are read into buf, and verifies their checksum in the
// same pass. fn may change the bytes.
func (r *Reader) stream(ctx context.Context, s *stored, buf []byte, fn func(off int64, chunk []byte) error) error {
	var crc uint32
	for off := int64(0); off < s.rec.size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		chunk := buf[:min(int64(len(buf)), s.rec.size-off)]
		if err := r.readAt(ctx, s, chunk, off); err != nil {
			return err
		}
		crc = crc32.Update(crc, castagnoli, chunk)
		if err := fn(off, chunk); err != nil {
			return err
		}
		off += int64(len(chunk))
	}
	return r.verify(s, crc)
}

// readAt fills chunk from offset off of s.
func (r *Reader) readAt(ctx context.Context, s *stored, chunk []byte, off int64) error {
	n, err := s.file.readAt(ctx, chunk, s.rec.offset+off)
	if n == len(chunk) {
		return nil
	}
	if err == io.EOF || err == nil {
		return r.dataFault(s, "%d of its %d bytes could be read: the file was cut off while it was read",
			off+int64(n), s.rec.size)
	}
	return r.readFault(s, err)
}

// verify compares the checksum of the bytes of s with the index's.
func (r *Reader) verify(s *stored, crc uint32) error {
	if got := sstable.Mask(crc); got != s.rec.crc {
		return r.dataFault(s, "checksum %#08x of its %d bytes, want %#08x: the file was damaged, or belongs to another index",
			got, s.rec.size, s.rec.crc)
	}
	return nil
}

// readInto reads all of s into memory, which has the same length.
func (r *Reader) readInto(ctx context.Context, s *stored, memory []byte, each int) error {
	if workers := min(runtime.GOMAXPROCS(0), len(memory)/each); workers > 1 {
		return r.readParallel(ctx, s, memory, workers)
	}
	var crc uint32
	for off := 0; off < len(memory); {
		if err := ctx.Err(); err != nil {
			return err
		}
		chunk := memory[off:min(off+chunkSize, len(memory))]
		err := r.readAt(ctx, s, chunk, int64(off))
		crc = crc32.Update(crc, castagnoli, chunk)
		r.toNative(s.rec.dtype, chunk) // also the values after a failed read
		if err != nil {
			return err
		}
		off += len(chunk)
	}
	return r.verify(s, crc)
}

// readParallel is readInto for large tensors: workers read one chunk after another and compute its checksum while it is
// in their processor's cache.
func (r *Reader) readParallel(ctx context.Context, s *stored, memory []byte, workers int) error {
	sums := make([]uint32, (len(memory)+chunkSize-1)/chunkSize)
	var taken atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range workers {
		group.Go(func() error {
			for {
				i := int(taken.Add(1)) - 1
				if i >= len(sums) {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				off := i * chunkSize
				chunk := memory[off:min(off+chunkSize, len(memory))]
				err := r.readAt(ctx, s, chunk, int64(off))
				sums[i] = crc32.Update(0, castagnoli, chunk)
				r.toNative(s.rec.dtype, chunk) // also the values after a failed read
				if err != nil {
					return err
				}
			}
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return r.verify(s, combineChunks(sums, s.rec.size))
}

// readScattered reads all of s and copies its runs to their positions in memory.
func (r *Reader) readScattered(ctx context.Context, s *stored, rs *runs, memory []byte) error {
	size := s.rec.dtype.Size()
	buf := make([]byte, bufferSize) // a multiple of every element size
	at, end := 0, 0                 // the rest of the current run's memory
	return r.stream(ctx, s, buf, func(_ int64, chunk []byte) error {
		r.toNative(s.rec.dtype, chunk)
		for len(chunk) > 0 {
			if at == end {
				rs.next()
				at, end = rs.dst*size, (rs.dst+rs.n)*size
			}
			n := copy(memory[at:end], chunk)
			at += n
			chunk = chunk[n:]
		}
		return nil
	})
}

// readRuns reads the runs of s that rs names, and only gaps between runs that are close to each other. The
// checksum covers all of s, so a part cannot be verified.
func (r *Reader) readRuns(ctx context.Context, s *stored, rs *runs, memory []byte) error {
	size := s.rec.dtype.Size()
	var buf []byte // bytes that were read ahead, if runs are close
	var lo, hi int // the range of s in it
	step := rs.step() * size
	near := (step <= 4096 || step <= 2*rs.n*size) && !r.fetches() // it gathers runs by itself
	if r.fetches() {
		r.expectRuns(s, *rs)
	}
	for rs.next() {
		src, dst := rs.src*size, memory[rs.dst*size:(rs.dst+rs.n)*size]
		if near && len(dst) <= bufferSize/2 {
			if src < lo || src+len(dst) > hi {
				if err := ctx.Err(); err != nil {
					return err
				}
				if buf == nil {
					buf = make([]byte, bufferSize)
				}
				// Read as many steps as fit, from the first run's beginning to the last run's end.
				ahead := min((bufferSize-len(dst))/step, rs.ahead())*step + len(dst)
				if err := r.readAt(ctx, s, buf[:ahead], int64(src)); err != nil {
					return err
				}
				lo, hi = src, src+ahead
			}
			copy(dst, buf[src-lo:])
			r.toNative(s.rec.dtype, dst)
		} else {
			if err := r.readRun(ctx, s, src, dst); err != nil {
				return err
			}
		}
	}
	return nil
}

// readRun fills dst with the bytes of s from offset src, in chunks.
func (r *Reader) readRun(ctx context.Context, s *stored, src int, dst []byte) error {
	for len(dst) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		chunk := dst[:min(chunkSize, len(dst))]
		err := r.readAt(ctx, s, chunk, int64(src))
		r.toNative(s.rec.dtype, chunk)
		if err != nil {
			return err
		}
		src, dst = src+len(chunk), dst[len(chunk):]
	}
	return nil
}

// toNative converts the stored bytes of numbers to this machine's byte order.
func (r *Reader) toNative(d tensor.DType, b []byte) {
	if r.header.bigEndian == tensor.NativeLittleEndian {
		d.SwapBytes(b)
	}
	d.Normalize(b)
}

// Check implements [format.Reader].
func (r *Reader) Check(key string) error {
	var rec record
	if err := r.find(key, &rec); err != nil {
		return err
	}
	if len(rec.slices) == 0 {
		return r.locate(&stored{key: key, rec: rec})
	}
	_, err := r.partsFor(key, &rec, wholeSlice(rec.shape))
	return err
}

// CheckSlice implements [format.Reader].
func (r *Reader) CheckSlice(key string, region tensor.Slice) error {
	var rec record
	if err := r.find(key, &rec); err != nil {
		return err
	}
	resolved, _, err := region.Resolve(rec.shape)
	if err != nil {
		return &Error{File: IndexFile(r.prefix), Key: key, Offset: -1, Err: err}
	}
	if len(rec.slices) == 0 {
		return r.locate(&stored{key: key, rec: rec})
	}
	_, err = r.partsFor(key, &rec, resolved)
	return err
}
