package bundle

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/slicekey"
	"github.com/gockpt/ckpt/tensor"
)

func golden(t testing.TB, name string) *Reader {
	t.Helper()
	r, err := Open(fsx.OS{}, "testdata/"+name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// storedBytes returns the bytes that WriteStored writes.
func storedBytes(t testing.TB, r *Reader, key string) []byte {
	t.Helper()
	b := bytes.NewBuffer([]byte{})
	require.NoError(t, r.WriteStored(t.Context(), key, b))
	return b.Bytes()
}

func TestLookupAndAll(t *testing.T) {
	r := golden(t, "slices")
	var keys []string
	for e, err := range r.All() {
		require.NoError(t, err)
		keys = append(keys, e.Key)
		found, ok, err := r.Lookup(e.Key)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, e, found, "Q-08 All and Lookup return the same")
	}
	t.Run("Q-02 the tensors are listed without their parts", func(t *testing.T) {
		require.Equal(t, []string{"a\x00b\xffc", "all", "cols", "explicit", "plain", "tiles"}, keys)
	})
	t.Run("B-10 parts are listed in the order in which they were added", func(t *testing.T) {
		e, ok, err := r.Lookup("tiles")
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, format.Entry{Key: "tiles", DType: tensor.DTInt32, Shape: tensor.Shape{5, 10}, Bytes: 200, Slices: []tensor.Slice{
			{ext(2, 3), ext(0, 10)}, {ext(0, 2), ext(0, 4)}, {ext(0, 2), ext(4, 6)}}}, e)
	})
	t.Run("Q-01 keys, dtypes and shapes", func(t *testing.T) {
		e, ok, err := golden(t, "strings").Lookup("matrix")
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, format.Entry{Key: "matrix", DType: tensor.DTString, Shape: tensor.Shape{2, 2}, Bytes: 12}, e)
	})
	t.Run("Q-07 the header and parts do not count as tensors", func(t *testing.T) {
		for _, key := range []string{"", "\x00cols\x00\x01\x01\x02\x80\x7f\x80\x81"} {
			_, ok, err := r.Lookup(key)
			require.NoError(t, err)
			require.False(t, ok, "%q", key)
		}
	})
	t.Run("Q-06 a key that is not stored", func(t *testing.T) {
		_, ok, err := r.Lookup("none")
		require.NoError(t, err)
		require.False(t, ok)
		for _, err := range []error{
			r.Check("none"),
			r.Read(t.Context(), "none", tensor.New[int32]()),
			r.ReadSlice(t.Context(), "none", nil, tensor.New[int32]()),
			r.WriteStored(t.Context(), "none", io.Discard),
		} {
			require.ErrorIs(t, err, format.ErrNotFound)
			require.ErrorContains(t, err, `testdata/slices.index: "none": not found in the checkpoint`)
		}
	})
	t.Run("a key that only looks like the key of a part belongs to a tensor", func(t *testing.T) {
		var f forgery
		key := string(slicekey.Of("w", tensor.Slice{ext(0, 1)}))
		f.put(key, tensor.DTUInt8, tensor.Shape{1}, []byte{7}, nil)
		for e, err := range f.open(t).All() {
			require.NoError(t, err)
			require.Equal(t, key, e.Key)
		}
		require.NoError(t, readAll(t, f.open(t), key))
	})
}

func TestReadIntoTheWrongTensor(t *testing.T) {
	r := golden(t, "dtypes")
	tests := []struct {
		name string
		dst  tensor.Any
		want string
	}{
		{"another dtype", tensor.New[int32](2, 3), "the checkpoint has float32[2 3], but the destination is int32[2 3]"},
		{"another shape", tensor.New[float32](3, 2), "the destination is float32[3 2]"},
		{"another rank", tensor.New[float32](6), "the destination is float32[6]"},
		{"not built", new(tensor.Tensor[float32]), "the destination is float32"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := r.Read(t.Context(), "float32", test.dst)
			require.ErrorContains(t, err, test.want)
			require.NotErrorIs(t, err, format.ErrCorrupt)
		})
	}
	t.Run("a scalar that is not built", func(t *testing.T) {
		err := golden(t, "shapes").Read(t.Context(), "scalar", new(tensor.Tensor[float32]))
		require.ErrorContains(t, err, "the checkpoint has float32[]")
	})
}

// This checkpoint is from a big-endian machine. It has numbers, and strings with their lengths and checksum.
func TestBigEndian(t *testing.T) {
	f := forgery{header: header{shards: 1, bigEndian: true, producer: 1}.encode()}
	f.put("i2", tensor.DTUInt16, tensor.Shape{2}, []byte("\x01\x02\x03\x04"), nil)
	f.put("f4", tensor.DTFloat32, tensor.Shape{}, []byte("\x3f\x80\x00\x00"), nil)
	f.put("i8", tensor.DTInt64, tensor.Shape{1}, []byte("\xff\xff\xff\xff\xff\xff\xff\xfe"), nil)
	f.put("c8", tensor.DTComplex64, tensor.Shape{1}, []byte("\x3f\x80\x00\x00\x40\x00\x00\x00"), nil)
	f.put("c16", tensor.DTComplex128, tensor.Shape{1}, []byte("\x3f\xf0\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00"), nil)
	f.put("u1", tensor.DTUInt8, tensor.Shape{3}, []byte("abc"), nil)
	f.put(string(slicekey.Of("p", tensor.Slice{tensor.Full, ext(0, 1)})), tensor.DTUInt16, tensor.Shape{2, 1}, []byte("\x00\x01\x00\x03"), nil)
	f.put(string(slicekey.Of("p", tensor.Slice{tensor.Full, ext(1, 1)})), tensor.DTUInt16, tensor.Shape{2, 1}, []byte("\x00\x02\x00\x04"), nil)
	f.raw("p", (&record{dtype: tensor.DTUInt16, shape: tensor.Shape{2, 2}, slices: []tensor.Slice{{tensor.Full, ext(0, 1)}, {tensor.Full, ext(1, 1)}}}).append(nil))
	data, crc := text(binary.BigEndian, []uint64{2, 1}, "abc")
	f.put("s", tensor.DTString, tensor.Shape{2}, data, func(r *record) { r.crc = crc })
	f.put("v", tensor.DTVariant, tensor.Shape{}, make([]byte, 9), nil)
	r := f.open(t)

	t.Run("B-29 bytes are swapped after the checksum was compared", func(t *testing.T) {
		for key, want := range map[string]tensor.Any{
			"i2": of([]uint16{0x0102, 0x0304}, 2), "f4": scalar[float32](1), "i8": of([]int64{-2}, 1),
			"c8": of([]complex64{1 + 2i}, 1), "c16": of([]complex128{1 + 2i}, 1), "u1": of([]uint8("abc"), 3),
			"p": of([]uint16{1, 2, 3, 4}, 2, 2), "s": of([]string{"ab", "c"}, 2),
		} {
			dst, err := tensor.NewAny(want.DType(), want.Shape()...)
			require.NoError(t, err)
			require.NoError(t, r.Read(t.Context(), key, dst), key)
			require.Equal(t, want, dst, key)
		}
	})
	t.Run("B-29 the bytes of regions are swapped too", func(t *testing.T) {
		dst := tensor.New[uint16](1)
		require.NoError(t, r.ReadSlice(t.Context(), "i2", tensor.Slice{ext(1, 1)}, dst))
		require.Equal(t, []uint16{0x0304}, dst.Data())
	})
	t.Run("B-29 WriteStored writes little-endian bytes, and checksums of strings for them", func(t *testing.T) {
		require.Equal(t, "\x02\x01\x04\x03", string(storedBytes(t, r, "i2")))
		require.Equal(t, "\x00\x00\x80\x3f\x00\x00\x00\x40", string(storedBytes(t, r, "c8")))
		require.Equal(t, "\x01\x00\x02\x00\x03\x00\x04\x00", string(storedBytes(t, r, "p")))
		little, _ := text(binary.LittleEndian, []uint64{2, 1}, "abc")
		require.Equal(t, string(little), string(storedBytes(t, r, "s")))
	})
	t.Run("B-29 variants are not supported, as in TensorFlow", func(t *testing.T) {
		require.ErrorContains(t, r.Read(t.Context(), "v", tensor.New[tensor.Variant]()), "variants in a big-endian checkpoint are not supported")
	})
}

func TestStoredForms(t *testing.T) {
	t.Run("a bool is true for any byte except 0", func(t *testing.T) {
		var f forgery
		f.put("b", tensor.DTBool, tensor.Shape{4}, []byte{0, 1, 2, 255}, nil)
		r, dst := f.open(t), tensor.New[bool](4)
		require.NoError(t, r.Read(t.Context(), "b", dst))
		require.Equal(t, []bool{false, true, true, true}, dst.Data())
		b, _ := tensor.Bytes(dst)
		require.Equal(t, []byte{0, 1, 1, 1}, b)
		require.Equal(t, []byte{0, 1, 2, 255}, storedBytes(t, r, "b"))
	})
	t.Run("B-07 an empty string tensor has four bytes", func(t *testing.T) {
		require.Equal(t, "\xd8\xea\x82\xa2", string(storedBytes(t, golden(t, "strings"), "empty")))
	})
	t.Run("B-06 lengths of an older writer have the same bytes", func(t *testing.T) {
		var f forgery
		f.putText("s", []uint64{300}, string(make([]byte, 300)), nil)
		require.Equal(t, "\xac\x02", string(f.data[:2]), "varint32 and varint64 are equal below 2^32")
		require.NoError(t, readAll(t, f.open(t), "s"))
	})
	t.Run("a length in more bytes than needed is read, and copied unchanged", func(t *testing.T) {
		var f forgery
		f.putText("s", []uint64{1}, "x", nil)
		long := append([]byte("\x81\x00"), f.data[1:]...)
		rec := record{}
		require.NoError(t, rec.decode(f.values["s"]))
		f = forgery{}
		f.put("s", tensor.DTString, tensor.Shape{1}, long, func(r *record) { r.crc = rec.crc })
		r := f.open(t)
		require.NoError(t, readAll(t, r, "s"))
		require.Equal(t, long, storedBytes(t, r, "s"))
	})
	t.Run("bytes after the last string are ignored, but copied", func(t *testing.T) {
		var f forgery
		f.putText("s", []uint64{1}, "x", func(r *record) { r.size += 3 })
		f.data = append(f.data, "abc"...)
		r, dst := f.open(t), tensor.New[string](1)
		require.NoError(t, r.Read(t.Context(), "s", dst))
		require.Equal(t, []string{"x"}, dst.Data())
		require.Equal(t, f.data, storedBytes(t, r, "s"))
	})
	t.Run("B-05 the checksum covers a length of 2^32 or more as eight bytes, a smaller one as four", func(t *testing.T) {
		for _, bigEndian := range []bool{false, true} {
			sum := lengthSum{bigEndian: bigEndian}
			sum.add(1<<32 - 2)
			sum.add(1 << 32)
			if bigEndian {
				require.Equal(t, "\xff\xff\xff\xfe"+"\x00\x00\x00\x01\x00\x00\x00\x00", string(sum.pending))
			} else {
				require.Equal(t, "\xfe\xff\xff\xff"+"\x00\x00\x00\x00\x01\x00\x00\x00", string(sum.pending))
			}
			require.Equal(t, crc32.Update(0, castagnoli, sum.pending), sum.sum())
		}
	})
	t.Run("strings of a partitioned tensor are assembled", func(t *testing.T) {
		fsys := errfs.New()
		w := Create(fsys, "c", Options{})
		full := tensor.Shape{2, 2}
		for i, col := range [][]string{{"a", "ccc"}, {"bb", ""}} {
			require.NoError(t, w.AddSlice(0, "s", full, tensor.Slice{tensor.Full, ext(i, 1)}, format.SourceOf(of(col, 2, 1))))
			require.NoError(t, w.AddSlice(0, "v", full, tensor.Slice{tensor.Full, ext(i, 1)}, format.SourceOf(of([]tensor.Variant{tensor.Variant(col[0]), "v"}, 2, 1))))
		}
		require.NoError(t, w.Commit(t.Context()))
		r, dst := openAt(t, fsys, "c"), tensor.New[string](2, 2)
		require.NoError(t, r.Read(t.Context(), "s", dst))
		require.Equal(t, []string{"a", "bb", "ccc", ""}, dst.Data())
		want, _ := text(binary.LittleEndian, []uint64{1, 2, 3, 0}, "abbccc")
		require.Equal(t, want, storedBytes(t, r, "s"))

		variants := tensor.New[tensor.Variant](2, 2)
		require.NoError(t, r.Read(t.Context(), "v", variants))
		require.Equal(t, []tensor.Variant{"a", "bb", "v", "v"}, variants.Data())
		require.NotEmpty(t, storedBytes(t, r, "v"))

		row := tensor.New[string](1, 2)
		require.NoError(t, r.ReadSlice(t.Context(), "s", tensor.Slice{ext(0, 1), tensor.Full}, row))
		require.Equal(t, []string{"a", "bb"}, row.Data())
	})
}

func TestWriteStored(t *testing.T) {
	for name, adds := range goldens() {
		data, err := os.ReadFile("testdata/" + name + ".data-00000-of-00001")
		if err != nil {
			continue // merged
		}
		r := golden(t, name)
		for _, a := range adds {
			var rec record
			require.NoError(t, r.find(a.key, &rec))
			if len(rec.slices) == 0 {
				require.Equal(t, data[rec.offset:rec.offset+rec.size], storedBytes(t, r, a.key), "%s: %s", name, a.key)
			}
		}
	}
	t.Run("a partitioned tensor is assembled", func(t *testing.T) {
		r := golden(t, "slices")
		for _, key := range []string{"cols", "tiles"} {
			require.Equal(t, storedBytes(t, r, "all"), storedBytes(t, r, key), key)
		}
	})
	t.Run("an error of w is returned", func(t *testing.T) {
		for name, key := range map[string]string{"dtypes": "float32", "strings": "vector", "slices": "cols", "variant": "list"} {
			w, pipe := io.Pipe()
			require.NoError(t, w.Close())
			require.ErrorIs(t, golden(t, name).WriteStored(t.Context(), key, pipe), io.ErrClosedPipe, key)
		}
	})
}

func TestReadersAreShared(t *testing.T) {
	r := golden(t, "slices")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			dst := tensor.New[int32](5, 10)
			for range 20 {
				for _, key := range []string{"cols", "tiles", "all"} {
					if err := r.Read(t.Context(), key, dst); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestCanceledReads(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, key := range map[string]string{"dtypes": "float32", "strings": "vector", "slices": "cols", "variant": "list"} {
		r := golden(t, name)
		e, _, err := r.Lookup(key)
		require.NoError(t, err)
		dst, err := tensor.NewAny(e.DType, e.Shape...)
		require.NoError(t, err)
		require.ErrorIs(t, r.Read(ctx, key, dst), context.Canceled, key)
		require.ErrorIs(t, r.WriteStored(ctx, key, io.Discard), context.Canceled, key)
		require.ErrorIs(t, r.Verify(ctx, func(Problem) { t.Error("unexpected problem") }), context.Canceled)
	}
	require.ErrorIs(t, golden(t, "slices").ReadSlice(ctx, "all", tensor.Slice{ext(0, 1), ext(0, 1)}, tensor.New[int32](1, 1)), context.Canceled)
}

func TestClose(t *testing.T) {
	for name, shards := range map[string]int{"a few data files are opened with the index": openEarly, "many data files are opened when they are needed": openEarly + 1} {
		t.Run(name, func(t *testing.T) {
			fsys := errfs.New()
			w := Create(fsys, "c", Options{Shards: shards})
			require.NoError(t, w.Add(0, "a", format.SourceOf(scalar("x"))))
			require.NoError(t, w.Add(1, "b", format.SourceOf(scalar("y"))))
			require.NoError(t, w.Commit(t.Context()))
			r, err := Open(fsys, "c")
			require.NoError(t, err)
			early := 0
			if shards <= openEarly {
				early = shards
			}
			require.Equal(t, 1+early, fsys.OpenFiles())
			require.NoError(t, readAll(t, r, "a"))
			require.Equal(t, 1+max(early, 1), fsys.OpenFiles())
			require.NoError(t, readAll(t, r, "b"))
			require.NoError(t, r.Close())
			require.Zero(t, fsys.OpenFiles())
			require.ErrorIs(t, r.Read(t.Context(), "a", tensor.New[string]()), fs.ErrClosed)
		})
	}
}

func TestAnyFilesystem(t *testing.T) {
	mapFS := fstest.MapFS{}
	for rest, content := range files(t, "testdata/order") {
		mapFS["sub/"+rest] = &fstest.MapFile{Data: []byte(content)}
	}
	r, err := Open(fsx.FromFS(mapFS), "sub/")
	require.NoError(t, err, "W-28 a prefix with an empty base name")
	dst := tensor.New[float32]()
	require.NoError(t, r.Read(t.Context(), "foo_002", dst))
	require.Equal(t, float32(2), dst.At())
	require.NoError(t, r.Close())
}

func TestVerifyFindsNothingInWhatTensorFlowWrote(t *testing.T) {
	for name := range goldens() {
		r := golden(t, name)
		require.NoError(t, r.Verify(t.Context(), func(p Problem) {
			if name != "merged" || p.Key != "late" {
				t.Errorf("%s: %v", name, p)
			}
		}))
	}
}

func TestVerifyWarnsOfTheFooter(t *testing.T) {
	var f forgery
	fsys := f.files(t)
	index := fsys.Files()["c.index"]
	index[len(index)-48] ^= 1
	require.NoError(t, fsys.WriteFile("c.index", index))
	var problems []Problem
	require.NoError(t, openAt(t, fsys, "c").Verify(t.Context(), func(p Problem) { problems = append(problems, p) }))
	require.Len(t, problems, 1)
	require.True(t, problems[0].Warning)
	require.ErrorContains(t, problems[0].Err, "c.index: footer at offset")
	var corrupt *sstable.CorruptError
	require.ErrorAs(t, problems[0].Err, &corrupt)
}

func TestVerifyReportsEveryProblemInOrder(t *testing.T) {
	var f forgery
	var want []string
	for i := range 3 * verifyBatch {
		key := string([]byte{byte('a' + i/100), byte('0' + i/10%10), byte('0' + i%10)})
		f.put(key, tensor.DTUInt8, tensor.Shape{1}, []byte{1}, func(r *record) {
			if i%7 == 0 {
				r.crc++
				want = append(want, key)
			}
		})
	}
	var got []string
	for _, p := range verify(t, f.open(t)) {
		got = append(got, p.Key)
	}
	require.Equal(t, want, got)
}
