package raw

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/gockpt/ckpt/tensor"
)

// read reads a region into dst. region gives the lengths of all axes. Each goroutine reads about each bytes.
func (e *entry) read(ctx context.Context, region tensor.Slice, dst tensor.Any, each int) error {
	if e.Refuse != nil {
		return e.Refuse
	}
	if want := lengths(region); dst.DType() != e.DType || dst.Shape() == nil || !dst.Shape().Equal(want) {
		return &Error{File: e.blob.name, Key: e.Key, Offset: -1,
			Err: fmt.Errorf("the file has %v%v, but the destination is %v%v", e.DType, want, dst.DType(), dst.Shape())}
	}
	memory, _ := tensor.Bytes(dst)
	return e.readInto(ctx, region, memory, each)
}

// readInto reads a region into memory of the same size.
func (e *entry) readInto(ctx context.Context, region tensor.Slice, memory []byte, each int) error {
	if err := ctx.Err(); err != nil || len(memory) == 0 {
		return err
	}
	src, err := e.open()
	if err != nil {
		return err
	}
	defer src.close()
	start, axes := e.view(region)
	size := e.DType.Size()
	whole := len(memory) == e.n*size
	if whole && contiguous(axes, size) {
		src.sum()
	}
	switch {
	case !contiguous(axes, size):
		if whole && e.Sum != nil { // a separate pass verifies a strided tensor
			if err := e.each(ctx, func([]byte) error { return nil }); err != nil {
				return err
			}
		}
		e.expect(region)
		span := axes[0].inner + int64(axes[0].n-1)*axes[0].src
		g := gather{ctx: ctx, src: src, size: size, buf: make([]byte, min(bufferSize, span))}
		err = g.read(memory, axes, start)
	case src.parallel() && len(memory)/each > 1:
		err = readParallel(ctx, src, memory, start, min(runtime.GOMAXPROCS(0), len(memory)/each))
	default:
		err = readRun(ctx, src, memory, start)
	}
	if err == nil && whole {
		err = src.finish()
	}
	return err
}

// readRun fills memory, in chunks, with the elements of src from the byte at on.
func readRun(ctx context.Context, src *source, memory []byte, at int64) error {
	for len(memory) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		chunk := memory[:min(chunkSize, len(memory))]
		if err := src.readAt(chunk, at); err != nil {
			return err
		}
		memory, at = memory[len(chunk):], at+int64(len(chunk))
	}
	return nil
}

// readParallel is readRun with several workers. Each takes one chunk after another.
func readParallel(ctx context.Context, src *source, memory []byte, at int64, workers int) error {
	var taken atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range workers {
		group.Go(func() error {
			src := src.clone()
			for {
				from := (taken.Add(1) - 1) * chunkSize
				if from >= int64(len(memory)) {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				chunk := memory[from:min(from+chunkSize, int64(len(memory)))]
				if err := src.readAt(chunk, at+from); err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}

// A gather reads elements that are not contiguous.
type gather struct {
	ctx  context.Context
	src  *source
	size int // bytes of an element
	buf  []byte
}

// read fills memory with the elements that axes describe. The first is at the byte at of the tensor. If the elements are close
// together, read reads as many at once as fit into the buffer; otherwise it reads each index of the outermost axis separately.
func (g *gather) read(memory []byte, axes []axis, at int64) error {
	if contiguous(axes, g.size) {
		n := g.size
		if len(axes) == 1 {
			n *= axes[0].n
		}
		return readRun(g.ctx, g.src, memory[:n], at)
	}
	a := axes[0]
	together := 1 // how many indices of the outermost axis are read at once
	if room := int64(len(g.buf)) - a.inner; a.dense && room >= 0 {
		if run := contiguous(axes[1:], g.size); !run || a.inner <= int64(len(g.buf)/4) {
			together = int(min(room/max(a.src, 1)+1, int64(a.n)))
			return g.readTogether(memory, axes, at, together)
		}
	}
	for i := range a.n {
		if err := g.read(memory[i*a.dst:], axes[1:], at+int64(i)*a.src); err != nil {
			return err
		}
	}
	return nil
}

// readTogether is read for elements that are close together. It reads together indices of the outermost axis at once.
func (g *gather) readTogether(memory []byte, axes []axis, at int64, together int) error {
	some := append([]axis(nil), axes...)
	for i := 0; i < axes[0].n; i += together {
		if err := g.ctx.Err(); err != nil {
			return err
		}
		some[0].n = min(together, axes[0].n-i)
		span := g.buf[:some[0].inner+int64(some[0].n-1)*some[0].src]
		if err := g.src.readAt(span, at+int64(i)*some[0].src); err != nil {
			return err
		}
		scatter(memory[i*axes[0].dst:], span, some, g.size)
	}
	return nil
}

// lengths returns the shape of a region.
func lengths(region tensor.Slice) tensor.Shape {
	s := make(tensor.Shape, len(region))
	for i, e := range region {
		s[i] = e.Length
	}
	return s
}

// wholeSlice returns the region that covers all of shape.
func wholeSlice(shape tensor.Shape) tensor.Slice {
	s := make(tensor.Slice, len(shape))
	for i, n := range shape {
		s[i] = tensor.Extent{Start: 0, Length: n}
	}
	return s
}
