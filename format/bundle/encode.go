package bundle

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/tensor"
)

// encodedSize returns the size of a string or variant tensor in a data file.
func encodedSize(t tensor.Any) (int64, error) {
	switch values := t.Values().(type) {
	case []string:
		return 4 + elementBytes(values), nil
	case []tensor.Variant:
		return 4*int64(len(values)) + elementBytes(values), nil
	}
	return 0, fmt.Errorf("%v is not a tensor of strings", t.DType())
}

// elementBytes returns the bytes of all values and of their lengths.
func elementBytes[S ~string](values []S) (n int64) {
	for _, v := range values {
		n += int64(len(v)) + int64(uvarintLen(uint64(len(v))))
	}
	return n
}

func uvarintLen(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// encodeElements writes a string or variant tensor in the form of a data file, and returns its checksum, not
// masked.
func encodeElements(ctx context.Context, w io.Writer, t tensor.Any) (crc uint32, err error) {
	size, err := encodedSize(t)
	if err != nil {
		return 0, err
	}
	buf := bufio.NewWriterSize(w, int(min(size, bufferSize)))
	switch values := t.Values().(type) {
	case []string:
		crc, err = encodeStrings(ctx, buf, values)
	case []tensor.Variant:
		crc, err = encodeVariants(ctx, buf, values)
	}
	if err != nil {
		return 0, err
	}
	return crc, buf.Flush()
}

// encodeStrings is WriteStringTensor in tensor_bundle.cc.
func encodeStrings(ctx context.Context, w *bufio.Writer, values []string) (crc uint32, err error) {
	var sum lengthSum
	for _, v := range values {
		sum.add(int64(len(v)))
		w.Write(binary.AppendUvarint(w.AvailableBuffer(), uint64(len(v)))) // a later write reports its error
	}
	crc = writeChecksum(w, sum.sum())
	for _, v := range values {
		if crc, err = writeText(ctx, w, crc, v); err != nil {
			return 0, err
		}
	}
	return crc, nil
}

// encodeVariants is WriteVariantTensor.
func encodeVariants(ctx context.Context, w *bufio.Writer, values []tensor.Variant) (crc uint32, err error) {
	var b [binary.MaxVarintLen64]byte
	for _, v := range values {
		crc = crc32.Update(crc, castagnoli, binary.LittleEndian.AppendUint64(b[:0], uint64(len(v))))
		w.Write(binary.AppendUvarint(b[:0], uint64(len(v))))
		if crc, err = writeText(ctx, w, crc, string(v)); err != nil {
			return 0, err
		}
		crc = writeChecksum(w, crc)
	}
	return crc, nil
}

// writeChecksum writes crc, masked, and returns crc continued with the written bytes.
func writeChecksum(w *bufio.Writer, crc uint32) uint32 {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], sstable.Mask(crc))
	w.Write(b[:])
	return crc32.Update(crc, castagnoli, b[:])
}

// writeText writes the bytes of v, piece by piece, and returns crc continued with them.
func writeText(ctx context.Context, w *bufio.Writer, crc uint32, v string) (uint32, error) {
	for len(v) > 0 {
		if w.Available() == 0 {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			if err := w.Flush(); err != nil {
				return 0, err
			}
		}
		piece := append(w.AvailableBuffer(), v[:min(len(v), w.Available())]...)
		crc = crc32.Update(crc, castagnoli, piece)
		if _, err := w.Write(piece); err != nil {
			return 0, err
		}
		v = v[len(piece):]
	}
	return crc, nil
}
