package bundle

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// The version that this package reads and writes (kTensorBundleVersion and its neighbours in tensor_bundle.h).
const (
	version     = 1
	minProducer = 0
)

// A header is a BundleHeaderProto: the value of the empty key, which every index begins with.
type header struct {
	shards       int32 // data files
	bigEndian    bool
	producer     int32
	minConsumer  int32
	badConsumers []int32
}

// newHeader returns the header that TensorFlow writes.
func newHeader(shards int) header { return header{shards: int32(shards), producer: version} }

// equalKind reports whether checkpoints with headers h and o can be merged.
func (h header) equalKind(o header) bool {
	return h.bigEndian == o.bigEndian && h.producer == o.producer && h.minConsumer == o.minConsumer && slices.Equal(h.badConsumers, o.badConsumers)
}

// encode returns h as TensorFlow serializes it: fields in order, zeros left out.
func (h header) encode() []byte {
	var v []byte
	v = appendVarint(v, 1, uint64(h.producer))
	v = appendVarint(v, 2, uint64(h.minConsumer))
	if len(h.badConsumers) > 0 {
		var packed []byte
		for _, c := range h.badConsumers {
			packed = protowire.AppendVarint(packed, uint64(c))
		}
		v = protowire.AppendBytes(protowire.AppendTag(v, 3, protowire.BytesType), packed)
	}
	b := appendVarint(nil, 1, uint64(h.shards))
	if h.bigEndian {
		b = appendVarint(b, 2, 1)
	}
	return protowire.AppendBytes(protowire.AppendTag(b, 3, protowire.BytesType), v)
}

// decodeHeader parses the value of the empty key. The error's text says what is wrong.
func decodeHeader(b []byte) (header, error) {
	var h header
	err := fields(b, func(num protowire.Number, typ protowire.Type, v uint64, msg []byte) error {
		switch {
		case num == 1 && typ == protowire.VarintType:
			h.shards = int32(v)
		case num == 2 && typ == protowire.VarintType:
			if v > 1 {
				return fmt.Errorf("endianness is %d, want 0 (little) or 1 (big)", v)
			}
			h.bigEndian = v == 1
		case num == 3 && typ == protowire.BytesType:
			return h.decodeVersion(msg)
		}
		return nil
	})
	return h, err
}

// decodeVersion parses a VersionDef.
func (h *header) decodeVersion(b []byte) error {
	return fields(b, func(num protowire.Number, typ protowire.Type, v uint64, msg []byte) error {
		switch {
		case num == 1 && typ == protowire.VarintType:
			h.producer = int32(v)
		case num == 2 && typ == protowire.VarintType:
			h.minConsumer = int32(v)
		case num == 3 && typ == protowire.VarintType:
			h.badConsumers = append(h.badConsumers, int32(v))
		case num == 3 && typ == protowire.BytesType:
			for len(msg) > 0 {
				v, n := protowire.ConsumeVarint(msg)
				if n < 0 {
					return protowire.ParseError(n)
				}
				h.badConsumers = append(h.badConsumers, int32(v))
				msg = msg[n:]
			}
		}
		return nil
	})
}

// checkVersion returns an error, errors.ErrUnsupported, where h says that this package must not read the checkpoint
// (CheckVersions in tensorflow/core/framework/versions.cc).
func (h header) checkVersion() error {
	switch {
	case h.producer < minProducer:
		return fmt.Errorf("it was written by version %d of the format, want at least %d: %w", h.producer, minProducer, errors.ErrUnsupported)
	case h.minConsumer > version:
		return fmt.Errorf("it asks for a reader of version %d of the format or later, and this is %d; use a newer release: %w", h.minConsumer, version, errors.ErrUnsupported)
	case slices.Contains(h.badConsumers, version):
		return fmt.Errorf("it refuses readers of version %d of the format, which this is: %w", version, errors.ErrUnsupported)
	}
	return nil
}

// fields calls fn with every field of the message b: v is the value of a varint or fixed32 field, msg that of a
// length-delimited one.
func fields(b []byte, fn func(num protowire.Number, typ protowire.Type, v uint64, msg []byte) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		var v uint64
		var msg []byte
		switch typ {
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			msg, n = protowire.ConsumeBytes(b)
		case protowire.Fixed32Type:
			var v32 uint32
			v32, n = protowire.ConsumeFixed32(b)
			v = uint64(v32)
		default:
			n = protowire.ConsumeFieldValue(num, typ, b)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if err := fn(num, typ, v, msg); err != nil {
			return err
		}
	}
	return nil
}

// appendVarint appends a varint field unless it is zero, as proto3 asks.
func appendVarint(b []byte, num protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
}
