package raw

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

const f32 = tensor.DTFloat32

func TestNewReaderRefuses(t *testing.T) {
	blob := Memory("file", make([]byte, 64))
	stream := blob.Stream("member", 64, func() (io.ReadCloser, error) { return nil, io.EOF })
	four := func(change func(*Tensor)) []Tensor {
		one := Tensor{Key: "a", DType: f32, Shape: tensor.Shape{4}}
		change(&one)
		return []Tensor{one}
	}
	tooMany := "does not fit 64 bits"
	if strconv.IntSize == 32 { // so many bytes have more elements than an int can count
		tooMany = "exceed the 64 bytes of file"
	}
	tests := []struct {
		name    string
		tensors []Tensor
		opts    Options
		want    string // "" if it is read
	}{
		{"a tensor that ends with the file", four(func(a *Tensor) { a.Offset = 48 }), Options{}, ""},
		{"beyond the end", four(func(a *Tensor) { a.Offset = 49 }), Options{}, `file: "a": its 16 bytes at offset 49 exceed the 64 bytes of file`},
		{"a negative offset", four(func(a *Tensor) { a.Offset = -1 }), Options{}, "offset -1"},
		{"a large offset", four(func(a *Tensor) { a.Offset = math.MaxInt64 }), Options{}, "exceed the 64 bytes"},
		{"too many elements to count", four(func(a *Tensor) { a.Shape = tensor.Shape{math.MaxInt, 2} }), Options{}, "more elements than an int"},
		{"too many bytes to count", four(func(a *Tensor) { a.Shape = tensor.Shape{math.MaxInt} }), Options{}, tooMany},
		{"a negative axis", four(func(a *Tensor) { a.Shape = tensor.Shape{-4} }), Options{}, "negative"},
		{"too many axes", four(func(a *Tensor) { a.Shape = make(tensor.Shape, 255) }), Options{}, "255 axes"},
		{"a missing blob", four(func(a *Tensor) { a.Blob = 2 }), Options{}, "blob 2 of 2"},
		{"elements that are not numbers", four(func(a *Tensor) { a.DType = tensor.DTString }), Options{}, "string is not a numeric type"},
		{"an empty tensor of long axes", four(func(a *Tensor) { a.Shape = tensor.Shape{0, math.MaxInt, math.MaxInt} }), Options{}, ""},
		{"strides within the file", four(func(a *Tensor) { a.Strides = []int64{5} }), Options{}, ""},
		{"strides beyond the file", four(func(a *Tensor) { a.Strides = []int64{6} }), Options{}, "its 76 bytes at offset 0 exceed"},
		{"a negative stride", four(func(a *Tensor) { a.Strides = []int64{-1} }), Options{}, "negative"},
		{"an additional stride", four(func(a *Tensor) { a.Strides = []int64{1, 1} }), Options{}, "2 strides for 1 axes"},
		{"strides that overflow", four(func(a *Tensor) { a.Strides = []int64{math.MaxInt64} }), Options{}, "does not fit 64 bits"},
		{"strides with a sum that overflows", four(func(a *Tensor) { a.Shape, a.Strides = tensor.Shape{2, 2}, []int64{math.MaxInt64, math.MaxInt64} }),
			Options{}, "does not fit 64 bits"},
		{"an element repeated", four(func(a *Tensor) { a.Shape, a.Strides = tensor.Shape{1 << 20}, []int64{0} }), Options{}, ""},
		{"an element repeated too often", four(func(a *Tensor) { a.Shape, a.Strides = tensor.Shape{1 << 30}, []int64{0} }), Options{}, "repetition"},
		{"blocks", four(func(a *Tensor) { a.DType, a.Code = tensor.DTUInt32, doubled }), Options{}, ""},
		{"part of a block", four(func(a *Tensor) { a.Shape, a.Code = tensor.Shape{3}, doubled }), Options{}, "not a multiple of the 2"},
		{"blocks beyond the end", four(func(a *Tensor) { a.Shape, a.Code = tensor.Shape{66}, doubled }), Options{}, "its 66 bytes"},
		{"a tensor of an unsupported type", four(func(a *Tensor) { a.DType, a.Refuse, a.Size = 0, errors.ErrUnsupported, 64 }), Options{}, ""},
		{"a tensor of an unsupported type beyond the end", four(func(a *Tensor) { a.Refuse, a.Size = errors.ErrUnsupported, 65 }), Options{}, "its 65 bytes"},
		{"a stream in Fortran order", four(func(a *Tensor) { a.Blob, a.Shape, a.Strides = 1, tensor.Shape{2, 2}, []int64{1, 2} }), Options{}, ""},
		{"a stream with gaps", four(func(a *Tensor) { a.Blob, a.Strides = 1, []int64{2} }), Options{}, "cannot be read in one pass"},
		{"one name twice", append(four(func(*Tensor) {}), four(func(a *Tensor) { a.Offset = 16 })...), Options{}, "two tensors have this name"},
		{"overlap", append(four(func(*Tensor) {}), four(func(a *Tensor) { a.Key, a.Offset = "b", 15 })...), Options{},
			`"b": its bytes, from offset 15 on, overlap those of "a", which end at 16`},
		{"an allowed overlap", append(four(func(*Tensor) {}), four(func(a *Tensor) { a.Key, a.Offset = "b", 15 })...), Options{Overlap: true}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := NewReader("file", []*Blob{blob, stream}, tt.tensors, tt.opts)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			require.IsType(t, new(Error), err)
			if !errors.Is(err, errors.ErrUnsupported) {
				require.ErrorIs(t, err, format.ErrCorrupt)
			}
		})
	}
	t.Run("more names for the same bytes than the file justifies", func(t *testing.T) {
		large := Memory("file", make([]byte, 1<<20))
		var many []Tensor
		for i := range 17 {
			many = append(many, Tensor{Key: string(rune('a' + i)), DType: f32, Shape: tensor.Shape{1 << 18}})
		}
		_, err := NewReader("file", []*Blob{large}, many[:16], Options{Overlap: true})
		require.NoError(t, err)
		_, err = NewReader("file", []*Blob{large}, many, Options{Overlap: true})
		require.ErrorIs(t, err, format.ErrCorrupt)
	})
}

func TestReader(t *testing.T) {
	ctx := t.Context()
	blob := Memory("file", []byte("\x00\x01\x02\x03\x04\x05\x06\x07"))
	refused := Unsupported("file", "r", "its type F4 has no values in Go")
	r, err := NewReader("file", []*Blob{blob}, []Tensor{
		{Key: "r", Shape: tensor.Shape{2}, Refuse: refused, Stored: "F4", Offset: 7, Size: 1},
		{Key: "b", DType: tensor.DTBool, Shape: tensor.Shape{3}},
		{Key: "a", DType: tensor.DTUInt16, Shape: tensor.Shape{2}, Offset: 3, BigEndian: true, Stored: ">u2"},
		{Key: "e", DType: tensor.DTUInt16, Shape: tensor.Shape{0, 5}},
	}, Options{})
	require.NoError(t, err)
	require.True(t, r.Unverified())

	t.Run("entries are in the order of keys", func(t *testing.T) {
		var got []format.Entry
		for e, err := range r.All() {
			require.NoError(t, err)
			got = append(got, e)
			same, ok, err := r.Lookup(e.Key)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, e, same)
		}
		require.Equal(t, []format.Entry{
			{Key: "a", DType: tensor.DTUInt16, Shape: tensor.Shape{2}, Bytes: 4},
			{Key: "b", DType: tensor.DTBool, Shape: tensor.Shape{3}, Bytes: 3},
			{Key: "e", DType: tensor.DTUInt16, Shape: tensor.Shape{0, 5}},
			{Key: "r", Shape: tensor.Shape{2}, Bytes: 1, Stored: "F4"},
		}, got)
		tt, ok := r.Tensor("a")
		require.True(t, ok)
		require.Equal(t, ">u2", tt.Stored)
		require.EqualValues(t, 4, tt.Size)
	})
	t.Run("a bool is 0 or 1", func(t *testing.T) {
		dst := tensor.New[bool](3)
		require.NoError(t, r.Read(ctx, "b", dst))
		b, _ := tensor.Bytes(dst)
		require.Equal(t, []byte{0, 1, 1}, b)
	})
	t.Run("a found tensor reads the same values", func(t *testing.T) {
		f, ok, err := r.Find("a")
		require.NoError(t, err)
		require.True(t, ok)
		require.NoError(t, f.Check())
		dst := tensor.New[uint16](2)
		require.NoError(t, f.Read(ctx, dst))
		require.Equal(t, []uint16{0x0304, 0x0506}, dst.Data())
	})
	t.Run("an empty tensor", func(t *testing.T) {
		require.NoError(t, r.Read(ctx, "e", tensor.New[uint16](0, 5)))
		require.NoError(t, r.WriteStored(ctx, "e", io.Discard))
	})
	t.Run("a tensor of an unsupported type", func(t *testing.T) {
		dst := tensor.New[uint8](2)
		for _, err := range []error{r.Check("r"), r.CheckSlice("r", tensor.Slice{tensor.Full}), r.Read(ctx, "r", dst),
			r.ReadSlice(ctx, "r", tensor.Slice{tensor.Full}, dst), r.WriteStored(ctx, "r", io.Discard)} {
			require.ErrorIs(t, err, errors.ErrUnsupported)
			require.EqualError(t, err, `file: "r": its type F4 has no values in Go`)
		}
		_, _, err := r.Map("r")
		require.ErrorIs(t, err, errors.ErrUnsupported)
	})
	t.Run("a key that is not stored", func(t *testing.T) {
		_, ok, err := r.Lookup("x")
		require.NoError(t, err)
		require.False(t, ok)
		for _, err := range []error{r.Check("x"), r.Read(ctx, "x", tensor.New[uint8]()), r.WriteStored(ctx, "x", io.Discard)} {
			require.ErrorIs(t, err, format.ErrNotFound)
		}
	})
	t.Run("another dtype, shape or region", func(t *testing.T) {
		require.ErrorContains(t, r.Read(ctx, "a", tensor.New[int16](2)), "the file has uint16[2], but")
		require.Error(t, r.Read(ctx, "a", tensor.New[uint16](3)))
		require.Error(t, r.Read(ctx, "a", new(tensor.Tensor[uint16])))
		require.ErrorContains(t, r.CheckSlice("a", tensor.Slice{{Start: 1, Length: 2}}), "does not fit shape")
	})
}

func TestMap(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, []byte("\x01\x00\x02\x00\x03\x00\x04"), 0o666))
	f, err := fsx.OS{}.Open(name)
	require.NoError(t, err)
	file := File(name, f)
	part, err := file.Part("part", 2, 4)
	require.NoError(t, err)
	r, err := NewReader(name, []*Blob{file, part}, []Tensor{
		{Key: "whole", DType: tensor.DTUInt16, Shape: tensor.Shape{3}},
		{Key: "part", DType: tensor.DTUInt16, Shape: tensor.Shape{2}, Blob: 1},
		{Key: "odd", DType: tensor.DTUInt16, Shape: tensor.Shape{1}, Blob: 0, Offset: 1},
		{Key: "swapped", DType: tensor.DTUInt16, Shape: tensor.Shape{1}, BigEndian: tensor.NativeLittleEndian},
	}, Options{Overlap: true})
	require.NoError(t, err)
	for key, want := range map[string][]uint16{"whole": {1, 2, 3}, "part": {2, 3}} {
		m, ok, err := r.Map(key)
		require.NoError(t, err)
		if !ok {
			t.Skip("this system does not map files")
		}
		require.Equal(t, want, m.Values())
	}
	for _, key := range []string{"odd", "swapped"} {
		_, ok, err := r.Map(key)
		require.NoError(t, err)
		require.False(t, ok)
	}
	require.NoError(t, r.Close())
	require.NoError(t, file.Close())
	_, _, err = r.Map("whole")
	require.Error(t, err)
	require.Error(t, r.Read(t.Context(), "whole", tensor.New[uint16](3)))
}

func TestBlobs(t *testing.T) {
	blob := Memory("file", []byte("0123456789"))
	part, err := blob.Part("part", 2, 5)
	require.NoError(t, err)
	p := make([]byte, 3)
	n, err := part.ReadAt(p, 1)
	require.NoError(t, err)
	require.Equal(t, "345", string(p[:n]))
	n, err = part.ReadAt(p, 3)
	require.Equal(t, io.EOF, err)
	require.Equal(t, "56", string(p[:n]))
	_, err = part.ReadAt(p, 5)
	require.Equal(t, io.EOF, err)
	_, err = part.ReadAt(p, -1)
	require.Error(t, err)
	for _, at := range [][2]int64{{-1, 1}, {0, 6}, {6, 0}, {math.MaxInt64, 1}, {1, -1}} {
		_, err := part.Part("x", at[0], at[1])
		require.ErrorIs(t, err, format.ErrCorrupt, at)
	}
}

// A stream is read once, and to its end, so that the stream compares its checksum.
func TestStreams(t *testing.T) {
	damaged := errors.New("checksum")
	tests := []struct {
		name     string
		contents io.Reader
		want     string
	}{
		{"the promised length", bytes.NewReader(make([]byte, 16)), ""},
		{"shorter", bytes.NewReader(make([]byte, 5)), "5 of its 8 bytes could be read"},
		{"shorter, after the tensor's end", bytes.NewReader(make([]byte, 9)), "ends after 9 of its 16 bytes"},
		{"longer", bytes.NewReader(make([]byte, 17)), "has more than the 16 bytes"},
		{"damaged", io.MultiReader(bytes.NewReader(make([]byte, 16)), failing{damaged}), "checksum"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opened := 0
			b := Memory("file", nil).Stream("member", 16, func() (io.ReadCloser, error) { opened++; return io.NopCloser(tt.contents), nil })
			r, err := NewReader("file", []*Blob{b}, []Tensor{{Key: "a", DType: f32, Shape: tensor.Shape{2}}}, Options{})
			require.NoError(t, err)
			err = r.Read(t.Context(), "a", tensor.New[float32](2))
			require.Equal(t, 1, opened)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, `member: "a"`)
		})
	}
	b := Memory("file", nil).Stream("member", 16, func() (io.ReadCloser, error) { return nil, damaged })
	r, err := NewReader("file", []*Blob{b}, []Tensor{{Key: "a", DType: f32, Shape: tensor.Shape{2}}}, Options{})
	require.NoError(t, err)
	require.ErrorIs(t, r.Read(t.Context(), "a", tensor.New[float32](2)), damaged)
	require.ErrorIs(t, r.WriteStored(t.Context(), "a", io.Discard), damaged)
	_, ok, err := r.Map("a")
	require.NoError(t, err)
	require.False(t, ok)
}

// The checksum of an archive's member is compared if a whole tensor is read.
func TestSum(t *testing.T) {
	b := make([]byte, 5+4*chunkSize)
	for i := range b {
		b[i] = byte(i * 7)
	}
	n := (len(b) - 5) / 4
	for name, strides := range map[string][]int64{"row-major": nil, "Fortran": {1, 4}} {
		t.Run(name, func(t *testing.T) {
			read := func() (errs []error) {
				r, err := NewReader("file", []*Blob{Memory("file", b)}, []Tensor{{Key: "a", DType: f32, Shape: tensor.Shape{4, n / 4}, Strides: strides,
					Offset: 5, BigEndian: true, Sum: &Sum{Before: crc32.ChecksumIEEE(b[:5]), Want: 0x14c6ecd4}}}, Options{})
				require.NoError(t, err)
				require.False(t, r.Unverified())
				dst := tensor.New[float32](4, n/4)
				return []error{r.Read(t.Context(), "a", dst), r.WriteStored(t.Context(), "a", io.Discard),
					r.entries[0].read(t.Context(), wholeSlice(dst.Shape()), dst, parallelSize)}
			}
			require.Equal(t, []error{nil, nil, nil}, read())
			b[chunkSize] ^= 1
			for _, err := range read() {
				require.ErrorIs(t, err, format.ErrCorrupt)
				require.ErrorContains(t, err, "the archive says 14c6ecd4")
			}
			b[chunkSize] ^= 1
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
