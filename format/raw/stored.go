package raw

import (
	"context"
	"io"

	"github.com/gockpt/ckpt/tensor"
)

// WriteStored implements [format.Reader]: it writes the tensor's values little-endian and in row-major order, whatever order and
// code they are stored in. It uses a few megabytes of memory, but reads a strided tensor in a stream into memory first.
func (r *Reader) WriteStored(ctx context.Context, key string, w io.Writer) error {
	e, err := r.find(key)
	if err != nil {
		return err
	}
	if e.Refuse != nil {
		return e.Refuse
	}
	if e.n == 0 {
		return ctx.Err()
	}
	size := e.DType.Size()
	if _, axes := e.view(wholeSlice(e.Shape)); contiguous(axes, size) {
		return e.each(ctx, func(chunk []byte) error { return e.write(w, chunk) })
	}
	if e.Sum != nil {
		if err := e.each(ctx, func([]byte) error { return nil }); err != nil {
			return err
		}
	}
	window := windowSize / size
	if e.blob.open != nil {
		window = e.n
	}
	return e.writeRegion(ctx, w, wholeSlice(e.Shape), 0, window)
}

// WriteBytes writes the bytes of a tensor as its file holds them: it does not decode blocks or change byte order and
// strides. It works for tensors that can only be listed, too, if their size is known.
func (r *Reader) WriteBytes(ctx context.Context, key string, w io.Writer) error {
	e, err := r.find(key)
	if err != nil {
		return err
	}
	src, err := e.open()
	if err != nil {
		return err
	}
	defer src.close()
	buf := make([]byte, min(chunkSize, e.Size))
	for at := int64(0); at < e.Size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		chunk := buf[:min(int64(len(buf)), e.Size-at)]
		if err := src.bytesAt(chunk, e.Offset+at); err != nil {
			return err
		}
		if _, err := w.Write(chunk); err != nil {
			return err
		}
		at += int64(len(chunk))
	}
	return src.finish()
}

// windowSize is how many bytes of a strided tensor are written at once.
const windowSize = 2 << 20

// each calls fn with the chunks of a tensor's bytes, in stored order but in this machine's byte order, and compares the
// checksum. fn may change the bytes.
func (e *entry) each(ctx context.Context, fn func(chunk []byte) error) error {
	src, err := e.open()
	if err != nil {
		return err
	}
	defer src.close()
	src.sum()
	left := int64(e.n) * int64(e.DType.Size())
	if e.Strides != nil {
		left = e.Size
	}
	buf := make([]byte, min(chunkSize, left))
	for at := int64(0); left > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		chunk := buf[:min(int64(len(buf)), left)]
		if err := src.readAt(chunk, at); err != nil {
			return err
		}
		if err := fn(chunk); err != nil {
			return err
		}
		at, left = at+int64(len(chunk)), left-int64(len(chunk))
	}
	return src.finish()
}

// writeRegion writes a region in pieces of at most window elements, and at least one. The axes before axis have one index each.
func (e *entry) writeRegion(ctx context.Context, w io.Writer, region tensor.Slice, axis, window int) error {
	n := lengths(region).Len()
	if n <= window || axis == len(region) {
		memory := make([]byte, n*e.DType.Size())
		if err := e.readInto(ctx, region, memory, parallelSize); err != nil {
			return err
		}
		return e.write(w, memory)
	}
	whole := region[axis]
	defer func() { region[axis] = whole }()
	step := max(window/(n/whole.Length), 1)
	for from := 0; from < whole.Length; from += step {
		region[axis] = tensor.Extent{Start: from, Length: min(step, whole.Length-from)}
		if err := e.writeRegion(ctx, w, region, axis+1, window); err != nil {
			return err
		}
	}
	return nil
}

// write writes elements that are in this machine's byte order. It may change p.
func (e *entry) write(w io.Writer, p []byte) error {
	if !tensor.NativeLittleEndian {
		e.DType.SwapBytes(p)
	}
	_, err := w.Write(p)
	return err
}
