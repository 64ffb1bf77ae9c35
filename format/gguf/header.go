package gguf

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"

	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/tensor"
)

const (
	magic = "GGUF"

	alignmentKey     = "general.alignment"
	defaultAlignment = 32

	// maxAxes is more than the four axes that ggml supports.
	maxAxes = 32

	// maxDepth is how deep arrays of metadata may be nested.
	maxDepth = 8

	pairSize   = 8 + 4 + 1     // least number of bytes of a pair of metadata
	tensorSize = 8 + 4 + 4 + 8 // least number of bytes of a tensor's description
)

// A header is a file without the bytes of its tensors.
type header struct {
	version  uint32
	metadata map[string]any
	tensors  []raw.Tensor
	kinds    []kind // of the tensors
}

// readHeader reads and checks the header of a file.
func readHeader(b *raw.Blob) (h header, err error) {
	s := newScanner(b)
	var start [len(magic)]byte
	s.read(start[:])
	if errors.As(s.err, new(*raw.Error)) {
		return h, s.err
	}
	if s.err != nil || string(start[:]) != magic {
		return h, raw.Corrupt(b.Name(), "", "it begins with %q, expected %q", start, magic)
	}
	h.version = s.uint32()
	if h.version != 0 && h.version&0xffff == 0 { // the reference implementation detects the byte order in the same way
		s.order = binary.BigEndian
		h.version = bits.ReverseBytes32(h.version)
	}
	if s.err == nil && h.version != 2 && h.version != 3 {
		return h, raw.Unsupported(b.Name(), "", "version %d of the GGUF format is not supported, only 2 and 3 are", h.version)
	}
	h.read(s)
	if s.err == nil {
		return h, h.place(b, s)
	}
	if errors.As(s.err, new(*raw.Error)) {
		return h, s.err
	}
	return h, raw.Corrupt(b.Name(), "", "%v", s.err)
}

// read reads the rest of the header after the version. Offsets of tensors are as in the file.
func (h *header) read(s *scanner) {
	tensors := s.count("tensors", tensorSize)
	pairs := s.count("pairs of metadata", pairSize)
	h.metadata = make(map[string]any)
	for range pairs {
		key := s.name()
		value := s.value(s.uint32(), maxDepth)
		if _, ok := h.metadata[key]; ok {
			s.fail("the metadata has the key %s twice", raw.Quote(key))
		}
		if s.err != nil {
			return
		}
		h.metadata[key] = value
	}
	for range tensors {
		t, k := s.tensor()
		if s.err != nil {
			return
		}
		h.tensors, h.kinds = append(h.tensors, t), append(h.kinds, k)
	}
}

// tensor reads the description of a tensor.
func (s *scanner) tensor() (t raw.Tensor, k kind) {
	t.Key = s.name()
	axes := s.uint32()
	if axes > maxAxes {
		s.fail("%s: got %d axes, expected at most %d", raw.Quote(t.Key), axes, maxAxes)
		return t, k
	}
	t.Shape = make(tensor.Shape, axes)
	for i := range t.Shape {
		n := s.uint64()
		if t.Shape[i] = int(n); t.Shape[i] < 0 || uint64(t.Shape[i]) != n {
			s.fail("%s: an axis of length %d: more elements than an int can count", raw.Quote(t.Key), n)
		}
	}
	slices.Reverse(t.Shape)
	k = kindOf(s.uint32())
	t.Stored, t.DType, t.Code = k.name, k.dtype, k.code()
	t.BigEndian = s.order == binary.BigEndian
	offset := s.uint64()
	if t.Offset = int64(offset); t.Offset < 0 {
		s.fail("%s: invalid offset %d", raw.Quote(t.Key), offset)
	}
	return t, k
}

// place converts the offsets of tensors to offsets in the file. They count from the position of s. It checks that tensors have
// whole blocks.
func (h *header) place(b *raw.Blob, s *scanner) error {
	alignment := int64(defaultAlignment)
	if v, ok := h.metadata[alignmentKey]; ok {
		n, ok := v.(uint32)
		if !ok || n == 0 || n&(n-1) != 0 {
			return raw.Corrupt(b.Name(), "", "%s is %v, expected a uint32 that is a power of two", alignmentKey, v)
		}
		alignment = int64(n)
	}
	begin := (s.at + alignment - 1) / alignment * alignment
	for i := range h.tensors {
		t := &h.tensors[i]
		if t.Offset%alignment != 0 {
			return raw.Corrupt(b.Name(), t.Key, "its offset %d is not a multiple of the alignment, %d", t.Offset, alignment)
		}
		if t.Offset > b.Size() { // so that the sum cannot overflow
			return raw.Corrupt(b.Name(), t.Key, "its offset %d is beyond the end of the file, which has %d bytes", t.Offset, b.Size())
		}
		t.Offset += begin
		if err := settle(b, t, &h.kinds[i]); err != nil {
			return err
		}
	}
	return nil
}

// settle decides whether t, of kind k, can be read. If it cannot, settle sets its size.
func settle(b *raw.Blob, t *raw.Tensor, k *kind) error {
	if err := t.Shape.Check(); err != nil {
		return raw.Corrupt(b.Name(), t.Key, "%v", err)
	}
	if k.elements > 1 && (len(t.Shape) == 0 || t.Shape[len(t.Shape)-1]%k.elements != 0) {
		return raw.Corrupt(b.Name(), t.Key, "the last axis of %s%v is not a multiple of the %d elements of a block", t.Stored, t.Shape, k.elements)
	}
	switch {
	case k.dtype == tensor.InvalidDType:
		t.BigEndian = false
		t.Refuse = raw.Unsupported(b.Name(), t.Key, "it is stored as %s, which can only be listed", t.Stored)
	case t.Code != nil && t.BigEndian:
		t.Code, t.BigEndian, t.DType = nil, false, tensor.InvalidDType
		t.Refuse = raw.Unsupported(b.Name(), t.Key, "it is stored as %s in a big-endian file, which can only be listed", t.Stored)
	default:
		return nil
	}
	if k.elements == 0 {
		t.Offset = 0 // its size is unknown
		return nil
	}
	n := t.Shape.Len() / k.elements
	if int64(n) > b.Size()/int64(k.bytes) {
		return raw.Corrupt(b.Name(), t.Key, "%s%v needs %d blocks of %d bytes, but the file has %d bytes", t.Stored, t.Shape, n, k.bytes, b.Size())
	}
	t.Size = int64(n) * int64(k.bytes)
	return nil
}
