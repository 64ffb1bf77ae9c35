package bundle

import (
	"context"
	"io"

	"github.com/gockpt/ckpt/tensor"
)

// WriteStored implements format.Reader. For a tensor that is stored whole it writes the bytes of its entry, including unused
// bytes after the last string, and converts numbers of a big-endian checkpoint to little-endian. It compares the checksum
// after the last byte, so w may receive damaged bytes before the error. A partitioned tensor is verified first and then
// assembled; strings and variants are assembled in memory.
func (r *Reader) WriteStored(ctx context.Context, key string, w io.Writer) error {
	var rec record
	if err := r.find(key, &rec); err != nil {
		return err
	}
	if len(rec.slices) == 0 {
		s := &stored{key: key, rec: rec}
		if err := r.locate(s); err != nil {
			return err
		}
		return r.copyStored(ctx, s, w)
	}
	return r.assemble(ctx, key, &rec, w)
}

// copyStored copies the bytes of s, which must be located, to w in little-endian order and verifies them.
func (r *Reader) copyStored(ctx context.Context, s *stored, w io.Writer) error {
	switch s.rec.dtype {
	case tensor.DTString:
		return r.writeStrings(ctx, s, w)
	case tensor.DTVariant:
		return r.writeVariants(ctx, s, w)
	}
	buf := make([]byte, min(bufferSize, s.rec.size))
	return r.stream(ctx, s, buf, func(_ int64, chunk []byte) error {
		if r.header.bigEndian {
			s.rec.dtype.SwapBytes(chunk)
		}
		_, err := w.Write(chunk)
		return err
	})
}

// assemble writes a partitioned tensor as if it were stored whole.
func (r *Reader) assemble(ctx context.Context, key string, rec *record, w io.Writer) error {
	whole := wholeSlice(rec.shape)
	parts, err := r.partsFor(key, rec, whole)
	if err != nil {
		return err
	}
	for i := range parts {
		if err := r.copyStored(ctx, &parts[i].stored, io.Discard); err != nil {
			return err
		}
	}
	if rec.dtype.Size() == 0 {
		return r.assembleElements(ctx, key, rec, w)
	}
	for region := range windows(rec.shape, windowSize/rec.dtype.Size()) {
		dst, err := tensor.NewAny(rec.dtype, lengths(region)...)
		if err != nil {
			return err
		}
		for i := range parts {
			if err := r.readStored(ctx, &parts[i].stored, parts[i].at, region, dst); err != nil {
				return err
			}
		}
		b, _ := tensor.Bytes(dst)
		if !tensor.NativeLittleEndian {
			rec.dtype.SwapBytes(b)
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// assembleElements is assemble for strings and variants.
func (r *Reader) assembleElements(ctx context.Context, key string, rec *record, w io.Writer) error {
	dst, err := tensor.NewAny(rec.dtype, rec.shape...)
	if err != nil {
		return err
	}
	if err := r.readRegion(ctx, key, rec, wholeSlice(rec.shape), dst); err != nil {
		return err
	}
	_, err = encodeElements(ctx, w, dst)
	return err
}
