package bundle

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/gockpt/ckpt/format/pb"
)

// The version that this package reads and writes (kTensorBundleVersion and its neighbours in tensor_bundle.h).
const (
	version     = 1
	minProducer = 0
)

// A header is the value of the empty key, which every index begins with: a BundleHeaderProto.
type header struct {
	shards       int32 // number of data files
	bigEndian    bool
	producer     int32
	minConsumer  int32
	badConsumers []int32
}

// newHeader returns the header that TensorFlow writes.
func newHeader(shards int) header { return header{shards: int32(shards), producer: version} }

// equalKind reports whether checkpoints with headers h and o can be merged.
func (h header) equalKind(o header) bool {
	return h.bigEndian == o.bigEndian && h.producer == o.producer && h.minConsumer == o.minConsumer &&
		slices.Equal(h.badConsumers, o.badConsumers)
}

// encode returns h as TensorFlow serializes it: fields in order, without zeros, but always with the version.
func (h header) encode() []byte {
	v := appendVarint(nil, 1, uint64(h.producer))
	v = appendVarint(v, 2, uint64(h.minConsumer))
	var packed []byte
	for _, c := range h.badConsumers {
		packed = protowire.AppendVarint(packed, uint64(c))
	}
	if packed != nil {
		v = appendMessage(v, 3, packed)
	}
	b := appendVarint(nil, 1, uint64(h.shards))
	if h.bigEndian {
		b = appendVarint(b, 2, uint64(pb.BundleHeader_BIG))
	}
	return appendMessage(b, 3, v)
}

// decodeHeader parses the value of the empty key. The error's text says what is wrong.
func decodeHeader(b []byte) (header, error) {
	var p pb.BundleHeader
	if err := proto.Unmarshal(b, &p); err != nil {
		return header{}, errors.New("it is not the encoding of a BundleHeaderProto")
	}
	h := header{
		shards:       p.GetNumShards(),
		bigEndian:    p.GetEndianness() == pb.BundleHeader_BIG,
		producer:     p.GetVersion().GetProducer(),
		minConsumer:  p.GetVersion().GetMinConsumer(),
		badConsumers: p.GetVersion().GetBadConsumers(),
	}
	switch {
	case p.GetEndianness() != pb.BundleHeader_BIG && p.GetEndianness() != pb.BundleHeader_LITTLE:
		return h, fmt.Errorf("endianness is %d, want 0 (little) or 1 (big)", p.GetEndianness())
	case h.shards < 0:
		return h, fmt.Errorf("it claims %d data files", h.shards)
	}
	return h, nil
}

// checkVersion returns an error, errors.ErrUnsupported, if this package must not read the checkpoint
// according to h (CheckVersions in tensorflow/core/framework/versions.cc).
func (h header) checkVersion() error {
	v := pb.VersionDef{Producer: h.producer, MinConsumer: h.minConsumer, BadConsumers: h.badConsumers}
	return v.Check(version, minProducer)
}

// appendVarint appends a varint field unless it is zero, as proto3 requires.
func appendVarint(b []byte, num protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
}

// appendMessage appends a length-delimited field, even if it is empty.
func appendMessage(b []byte, num protowire.Number, msg []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), msg)
}
