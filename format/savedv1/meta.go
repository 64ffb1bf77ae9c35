package savedv1

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/pb"
	"github.com/gockpt/ckpt/tensor"
)

// The version of the format that this package reads, and the oldest (TF_CHECKPOINT_VERSION, public/version.h).
const (
	version     = 1
	minProducer = 0
)

// The field numbers of saved_slices.proto and tensor.proto that are decoded by hand.
const (
	slicesMeta protowire.Number = 1
	slicesData protowire.Number = 2

	metaTensor   protowire.Number = 1
	metaVersions protowire.Number = 2

	tensorName  protowire.Number = 1
	tensorShape protowire.Number = 2
	tensorType  protowire.Number = 3
	tensorSlice protowire.Number = 4

	dataName  protowire.Number = 1
	dataSlice protowire.Number = 2
	dataProto protowire.Number = 3
)

// tensorMeta describes a tensor in a file.
type tensorMeta struct {
	name   string
	dtype  tensor.DType
	shape  tensor.Shape
	slices []tensor.Slice // as stored: a full axis is tensor.Full, or has its start and length
}

// parseMeta decodes the value of the empty key.
func parseMeta(value []byte) (tensors []tensorMeta, err error) {
	meta, err := submessage(value, slicesMeta)
	if err != nil {
		return nil, err
	}
	for f, err := range pb.Fields(meta) {
		if err != nil {
			return nil, err
		}
		switch {
		case f.Has(metaVersions, protowire.BytesType):
			var v pb.VersionDef
			if err := proto.Unmarshal(f.Bytes, &v); err != nil {
				return nil, errors.New("its versions are not an encoded protocol buffer")
			}
			if err := v.Check(version, minProducer); err != nil {
				return nil, err
			}
		case f.Has(metaTensor, protowire.BytesType):
			t, err := parseTensor(f.Bytes)
			if err != nil {
				return nil, fmt.Errorf("tensor %d, %q: %w", len(tensors), t.name, err)
			}
			tensors = append(tensors, t)
		}
	}
	return tensors, nil
}

func parseTensor(message []byte) (t tensorMeta, err error) {
	t.shape = tensor.Shape{}
	for f, err := range pb.Fields(message) {
		if err != nil {
			return t, err
		}
		switch {
		case f.Has(tensorName, protowire.BytesType):
			t.name = string(f.Bytes)
		case f.Has(tensorShape, protowire.BytesType):
			if t.shape, err = appendShape(t.shape, f.Bytes); err != nil {
				return t, fmt.Errorf("its shape: %w", err)
			}
		case f.Has(tensorType, protowire.VarintType):
			t.dtype = tensor.DType(int32(f.Number))
		case f.Has(tensorSlice, protowire.BytesType):
			s, err := parseSlice(f.Bytes)
			if err != nil {
				return t, fmt.Errorf("region %d: %w", len(t.slices), err)
			}
			t.slices = append(t.slices, s)
		}
	}
	return t, t.check()
}

// check returns an error if t does not describe a tensor.
func (t *tensorMeta) check() error {
	switch {
	case t.name == "" || !utf8.ValidString(t.name):
		return errors.New("the name of a tensor must be UTF-8 and not empty")
	case !t.dtype.Valid():
		return fmt.Errorf("dtype %v cannot be stored", t.dtype)
	}
	if err := t.shape.Check(); err != nil {
		return fmt.Errorf("its shape %v is impossible", t.shape)
	}
	for _, s := range t.slices {
		if _, _, err := s.Resolve(t.shape); err != nil {
			return fmt.Errorf("%v is not a region of shape %v", s, t.shape)
		}
	}
	return nil
}

// appendShape decodes a TensorShapeProto.
func appendShape(shape tensor.Shape, message []byte) (tensor.Shape, error) {
	for f, err := range pb.Fields(message) {
		if err != nil {
			return nil, err
		}
		switch {
		case f.Has(2, protowire.BytesType): // dim
			size := 0
			for f, err := range pb.Fields(f.Bytes) {
				if err != nil {
					return nil, err
				}
				if f.Has(1, protowire.VarintType) { // size
					size = toInt(f.Number)
				}
			}
			shape = append(shape, size)
			if len(shape) > tensor.MaxRank {
				return nil, fmt.Errorf("more than %d axes", tensor.MaxRank)
			}
		case f.Has(3, protowire.VarintType) && f.Number != 0: // unknown_rank
			return nil, errors.New("its rank is not known")
		}
	}
	return shape, nil
}

// parseSlice decodes a TensorSliceProto.
func parseSlice(message []byte) (tensor.Slice, error) {
	s := tensor.Slice{}
	for f, err := range pb.Fields(message) {
		if err != nil {
			return nil, err
		}
		if !f.Has(1, protowire.BytesType) { // extent
			continue
		}
		start, length := 0, tensor.Full.Length
		for f, err := range pb.Fields(f.Bytes) {
			if err != nil {
				return nil, err
			}
			switch {
			case f.Has(1, protowire.VarintType):
				start = toInt(f.Number)
			case f.Has(2, protowire.VarintType):
				if length = toInt(f.Number); length < 0 {
					length = math.MinInt // so that it does not mean a full axis
				}
			}
		}
		s = append(s, tensor.Extent{Start: start, Length: length})
		if len(s) > tensor.MaxRank {
			return nil, fmt.Errorf("more than %d axes", tensor.MaxRank)
		}
	}
	return s, nil
}

// toInt returns an int64 of a message, or a negative number if an int cannot hold it.
func toInt(v uint64) int {
	if n := int64(v); int64(int(n)) == n {
		return int(n)
	}
	return math.MinInt
}

// submessage returns the message in field num. If the field occurs several times, the messages are merged: their encodings are
// joined.
func submessage(message []byte, num protowire.Number) (sub []byte, err error) {
	for f, err := range pb.Fields(message) {
		switch {
		case err != nil:
			return nil, err
		case !f.Has(num, protowire.BytesType):
		case sub == nil:
			sub = f.Bytes[:len(f.Bytes):len(f.Bytes)]
		default:
			sub = append(sub, f.Bytes...)
		}
	}
	return sub, nil
}

func corrupt(file, key, why string, args ...any) error {
	where := file
	if key != "" {
		where = fmt.Sprintf("%s: %q", file, key)
	}
	return fmt.Errorf("%s: %s: %w", where, fmt.Sprintf(why, args...), format.ErrCorrupt)
}
