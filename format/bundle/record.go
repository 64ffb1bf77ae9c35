package bundle

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gockpt/ckpt/format/pb"
	"github.com/gockpt/ckpt/tensor"
)

// A record is a BundleEntryProto, the value of a key in the index. Decoding by hand is several times faster
// than generated code, and reuses memory.
type record struct {
	dtype       tensor.DType
	shard       int32
	crc         uint32 // masked
	unknownRank bool
	offset      int64
	size        int64
	shape       tensor.Shape   // as stored, not checked; axes that overflow an int are -1
	slices      []tensor.Slice // as stored; extents that a slice cannot have are noExtent
}

// noExtent replaces an extent that has another meaning in [tensor.Extent] than in its stored form.
var noExtent = tensor.Extent{Start: -1, Length: -2}

// decode parses the value of a key into r and overwrites the old contents. The error describes the problem of
// the message. decode does not check the meaning of the numbers.
func (r *record) decode(b []byte) error {
	*r = record{shape: r.shape[:0], slices: r.slices[:0]}
	if r.shape == nil {
		r.shape = tensor.Shape{}
	}
	for f, err := range pb.Fields(b) {
		switch {
		case err != nil:
			return err
		case f.Has(1, protowire.VarintType):
			r.dtype = tensor.DType(int32(f.Number))
		case f.Has(2, protowire.BytesType):
			err = r.decodeShape(f.Bytes)
		case f.Has(3, protowire.VarintType):
			r.shard = int32(f.Number)
		case f.Has(4, protowire.VarintType):
			r.offset = int64(f.Number)
		case f.Has(5, protowire.VarintType):
			r.size = int64(f.Number)
		case f.Has(6, protowire.Fixed32Type):
			r.crc = uint32(f.Number)
		case f.Has(7, protowire.BytesType):
			var s tensor.Slice
			s, err = decodeSlice(f.Bytes)
			r.slices = append(r.slices, s)
		}
		if err != nil {
			return fmt.Errorf("field %d: %w", f.Num, err)
		}
	}
	return nil
}

// decodeShape parses a TensorShapeProto. A second one adds to the first, as protocol buffers merge messages.
// The names of axes are not used.
func (r *record) decodeShape(b []byte) error {
	for f, err := range pb.Fields(b) {
		switch {
		case err != nil:
			return err
		case f.Has(2, protowire.BytesType):
			size := 0
			for dim, err := range pb.Fields(f.Bytes) {
				if err != nil {
					return err
				}
				if dim.Has(1, protowire.VarintType) {
					size = axis(int64(dim.Number))
				}
			}
			r.shape = append(r.shape, size)
		case f.Has(3, protowire.VarintType):
			r.unknownRank = f.Number != 0
		}
	}
	return nil
}

// decodeSlice parses a TensorSliceProto.
func decodeSlice(b []byte) (tensor.Slice, error) {
	s := tensor.Slice{}
	for f, err := range pb.Fields(b) {
		if err != nil {
			return nil, err
		}
		if f.Has(1, protowire.BytesType) {
			e, err := decodeExtent(f.Bytes)
			if err != nil {
				return nil, err
			}
			s = append(s, e)
		}
	}
	return s, nil
}

// decodeExtent parses a TensorSliceProto.Extent: without a length it is the whole axis.
func decodeExtent(b []byte) (tensor.Extent, error) {
	e, bad := tensor.Full, false
	for f, err := range pb.Fields(b) {
		n := axis(int64(f.Number))
		switch {
		case err != nil:
			return e, err
		case f.Has(1, protowire.VarintType):
			e.Start, bad = n, bad || n < 0
		case f.Has(2, protowire.VarintType):
			e.Length, bad = n, bad || n < 0
		}
	}
	if bad || e.Length < 0 && e.Start != 0 {
		e = noExtent
	}
	return e, nil
}

// axis returns v as an int, or -1 if it does not fit. No shape has an axis of -1.
func axis(v int64) int {
	if v < math.MinInt || v > math.MaxInt {
		return -1
	}
	return int(v)
}

// append appends r as TensorFlow serializes it: fields in order, without zeros, but always with the shape
// and the checksum.
func (r *record) append(b []byte) []byte {
	b = appendVarint(b, 1, uint64(r.dtype))
	shape := make([]byte, 0, 64)
	for _, n := range r.shape {
		shape = appendMessage(shape, 2, appendVarint(make([]byte, 0, 16), 1, uint64(n)))
	}
	b = appendMessage(b, 2, shape)
	b = appendVarint(b, 3, uint64(r.shard))
	b = appendVarint(b, 4, uint64(r.offset))
	b = appendVarint(b, 5, uint64(r.size))
	if len(r.slices) == 0 { // the entry of a partitioned tensor has no data, and so no checksum
		b = protowire.AppendFixed32(protowire.AppendTag(b, 6, protowire.Fixed32Type), r.crc)
	}
	for _, s := range r.slices {
		var msg []byte
		for _, e := range s {
			var ext []byte
			if e != tensor.Full {
				ext = appendVarint(ext, 1, uint64(e.Start))
				ext = protowire.AppendVarint(protowire.AppendTag(ext, 2, protowire.VarintType), uint64(e.Length))
			}
			msg = appendMessage(msg, 1, ext)
		}
		b = appendMessage(b, 7, msg)
	}
	return b
}

// check returns an error if r's dtype and shape do not describe a tensor.
func (r *record) check() error {
	switch {
	case !r.dtype.Valid():
		return fmt.Errorf("dtype %d cannot be stored", int32(r.dtype))
	case r.unknownRank:
		return fmt.Errorf("its shape has an unknown rank")
	case len(r.shape) > tensor.MaxRank:
		return fmt.Errorf("its shape has %d axes, want at most %d", len(r.shape), tensor.MaxRank)
	}
	if err := r.shape.Check(); err != nil {
		return fmt.Errorf("shape %v is impossible", r.shape)
	}
	return nil
}
