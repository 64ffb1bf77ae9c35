package bundle

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt/format/pb"
	"github.com/gockpt/ckpt/tensor"
)

// The bytes are from entries that TensorFlow wrote.
func TestRecordLiteralBytes(t *testing.T) {
	tests := []struct {
		name string
		want string
		rec  record
	}{
		{"a float scalar: an empty shape, no shard, no offset",
			"\x08\x01" + "\x12\x00" + "\x28\x04" + "\x35\x81\xa5\xda\x2b",
			record{dtype: tensor.DTFloat32, shape: tensor.Shape{}, size: 4, crc: 0x2bdaa581}},
		{"B-03 an empty tensor: an axis without a size, no size, the checksum of zero bytes",
			"\x08\x01" + "\x12\x07" + "\x12\x00" + "\x12\x03\x08\xd2\x0c" + "\x20\x04" + "\x35\xd8\xea\x82\xa2",
			record{dtype: tensor.DTFloat32, shape: tensor.Shape{0, 1618}, offset: 4, crc: 0xa282ead8}},
		{"shard and offset",
			"\x08\x07" + "\x12\x00" + "\x18\x03" + "\x20\x10" + "\x28\xfc\x01" + "\x35\xd8\xa7\x67\x6f",
			record{dtype: tensor.DTString, shape: tensor.Shape{}, shard: 3, offset: 16, size: 252, crc: 0x6f67a7d8}},
		{"B-12 a partitioned tensor: no checksum; full extents are empty, a start of 0 is omitted",
			"\x08\x05" + "\x12\x08\x12\x02\x08\x04\x12\x02\x08\x02" +
				"\x3a\x06" + "\x0a\x02\x10\x02" + "\x0a\x00" +
				"\x3a\x08" + "\x0a\x04\x08\x02\x10\x02" + "\x0a\x00",
			record{dtype: tensor.DTInt16, shape: tensor.Shape{4, 2}, slices: []tensor.Slice{{ext(0, 2), tensor.Full}, {ext(2, 2), tensor.Full}}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, string(test.rec.append(nil)))
			var got record
			require.NoError(t, got.decode([]byte(test.want)))
			require.Equal(t, test.rec, got)
		})
	}
}

// fromProto converts a message that generated code decoded to the record that decode should return.
func fromProto(p *pb.BundleEntry) record {
	r := record{dtype: tensor.DType(p.GetDtype()), shard: p.GetShardId(), offset: p.GetOffset(), size: p.GetSize(), crc: p.GetCrc32C()}
	r.shape, r.unknownRank = tensor.Shape{}, p.GetShape().GetUnknownRank()
	for _, d := range p.GetShape().GetDim() {
		r.shape = append(r.shape, axis(d.GetSize()))
	}
	for _, s := range p.GetSlices() {
		out := tensor.Slice{}
		for _, e := range s.GetExtent() {
			x := tensor.Extent{Start: axis(e.GetStart()), Length: -1}
			if e.Length != nil {
				x.Length = axis(e.GetLength())
			}
			if x.Start < 0 || e.Length != nil && x.Length < 0 || x.Length < 0 && x.Start != 0 {
				x = noExtent
			}
			out = append(out, x)
		}
		r.slices = append(r.slices, out)
	}
	return r
}

// equalRecords compares decoded records, wherever they are in memory.
func equalRecords(a, b *record) bool {
	same := a.dtype == b.dtype && a.shape.Equal(b.shape) && a.unknownRank == b.unknownRank && a.shard == b.shard &&
		a.offset == b.offset && a.size == b.size && a.crc == b.crc && len(a.slices) == len(b.slices)
	for i := range a.slices {
		same = same && a.slices[i].String() == b.slices[i].String() && len(a.slices[i]) == len(b.slices[i])
	}
	return same
}

// FuzzRecord compares decode with generated code, on valid and invalid messages.
func FuzzRecord(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x08\x01\x12\x00\x28\x04\x35\x81\xa5\xda\x2b"))
	f.Add([]byte("\x08\x05\x12\x08\x12\x02\x08\x04\x12\x02\x08\x02\x3a\x06\x0a\x02\x10\x02\x0a\x00"))
	f.Add([]byte("\x12\x02\x18\x01\x12\x04\x12\x02\x08\x01\x0b\x0c\x35\x00\x00"))
	f.Add([]byte("\x3a\x0c\x0a\x0a\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p pb.BundleEntry
		got := record{shape: tensor.Shape{9, 9}, slices: []tensor.Slice{{tensor.Full}}} // decode must overwrite the old contents
		err, want := got.decode(b), proto.UnmarshalOptions{AllowPartial: true}.Unmarshal(b, &p)
		if want != nil {
			return // decode does not check the names of axes
		}
		if err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if expect := fromProto(&p); !equalRecords(&expect, &got) {
			t.Fatalf("%q: %+v, want %+v", b, got, expect)
		}
	})
}

// If decode rejects a message, generated code must reject it too.
func TestRecordRefusesNoMoreThanGeneratedCode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 2, 8, 0x12, 0x18, 0x20, 0x28, 0x35, 0x3a, 0x0a, 0x10, 0x80, 0xff}), 0, 20).Draw(t, "bytes")
		var rec record
		if err := rec.decode(b); err != nil {
			require.Error(t, proto.Unmarshal(b, new(pb.BundleEntry)), "%v", err)
		}
	})
}

func genRecord(t *rapid.T) record {
	axes := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 300), rapid.Just(math.MaxInt)), 0, 5).Draw(t, "shape")
	rec := record{
		dtype:  tensor.DType(rapid.Int32Range(1, 33).Draw(t, "dtype")),
		shape:  axes,
		shard:  rapid.Int32Min(0).Draw(t, "shard"),
		offset: rapid.Int64Min(0).Draw(t, "offset"),
		size:   rapid.Int64Min(0).Draw(t, "size"),
		crc:    rapid.Uint32().Draw(t, "crc"),
	}
	if rapid.Bool().Draw(t, "partitioned") {
		rec.crc = 0
		extent := rapid.OneOf(rapid.Just(tensor.Full), rapid.Map(rapid.IntRange(0, math.MaxInt), func(n int) tensor.Extent { return ext(n%1000, n) }))
		rec.slices = rapid.SliceOfN(rapid.Map(rapid.SliceOfN(extent, 0, 4), func(s []tensor.Extent) tensor.Slice { return s }), 1, 4).Draw(t, "slices")
	}
	return rec
}

func TestRecordRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := genRecord(t)
		b := want.append(nil)
		var got record
		require.NoError(t, got.decode(b))
		require.True(t, equalRecords(&want, &got), "%+v, want %+v", got, want)

		var p pb.BundleEntry
		require.NoError(t, proto.Unmarshal(b, &p))
		read := fromProto(&p)
		require.True(t, equalRecords(&want, &read), "generated code reads %+v, want %+v", read, want)
	})
}

func TestRecordCheck(t *testing.T) {
	tests := []struct {
		name string
		rec  record
		want string
	}{
		{"no dtype", record{shape: tensor.Shape{}}, "dtype 0 cannot be stored"},
		{"an unknown dtype", record{dtype: 77, shape: tensor.Shape{}}, "dtype 77 cannot be stored"},
		{"a reference dtype", record{dtype: 101, shape: tensor.Shape{}}, "dtype 101 cannot be stored"},
		{"a negative dtype", record{dtype: -1, shape: tensor.Shape{}}, "dtype -1 cannot be stored"},
		{"B-36 unknown rank", record{dtype: 1, shape: tensor.Shape{}, unknownRank: true}, "unknown rank"},
		{"B-36 a negative axis", record{dtype: 1, shape: tensor.Shape{-4, 3}}, "shape [-4 3] is impossible"},
		{"B-36 two negative axes", record{dtype: 1, shape: tensor.Shape{-4, -3}}, "shape [-4 -3] is impossible"},
		{"B-36 too many axes", record{dtype: 1, shape: make(tensor.Shape, 255)}, "its shape has 255 axes, want at most 254"},
		{"B-36 more elements than an int can count", record{dtype: 1, shape: tensor.Shape{math.MaxInt, math.MaxInt}}, "is impossible"},
		{"B-36 axes with a product that wraps around", record{dtype: 1, shape: tensor.Shape{math.MaxInt/2 + 1, 4, 3}}, "is impossible"},
		{"the largest number of axes", record{dtype: 1, shape: make(tensor.Shape, 254)}, ""},
		{"no elements, although the other axes are long", record{dtype: 1, shape: tensor.Shape{math.MaxInt, math.MaxInt, 0}}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := test.rec.check(); test.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.want)
			}
		})
	}
}
