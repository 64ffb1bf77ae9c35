package savedv1

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/bits"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/tensor"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// numberBytes returns the number of bytes that s takes in a data file, or 0 if elements have no fixed size. It limits the result
// to an int64: no file has more bytes, and Check reports that.
func numberBytes(s *stored) int64 {
	hi, lo := bits.Mul64(uint64(s.dtype.Size()), uint64(s.shape.Len()))
	if hi != 0 || lo > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(lo)
}

// stringBytes returns the number of bytes that strings take in a data file: the lengths, their checksum, and the strings.
func (r *Reader) stringBytes(s *stored) (int64, error) {
	n := int64(crc32.Size)
	for i := range s.parts {
		v, err := r.values(s, &s.parts[i])
		if err != nil {
			return 0, err
		}
		err = v.each(nil, func(b []byte) error {
			n += int64(protowire.SizeVarint(uint64(len(b))) + len(b))
			return nil
		})
		if err != nil {
			return 0, decodeError(&s.parts[i], s, err)
		}
	}
	return n, nil
}

// WriteStored implements [format.Reader]. It writes the bytes that a data file of the second format would hold. It assembles the
// tensor in memory. A small file can hold a tensor many times larger, within fixed bounds.
func (r *Reader) WriteStored(ctx context.Context, key string, w io.Writer) error {
	s, err := r.find(key)
	if err != nil {
		return err
	}
	if err := r.Check(key); err != nil { // before memory is allocated for the shape
		return err
	}
	all, err := tensor.NewAny(s.dtype, s.shape...)
	if err != nil {
		return fmt.Errorf("%s: %q: %w", r.name, key, err)
	}
	if err := r.read(ctx, s, s.region(), all); err != nil {
		return err
	}
	if t, ok := tensor.As[string](all); ok {
		return writeStrings(w, t.Data())
	}
	memory, _ := tensor.Bytes(all)
	if !tensor.NativeLittleEndian {
		s.dtype.SwapBytes(memory)
	}
	_, err = w.Write(memory)
	return err
}

// writeStrings is WriteStringTensor in tensor_bundle.cc: varint64 lengths, the masked checksum of the lengths, and
// the strings.
func writeStrings(w io.Writer, values []string) error {
	b := bufio.NewWriter(w)
	var crc uint32
	for _, v := range values {
		length := binary.LittleEndian.AppendUint32(nil, uint32(len(v)))
		if uint64(len(v)) > math.MaxUint32 {
			length = binary.LittleEndian.AppendUint64(nil, uint64(len(v)))
		}
		crc = crc32.Update(crc, castagnoli, length)
		b.Write(binary.AppendUvarint(nil, uint64(len(v)))) // bufio keeps its first error for Flush
	}
	b.Write(binary.LittleEndian.AppendUint32(nil, sstable.Mask(crc)))
	for _, v := range values {
		b.WriteString(v)
	}
	return b.Flush()
}
