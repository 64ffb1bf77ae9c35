package bundle

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gockpt/ckpt/tensor"
)

// A record is a BundleEntryProto: what the index stores under a key. It is decoded by hand, several times faster than
// by generated code, and into memory that is used again.
type record struct {
	dtype       tensor.DType
	shape       tensor.Shape // as stored, not checked; axes that no int can hold are -1
	unknownRank bool
	shard       int32
	offset      int64
	size        int64
	crc         uint32         // masked
	slices      []tensor.Slice // as stored; extents that no slice can have are noExtent
}

// noExtent stands for an extent whose stored form [tensor.Extent] could take for another.
var noExtent = tensor.Extent{Start: -1, Length: -2}

// decode parses the value of a key into r, whatever it held before. The error's text says what is wrong with the
// message; what its numbers mean is not looked at here.
func (r *record) decode(b []byte) error {
	*r = record{shape: r.shape[:0], slices: r.slices[:0]}
	if r.shape == nil {
		r.shape = tensor.Shape{}
	}
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		switch {
		case typ == protowire.VarintType:
			var v uint64
			if v, n = protowire.ConsumeVarint(b); n < 0 {
				return protowire.ParseError(n)
			}
			switch num {
			case 1:
				r.dtype = tensor.DType(int32(v))
			case 3:
				r.shard = int32(v)
			case 4:
				r.offset = int64(v)
			case 5:
				r.size = int64(v)
			}
		case typ == protowire.BytesType && (num == 2 || num == 7):
			var msg []byte
			if msg, n = protowire.ConsumeBytes(b); n < 0 {
				return protowire.ParseError(n)
			}
			if num == 2 {
				if err := r.decodeShape(msg); err != nil {
					return fmt.Errorf("its shape: %w", err)
				}
				break
			}
			s, err := decodeSlice(msg)
			if err != nil {
				return fmt.Errorf("slice %d: %w", len(r.slices), err)
			}
			r.slices = append(r.slices, s)
		case typ == protowire.Fixed32Type && num == 6:
			if r.crc, n = protowire.ConsumeFixed32(b); n < 0 {
				return protowire.ParseError(n)
			}
		default:
			if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
				return protowire.ParseError(n)
			}
		}
		b = b[n:]
	}
	return nil
}

// decodeShape parses a TensorShapeProto. A second one adds to the first, as protocol buffers merge messages.
func (r *record) decodeShape(b []byte) error {
	return fields(b, func(num protowire.Number, typ protowire.Type, v uint64, msg []byte) error {
		switch {
		case num == 2 && typ == protowire.BytesType:
			size, err := decodeDim(msg)
			r.shape = append(r.shape, size)
			return err
		case num == 3 && typ == protowire.VarintType:
			r.unknownRank = v != 0
		}
		return nil
	})
}

// decodeDim parses a TensorShapeProto.Dim, whose name is of no use here.
func decodeDim(b []byte) (size int, err error) {
	// By far the most: one varint field.
	if len(b) > 1 && b[0] == 1<<3 {
		if v, n := protowire.ConsumeVarint(b[1:]); n == len(b)-1 {
			return axis(int64(v)), nil
		}
	}
	err = fields(b, func(num protowire.Number, typ protowire.Type, v uint64, _ []byte) error {
		if num == 1 && typ == protowire.VarintType {
			size = axis(int64(v))
		}
		return nil
	})
	return size, err
}

// axis returns v as an int, or -1, which no shape can have, where it does not fit.
func axis(v int64) int {
	if v < math.MinInt || v > math.MaxInt {
		return -1
	}
	return int(v)
}

// decodeSlice parses a TensorSliceProto.
func decodeSlice(b []byte) (tensor.Slice, error) {
	s := tensor.Slice{}
	err := fields(b, func(num protowire.Number, typ protowire.Type, _ uint64, msg []byte) error {
		if num == 1 && typ == protowire.BytesType {
			e, err := decodeExtent(msg)
			s = append(s, e)
			return err
		}
		return nil
	})
	return s, err
}

// decodeExtent parses a TensorSliceProto.Extent: without a length it is the whole axis.
func decodeExtent(b []byte) (tensor.Extent, error) {
	e, bad := tensor.Full, false
	err := fields(b, func(num protowire.Number, typ protowire.Type, v uint64, _ []byte) error {
		if typ != protowire.VarintType {
			return nil
		}
		switch n := axis(int64(v)); num {
		case 1:
			e.Start, bad = n, bad || n < 0
		case 2:
			e.Length, bad = n, bad || n < 0
		}
		return nil
	})
	if bad || e.Length < 0 && e.Start != 0 {
		e = noExtent
	}
	return e, err
}

// append appends r as TensorFlow serializes it: fields in order, zeros left out, the shape and the checksum
// always there.
func (r *record) append(b []byte) []byte {
	b = appendVarint(b, 1, uint64(r.dtype))
	shape := make([]byte, 0, 64)
	for _, n := range r.shape {
		dim := appendVarint(make([]byte, 0, 16), 1, uint64(n))
		shape = protowire.AppendBytes(protowire.AppendTag(shape, 2, protowire.BytesType), dim)
	}
	b = protowire.AppendBytes(protowire.AppendTag(b, 2, protowire.BytesType), shape)
	b = appendVarint(b, 3, uint64(r.shard))
	b = appendVarint(b, 4, uint64(r.offset))
	b = appendVarint(b, 5, uint64(r.size))
	if len(r.slices) == 0 { // a partitioned tensor's own entry has no data and so no checksum
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
			msg = protowire.AppendBytes(protowire.AppendTag(msg, 1, protowire.BytesType), ext)
		}
		b = protowire.AppendBytes(protowire.AppendTag(b, 7, protowire.BytesType), msg)
	}
	return b
}

// maxRank is the most axes that TensorFlow's TensorShape can have (TensorShape::MaxDimensions).
const maxRank = 254

// check returns an error where r's dtype and shape describe no tensor.
func (r *record) check() error {
	switch {
	case !r.dtype.Valid():
		return fmt.Errorf("dtype %d is none that tensors are stored in", int32(r.dtype))
	case r.unknownRank:
		return fmt.Errorf("its shape is of unknown rank")
	case len(r.shape) > maxRank:
		return fmt.Errorf("its shape has %d axes, want at most %d", len(r.shape), maxRank)
	}
	if err := r.shape.Check(); err != nil {
		return fmt.Errorf("shape %v cannot be", r.shape)
	}
	return nil
}
