package savedv1_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/pb"
	"github.com/gockpt/ckpt/format/savedv1"
	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

// wKey is the key of a one-dimensional tensor called w, stored in one region.
const wKey = "\x00w\x00\x01\x01\x01\x80\x7f"

// meta and data return the messages of a file with one float32 tensor called w with n elements.
func meta(dtype tensor.DType, n int64) *pb.SavedTensorSlices {
	return &pb.SavedTensorSlices{Meta: &pb.SavedTensorSliceMeta{Tensor: []*pb.SavedSliceMeta{{
		Name: "w", Type: int32(dtype), Shape: &pb.TensorShape{Dim: []*pb.TensorShape_Dim{{Size: n}}}, Slice: []*pb.TensorSlice{all()},
	}}, Versions: &pb.VersionDef{Producer: 1}}}
}

func all() *pb.TensorSlice { return &pb.TensorSlice{Extent: []*pb.TensorSlice_Extent{{}}} }

func rows(start, length int64) *pb.TensorSlice {
	return &pb.TensorSlice{Extent: []*pb.TensorSlice_Extent{{Start: start, Length: proto.Int64(length)}}}
}

func data(values *pb.TensorProto) *pb.SavedTensorSlices {
	return &pb.SavedTensorSlices{Data: &pb.SavedSlice{Name: "w", Slice: all(), Data: values}}
}

// table makes a file from keys and their values.
func table(t testing.TB, entries map[string][]byte) []byte {
	var b bytes.Buffer
	w := sstable.NewWriter(&b)
	keys := []string{}
	for key := range entries {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		require.NoError(t, w.Add([]byte(key), entries[key]))
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func encode(t testing.TB, m proto.Message) []byte {
	b, err := proto.Marshal(m)
	require.NoError(t, err)
	return b
}

// checkpoint opens a checkpoint of one file.
func checkpoint(t testing.TB, entries map[string][]byte) (*savedv1.Reader, error) {
	disk := errfs.New()
	require.NoError(t, disk.WriteFile("m.ckpt", table(t, entries)))
	r, err := savedv1.Open(disk, "m.ckpt")
	if err == nil {
		t.Cleanup(func() {
			require.NoError(t, r.Close())
			require.Zero(t, disk.OpenFiles())
		})
	} else {
		require.Zero(t, disk.OpenFiles(), "if opening fails, the files are closed")
	}
	return r, err
}

func TestOpenRefuses(t *testing.T) {
	damage := func(change func(m *pb.SavedSliceMeta)) []byte {
		m := meta(tensor.DTFloat32, 2)
		change(m.Meta.Tensor[0])
		return encode(t, m)
	}
	versions := func(v *pb.VersionDef) []byte {
		return encode(t, &pb.SavedTensorSlices{Meta: &pb.SavedTensorSliceMeta{Versions: v}})
	}
	for _, tt := range []struct {
		name string
		meta []byte
		is   error
		want string
	}{
		{"no list of tensors", nil, format.ErrCorrupt, "it has no list of its tensors"},
		{"an invalid list", []byte("\xff"), format.ErrCorrupt, "its list of tensors: "},
		{"a newer format", versions(&pb.VersionDef{Producer: 9, MinConsumer: 2}), errors.ErrUnsupported, "needs a reader for version 2"},
		{"a format that excludes this reader", versions(&pb.VersionDef{BadConsumers: []int32{3, 1}}), errors.ErrUnsupported, "does not allow readers of version 1"},
		{"a version before the first", versions(&pb.VersionDef{Producer: -1}), errors.ErrUnsupported, "version -1"},
		{"a tensor without a name", damage(func(m *pb.SavedSliceMeta) { m.Name = "" }), format.ErrCorrupt, `tensor 0, ""`},
		{"an invalid dtype", damage(func(m *pb.SavedSliceMeta) { m.Type = 77 }), format.ErrCorrupt, "dtype(77)"},
		{"a reference dtype", damage(func(m *pb.SavedSliceMeta) { m.Type = 101 }), format.ErrCorrupt, "dtype(101)"},
		{"a negative axis", damage(func(m *pb.SavedSliceMeta) { m.Shape.Dim[0].Size = -2 }), format.ErrCorrupt, "its shape [-2] is impossible"},
		{"more elements than an int can count", damage(func(m *pb.SavedSliceMeta) {
			m.Shape.Dim = []*pb.TensorShape_Dim{{Size: math.MaxInt64}, {Size: 3}}
		}), format.ErrCorrupt, "is impossible"},
		{"an unknown rank", damage(func(m *pb.SavedSliceMeta) { m.Shape.UnknownRank = true }), format.ErrCorrupt, "its rank is not known"},
		{"more axes than a tensor can have", damage(func(m *pb.SavedSliceMeta) {
			m.Shape.Dim = make([]*pb.TensorShape_Dim, 255)
			for i := range m.Shape.Dim {
				m.Shape.Dim[i] = &pb.TensorShape_Dim{Size: 1}
			}
		}), format.ErrCorrupt, "more than 254 axes"},
		{"a region of another rank", damage(func(m *pb.SavedSliceMeta) { m.Slice[0].Extent = nil }), format.ErrCorrupt, "is not a region of shape [2]"},
		{"a region outside of the tensor", damage(func(m *pb.SavedSliceMeta) { m.Slice[0] = rows(1, 2) }), format.ErrCorrupt, "1,2 is not a region of shape [2]"},
		{"a region of a negative length", damage(func(m *pb.SavedSliceMeta) { m.Slice[0] = rows(0, -1) }), format.ErrCorrupt, "is not a region of shape [2]"},
		{"a region that overflows", damage(func(m *pb.SavedSliceMeta) { m.Slice[0] = rows(1, math.MaxInt64) }), format.ErrCorrupt, "is not a region of shape [2]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			entries := map[string][]byte{"z": nil}
			if tt.meta != nil {
				entries[""] = tt.meta
			}
			_, err := checkpoint(t, entries)
			require.ErrorIs(t, err, tt.is)
			require.ErrorContains(t, err, "m.ckpt: ")
			require.ErrorContains(t, err, tt.want)
		})
	}
	t.Run("a file that is not a table", func(t *testing.T) {
		disk := errfs.New()
		require.NoError(t, disk.WriteFile("m.ckpt", []byte("PK\x03\x04")))
		_, err := savedv1.Open(disk, "m.ckpt")
		require.ErrorIs(t, err, format.ErrCorrupt)
		require.Zero(t, disk.OpenFiles())
	})
	t.Run("shards that contradict each other", func(t *testing.T) {
		disk := errfs.New()
		require.NoError(t, disk.WriteFile("m-00000-of-00002", table(t, map[string][]byte{"": encode(t, meta(tensor.DTFloat32, 2))})))
		require.NoError(t, disk.WriteFile("m-00001-of-00002", table(t, map[string][]byte{"": encode(t, meta(tensor.DTInt32, 2))})))
		_, err := savedv1.Open(disk, "m")
		require.ErrorIs(t, err, format.ErrCorrupt)
		require.ErrorContains(t, err, `m-00001-of-00002: "w": it is int32[2], and float32[2] in m-00000-of-00002`)
	})
	t.Run("a tensor that a file lists, but does not contain", func(t *testing.T) {
		r, err := checkpoint(t, map[string][]byte{"": damage(func(m *pb.SavedSliceMeta) { m.Slice = nil })})
		require.NoError(t, err)
		_, ok, err := r.Lookup("w")
		require.NoError(t, err)
		require.False(t, ok)
	})
}

// Check finds damaged values before memory is allocated for them. Read finds them too.
func TestReadRefuses(t *testing.T) {
	floats := func(v ...float32) *pb.TensorProto { return &pb.TensorProto{FloatVal: v} }
	ints := func(v ...int32) *pb.TensorProto { return &pb.TensorProto{IntVal: v} }
	raw := func(b string) *pb.TensorProto {
		m := new(pb.TensorProto)
		m.ProtoReflect().SetUnknown([]byte(b))
		return m
	}
	for _, tt := range []struct {
		name    string
		dtype   tensor.DType
		values  *pb.TensorProto
		is      error
		want    string
		onlyHas bool // Check does not look at the numbers
	}{
		{"too few elements", tensor.DTFloat32, floats(1), format.ErrCorrupt, "a list of 1 for 2 elements of float32", false},
		{"too many elements", tensor.DTFloat32, floats(1, 2, 3), format.ErrCorrupt, "a list of 3", false},
		{"none", tensor.DTFloat32, nil, format.ErrCorrupt, "a list of 0", false},
		{"the list of another dtype", tensor.DTFloat32, ints(1, 2), format.ErrCorrupt, "a list of 0", false},
		{"half a complex number", tensor.DTComplex64, &pb.TensorProto{ScomplexVal: []float32{1, 2, 3}}, format.ErrCorrupt, "a list of 3 for 2", false},
		{"a number too large", tensor.DTInt8, ints(1, 128), format.ErrCorrupt, "128 is not a value of int8", true},
		{"a number too small", tensor.DTInt16, ints(1, -32769), format.ErrCorrupt, "-32769 is not a value of int16", true},
		{"a negative number", tensor.DTUInt8, ints(1, -1), format.ErrCorrupt, "-1 is not a value of uint8", true},
		{"bits beyond a 16-bit float", tensor.DTFloat16, &pb.TensorProto{HalfVal: []int32{1, 1 << 16}}, format.ErrCorrupt, "is not a value of float16", true},
		{"content that is too short", tensor.DTFloat32, &pb.TensorProto{TensorContent: make([]byte, 7)}, format.ErrCorrupt, "7 bytes of content", false},
		{"content that is too long", tensor.DTFloat32, &pb.TensorProto{TensorContent: make([]byte, 12)}, format.ErrCorrupt, "12 bytes of content", false},
		{"strings as content", tensor.DTString, &pb.TensorProto{TensorContent: []byte("xx")}, format.ErrCorrupt, "2 bytes of content for 2 elements of string", false},
		{"a list that ends within a number", tensor.DTInt32, raw("\x3a\x02\x01\x80"), format.ErrCorrupt, "its list: the message ends too early", false},
		{"a list that ends within a float", tensor.DTFloat32, raw("\x2a\x07\x00\x00\x00\x00\x00\x00\x00"), format.ErrCorrupt, "a list of 7 bytes, of items of 4", false},
		{"a list that is longer than the message", tensor.DTInt32, raw("\x3a\x7f\x01"), format.ErrCorrupt, "field 7: ", false},
		{"a dtype without a list", tensor.DTFloat8E5M2, nil, errors.ErrUnsupported, "no lists of float8_e5m2", false},
		{"variants", tensor.DTVariant, nil, errors.ErrUnsupported, "no lists of variant", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := checkpoint(t, map[string][]byte{"": encode(t, meta(tt.dtype, 2)), wKey: encode(t, data(tt.values))})
			require.NoError(t, err)
			if err := r.Check("w"); tt.onlyHas {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, tt.is)
				require.ErrorContains(t, err, tt.want)
			}
			dst, err := tensor.NewAny(tt.dtype, 2)
			require.NoError(t, err)
			half, err := tensor.NewAny(tt.dtype, 1)
			require.NoError(t, err)
			for _, err := range []error{
				r.Read(t.Context(), "w", dst),
				r.ReadSlice(t.Context(), "w", tensor.Slice{{Start: 1, Length: 1}}, half),
				r.WriteStored(t.Context(), "w", new(bytes.Buffer)),
			} {
				require.ErrorIs(t, err, tt.is)
				require.ErrorContains(t, err, `m.ckpt: "w": `)
				require.ErrorContains(t, err, tt.want)
			}
		})
	}
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"not there", nil, "region - is listed and not there"},
		{"not a message", []byte("\x12\x7f"), "region -: field 2: the message ends too early"},
		{"values of another tensor", encode(t, &pb.SavedTensorSlices{Data: &pb.SavedSlice{Name: "v", Slice: all()}}), `what is there is - of "v"`},
		{"values of another region", encode(t, &pb.SavedTensorSlices{Data: &pb.SavedSlice{Name: "w", Slice: rows(0, 2)}}), `what is there is 0,2 of "w"`},
	} {
		t.Run("values "+tt.name, func(t *testing.T) {
			entries := map[string][]byte{"": encode(t, meta(tensor.DTString, 2))}
			if tt.data != nil {
				entries[wKey] = tt.data
			}
			r, err := checkpoint(t, entries)
			require.NoError(t, err)
			require.ErrorIs(t, r.Check("w"), format.ErrCorrupt)
			require.ErrorContains(t, r.Check("w"), tt.want)
			_, _, err = r.Lookup("w")
			require.ErrorContains(t, err, tt.want, "the number of strings is checked")
			for _, err := range r.All() {
				require.ErrorContains(t, err, tt.want)
			}
		})
	}
	t.Run("a destination of another shape or dtype", func(t *testing.T) {
		r := open(t, "saver.ckpt-1")
		for _, dst := range []tensor.Any{tensor.New[float64](7, 3), tensor.New[float32](3, 7), new(tensor.Tensor[float32])} {
			require.ErrorContains(t, r.Read(t.Context(), "dense/kernel", dst), "float32[7 3] is stored")
		}
		err := r.ReadSlice(t.Context(), "dense/kernel", tensor.Slice{{Start: 6, Length: 2}, tensor.Full}, tensor.New[float32](2, 3))
		require.ErrorContains(t, err, "does not fit shape [7 3]")
	})
	t.Run("a context that has ended", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r := open(t, "saver.ckpt-1")
		require.ErrorIs(t, r.Read(ctx, "dense/kernel", tensor.New[float32](7, 3)), context.Canceled)
		require.ErrorIs(t, r.WriteStored(ctx, "dense/kernel", new(bytes.Buffer)), context.Canceled)
	})
	t.Run("a damaged block", func(t *testing.T) {
		file := table(t, map[string][]byte{"": encode(t, meta(tensor.DTFloat32, 2)), wKey: encode(t, data(floats(1, 2)))})
		at := bytes.Index(file, []byte("\x00\x00\x80\x3f"))
		file[at]++
		disk := errfs.New()
		require.NoError(t, disk.WriteFile("m.ckpt", file))
		_, err := savedv1.Open(disk, "m.ckpt")
		require.ErrorIs(t, err, format.ErrCorrupt)
	})
	t.Run("a failing disk", func(t *testing.T) {
		disk := errfs.New()
		require.NoError(t, disk.WriteFile("m.ckpt", table(t, map[string][]byte{"": encode(t, meta(tensor.DTFloat32, 2))})))
		for n := 1; ; n++ {
			start := disk.Ops()
			disk.Inject(errfs.At(start+n, errfs.IO))
			r, err := savedv1.Open(disk, "m.ckpt")
			if disk.Ops() < start+n {
				require.NoError(t, err)
				require.NoError(t, r.Close())
				break
			}
			require.ErrorIs(t, err, syscall.EIO)
			require.Zero(t, disk.OpenFiles())
		}
	})
}

// TensorFlow's writer never does this, but the messages allow it.
func TestOtherSpellings(t *testing.T) {
	for _, tt := range []struct {
		name   string
		dtype  tensor.DType
		values string // of the TensorProto, encoded
		want   any
	}{
		{"content", tensor.DTInt16, "\x22\x04\x01\x00\xff\xff", []int16{1, -1}},
		{"content in two pieces", tensor.DTInt16, "\x22\x02\x02\x00\x22\x02\x03\x00", []int16{3}},
		{"content of bools", tensor.DTBool, "\x22\x02\x02\x00", []bool{true, false}},
		{"content of small floats", tensor.DTFloat8E5M2, "\x22\x02\x01\x02", []tensor.Float8E5M2{1, 2}},
		{"numbers one by one", tensor.DTInt32, "\x38\x01\x38\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", []int32{1, -1}},
		{"floats one by one", tensor.DTFloat32, "\x2d\x00\x00\x80\x3f\x2d\x00\x00\x00\x40", []float32{1, 2}},
		{"floats in both ways", tensor.DTFloat64, "\x31\x00\x00\x00\x00\x00\x00\xf0\x3f\x32\x08\x00\x00\x00\x00\x00\x00\x00\x40", []float64{1, 2}},
		{"a list in two runs", tensor.DTInt64, "\x52\x01\x05\x08\x09\x52\x01\x06", []int64{5, 6}},
		{"bools of any nonzero number", tensor.DTBool, "\x5a\x03\x00\xac\x02", []bool{false, true}},
		{"bfloat16", tensor.DTBFloat16, "\x6a\x04\x80\x7f\x80\x01", []tensor.BFloat16{0x3f80, 0x80}},
		{"unsigned", tensor.DTUInt32, "\x82\x01\x06\x01\xff\xff\xff\xff\x0f", []uint32{1, math.MaxUint32}},
		{"unsigned, large", tensor.DTUInt64, "\x8a\x01\x0b\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", []uint64{1, math.MaxUint64}},
		{"quantized", tensor.DTQUInt16, "\x3a\x04\x01\xff\xff\x03", []tensor.QUInt16{1, 65535}},
		{"four bits", tensor.DTInt4, "\x3a\x0b\x07\xf8\xff\xff\xff\xff\xff\xff\xff\xff\x01", []tensor.Int4{7, -8}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			values := new(pb.TensorProto)
			values.ProtoReflect().SetUnknown([]byte(tt.values))
			n := 2
			if tt.name == "content in two pieces" {
				n = 1 // if a field occurs twice, the last one counts
			}
			r, err := checkpoint(t, map[string][]byte{"": encode(t, meta(tt.dtype, int64(n))), wKey: encode(t, data(values))})
			require.NoError(t, err)
			dst, err := tensor.NewAny(tt.dtype, n)
			require.NoError(t, err)
			require.NoError(t, r.Read(t.Context(), "w", dst))
			require.Equal(t, tt.want, dst.Values())
		})
	}
}

func TestNames(t *testing.T) {
	one := func(name string) []byte {
		m := meta(tensor.DTFloat32, 0)
		m.Meta.Tensor[0].Name = name
		return table(t, map[string][]byte{"": encode(t, m)})
	}
	for _, tt := range []struct {
		name   string
		files  []string
		open   string
		want   string // the tensors are named after their files
		is     error
		reason string
	}{
		{"one file", []string{"d/m"}, "d/m", "d/m", nil, ""},
		{"shards", []string{"d/m-00001-of-00002", "d/m-00000-of-00002"}, "d/m", "d/m-00000-of-00002 d/m-00001-of-00002", nil, ""},
		{"shards in the working directory", []string{"m-00000-of-00001"}, "m", "m-00000-of-00001", nil, ""},
		{"a shard", []string{"d/m-00001-of-00002"}, "d/m-00001-of-00002", "d/m-00001-of-00002", nil, ""},
		{"a pattern", []string{"d/m-00000-of-00001", "d/m-00000-of-00002", "d/m-00001-of-00002"}, "d/m-?????-of-00002",
			"d/m-00000-of-00002 d/m-00001-of-00002", nil, ""},
		{"other files in the directory", []string{"m", "m-00000-of-00001", "m.meta", "mm-00000-of-00002", "m-0-of-2"}, "m", "m", nil, ""},
		{"nothing", []string{"other"}, "m", "", fs.ErrNotExist, "m: no such file"},
		{"no such directory", nil, "d/m", "", fs.ErrNotExist, "d"},
		{"a pattern that matches nothing", []string{"m"}, "m-?????-of-00002", "", fs.ErrNotExist, "no such file"},
		{"an invalid pattern", []string{"m"}, "m-?[", "", nil, "syntax error in pattern"},
		{"a shard is missing", []string{"m-00000-of-00003", "m-00002-of-00003"}, "m", "", fs.ErrNotExist, "m-00001-of-00003 is missing, 2 of 3 are there"},
		{"two sets of shards", []string{"m-00000-of-00001", "m-00000-of-00002", "m-00001-of-00002"}, "m", "", nil, "name one set"},
		{"more shards than a name can have", []string{"m-00000-of-99999999999999999999"}, "m", "", nil, "more than there can be"},
		{"a directory", []string{"d/m"}, "d", "", nil, "a directory"},
		{"a directory with a slash", []string{"d/m"}, "e/", "", fs.ErrNotExist, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			disk := errfs.New()
			for _, f := range tt.files {
				require.NoError(t, disk.WriteFile(f, one(f)))
			}
			r, err := savedv1.Open(disk, tt.open)
			there, unknown := savedv1.Exists(disk, tt.open)
			require.NoError(t, unknown)
			require.Equal(t, err == nil, there)
			if tt.want == "" {
				require.Error(t, err)
				if tt.is != nil {
					require.ErrorIs(t, err, tt.is)
				} else {
					require.NotErrorIs(t, err, fs.ErrNotExist, "the file exists")
				}
				require.ErrorContains(t, err, tt.reason)
				return
			}
			require.NoError(t, err)
			var keys []string
			for e, err := range r.All() {
				require.NoError(t, err)
				keys = append(keys, e.Key)
			}
			require.Equal(t, tt.want, strings.Join(keys, " "))
			require.NoError(t, r.Close())
		})
	}
	t.Run("on the machine's filesystem", func(t *testing.T) {
		t.Chdir("testdata")
		r, err := savedv1.Open(fsx.OS{}, "sharded.ckpt")
		require.NoError(t, err)
		require.NoError(t, r.Close())
	})
}

// A few bytes cannot request much memory: a shape is used only after its values have been counted.
func TestReadIsBounded(t *testing.T) {
	r, err := checkpoint(t, map[string][]byte{"": encode(t, meta(tensor.DTFloat64, math.MaxInt)), wKey: encode(t, data(nil))})
	require.NoError(t, err)
	e, ok, err := r.Lookup("w")
	require.NoError(t, err)
	require.True(t, ok)
	require.GreaterOrEqual(t, e.Bytes, int64(math.MaxInt), "eight times as many, or the largest int64")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	require.ErrorIs(t, r.Check("w"), format.ErrCorrupt)
	require.ErrorIs(t, r.WriteStored(t.Context(), "w", new(bytes.Buffer)), format.ErrCorrupt)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

// FuzzMessages puts arbitrary messages into a valid table.
func FuzzMessages(f *testing.F) {
	f.Add(encode(f, meta(tensor.DTFloat32, 2)), encode(f, data(&pb.TensorProto{FloatVal: []float32{1, 2}})))
	f.Add(encode(f, meta(tensor.DTString, 2)), encode(f, data(&pb.TensorProto{StringVal: [][]byte{nil, []byte("a")}})))
	f.Add(encode(f, meta(tensor.DTInt8, 3)), encode(f, data(&pb.TensorProto{IntVal: []int32{1, -1, 5}})))
	f.Add(encode(f, meta(tensor.DTComplex128, 1)), encode(f, data(&pb.TensorProto{TensorContent: make([]byte, 16)})))
	f.Fuzz(func(t *testing.T, meta, data []byte) {
		file := table(t, map[string][]byte{"": meta, wKey: data})
		disk := errfs.New()
		require.NoError(t, disk.WriteFile("m", file))
		r, err := savedv1.Open(disk, "m")
		if err != nil {
			require.True(t, errors.Is(err, format.ErrCorrupt) || errors.Is(err, errors.ErrUnsupported), err)
			return
		}
		defer r.Close()
		for e, err := range r.All() {
			if err != nil {
				require.True(t, errors.Is(err, format.ErrCorrupt) || errors.Is(err, errors.ErrUnsupported), err)
				return
			}
			if r.Check(e.Key) != nil {
				continue
			}
			dst, err := tensor.NewAny(e.DType, e.Shape...)
			require.NoError(t, err)
			err = r.Read(t.Context(), e.Key, dst)
			var b bytes.Buffer
			require.Equal(t, err == nil, r.WriteStored(t.Context(), e.Key, &b) == nil)
			if err == nil {
				require.EqualValues(t, b.Len(), e.Bytes)
			}
		}
	})
}

func FuzzFile(f *testing.F) {
	for _, name := range []string{"dtypes.ckpt", "saver.ckpt-1", "slices.ckpt"} {
		file, err := os.ReadFile("testdata/" + name)
		require.NoError(f, err)
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		disk := errfs.New()
		require.NoError(t, disk.WriteFile("m", file))
		r, err := savedv1.Open(disk, "m")
		if err != nil {
			require.True(t, errors.Is(err, format.ErrCorrupt) || errors.Is(err, errors.ErrUnsupported), err)
			return
		}
		for e, err := range r.All() {
			if err != nil {
				break
			}
			_ = r.WriteStored(t.Context(), e.Key, new(bytes.Buffer))
		}
		require.NoError(t, r.Close())
	})
}
