package safetensors

import (
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"slices"

	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/jsonscan"
	"github.com/gockpt/ckpt/tensor"
)

const (
	// maxHeader is the longest header that the reference implementation accepts.
	maxHeader = 100_000_000

	metadataName = "__metadata__"
	lengthSize   = 8 // bytes of the length, which precedes the header
)

// A header is the parsed header of a file.
type header struct {
	tensors  []raw.Tensor // in header order; offsets count from the beginning of the file
	metadata map[string]string
}

// readHeader reads and checks the header of a file.
func readHeader(b *raw.Blob) (h header, err error) {
	name, size := b.Name(), b.Size()
	if size < lengthSize {
		return h, raw.Corrupt(name, "", "it has %d bytes, but a safetensors file begins with the length of its header, in 8 bytes", size)
	}
	var length [lengthSize]byte
	if err := read(b, length[:], 0); err != nil {
		return h, err
	}
	n := binary.LittleEndian.Uint64(length[:])
	switch {
	case n > maxHeader:
		return h, raw.Corrupt(name, "", "its first 8 bytes, the length of a safetensors header, give %d, expected at most %d", n, maxHeader)
	case n > uint64(size-lengthSize):
		return h, raw.Corrupt(name, "", "its header has %d bytes, but the file ends after %d of them: it was cut off", n, size-lengthSize)
	}
	text, err := jsonscan.Read(b, lengthSize, int64(n))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return h, raw.Corrupt(name, "", "it became shorter while it was read")
	case errors.Is(err, jsonscan.ErrZeros):
		return h, raw.Corrupt(name, "", "header: %v", err)
	case err != nil:
		return h, raw.OpenError("read", name, err)
	}
	if h, err = parseHeader(text); err != nil {
		return h, raw.Corrupt(name, "", "header: %v", err)
	}
	return h, h.place(name, lengthSize+int64(n), size)
}

// read fills p from offset off of b.
func read(b *raw.Blob, p []byte, off int64) error {
	if n, err := b.ReadAt(p, off); n < len(p) {
		if err == io.EOF {
			return raw.Corrupt(b.Name(), "", "it became shorter while it was read")
		}
		return raw.OpenError("read", b.Name(), err)
	}
	return nil
}

// place checks that the tensors fill the file from the byte begin to its end, and converts their offsets to offsets in the file.
// name is the name of the file.
func (h *header) place(name string, begin, size int64) error {
	end := int64(0) // of the tensors that were checked
	var before *raw.Tensor
	for _, at := range h.inOrder() {
		t := &h.tensors[at]
		if err := resolve(name, t); err != nil {
			return err
		}
		switch {
		case t.Offset < end:
			return raw.Corrupt(name, t.Key, "it begins at %d and overlaps %s, which ends at %d", t.Offset, raw.Quote(before.Key), end)
		case t.Offset > end:
			return raw.Corrupt(name, t.Key, "it begins at %d, but the %d bytes before it do not belong to any tensor", t.Offset, t.Offset-end)
		case t.Size > size-begin-end:
			return raw.Corrupt(name, t.Key, "it ends at %d, but the file has only %d bytes of tensors: it was cut off", t.Offset+t.Size, size-begin)
		}
		end += t.Size
		t.Offset += begin
		before = t
	}
	if end < size-begin {
		return raw.Corrupt(name, "", "its last %d bytes do not belong to any tensor", size-begin-end)
	}
	return nil
}

// inOrder returns the indexes of the tensors in the order of their offsets.
func (h *header) inOrder() []int32 {
	order := make([]int32, len(h.tensors))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		x, y := &h.tensors[a], &h.tensors[b]
		return cmp.Or(cmp.Compare(x.Offset, y.Offset), cmp.Compare(x.Size, y.Size), cmp.Compare(a, b))
	})
	return order
}

// resolve looks up t's dtype and compares the size of t with its shape.
func resolve(name string, t *raw.Tensor) error {
	i := storedCalled(t.Stored)
	if i < 0 {
		return raw.Unsupported(name, t.Key, "its dtype %s is unknown", raw.Quote(t.Stored))
	}
	if err := t.Shape.Check(); err != nil {
		return raw.Corrupt(name, t.Key, "%v", err)
	}
	kind := &storedTypes[i]
	t.Stored = kind.name // shares the string between tensors
	hi, lo := bits.Mul64(uint64(t.Shape.Len()), uint64(kind.bits))
	if hi>>3 != 0 || hi<<61|lo>>3 != uint64(t.Size) || lo%8 != 0 {
		return raw.Corrupt(name, t.Key, "%s%v needs %d elements of %d bits, but its data_offsets span %d bytes",
			t.Stored, t.Shape, t.Shape.Len(), kind.bits, t.Size)
	}
	if t.DType = kind.dtype; t.DType == tensor.InvalidDType {
		t.Refuse = raw.Unsupported(name, t.Key, "its dtype %s cannot be read, only listed", t.Stored)
	}
	return nil
}
