package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/slicekey"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/tensor"
)

// readAll reads key in every way. All ways must agree on whether it can be read.
func readAll(t *testing.T, r *Reader, key string) error {
	t.Helper()
	e, ok, err := r.Lookup(key)
	if err != nil {
		require.False(t, ok)
		require.Error(t, r.Check(key))
		require.Error(t, r.WriteStored(t.Context(), key, io.Discard))
		return err
	}
	require.True(t, ok)
	stored := r.WriteStored(t.Context(), key, io.Discard)
	if err := r.Check(key); err != nil {
		require.Error(t, stored)
		return err
	}
	dst, err := tensor.NewAny(e.DType, e.Shape...)
	require.NoError(t, err)
	err = r.Read(t.Context(), key, dst)
	require.Equal(t, err == nil, stored == nil, "Read: %v, WriteStored: %v", err, stored)
	return err
}

// TestDamagedEntries has faults of single entries. The checkpoint opens, and the other tensors can be read.
func TestDamagedEntries(t *testing.T) {
	data := []byte("0123456789ab")
	edit := func(fn func(*record)) func(*forgery) {
		return func(f *forgery) { f.put("w", tensor.DTFloat32, tensor.Shape{3}, data, fn) }
	}
	variant := "\x01x" + "\x00\x00\x00\x00"
	tests := []struct {
		name  string
		forge func(*forgery)
		want  string
	}{
		{"an entry that is not a message", func(f *forgery) { f.raw("w", []byte("\xff\xff")) }, `c.index: "w": its entry is damaged`},
		{"an empty entry", func(f *forgery) { f.raw("w", nil) }, `c.index: "w": its entry is damaged: dtype 0 cannot be stored`},
		{"an unknown dtype", edit(func(r *record) { r.dtype = 77 }), "dtype 77 cannot be stored"},
		{"a resource", edit(func(r *record) { r.dtype = tensor.DTResource }), "values of dtype resource cannot be stored"},
		{"a dtype of another size", edit(func(r *record) { r.dtype = tensor.DTFloat64 }), "its size is 12 bytes, but float64[3] has 3 elements of 8 bytes"},
		{"B-36 a negative axis", edit(func(r *record) { r.shape = tensor.Shape{-3} }), "shape [-3] is impossible"},
		{"B-35 a shape with more elements than are stored", edit(func(r *record) { r.shape = tensor.Shape{4} }), "its size is 12 bytes, but float32[4] has 4 elements of 4 bytes"},
		{"B-35 a shape with fewer elements", edit(func(r *record) { r.shape = tensor.Shape{2} }), "but float32[2] has 2 elements of 4 bytes"},
		{"B-35 a shape of 2^30 elements", edit(func(r *record) { r.shape = tensor.Shape{1 << 15, 1 << 15} }), "has 1073741824 elements of 4 bytes"},
		{"B-35 a shape with an overflow in its size", edit(func(r *record) { r.shape = tensor.Shape{math.MaxInt/2 + 4} }), "elements of 4"},
		{"B-35 a huge size", edit(func(r *record) { r.size = math.MaxInt64 }), "9223372036854775807 bytes"},
		{"a negative size", edit(func(r *record) { r.size = -12 }), "its size of -12 bytes or its offset 0 is impossible"},
		{"a negative offset", edit(func(r *record) { r.offset = -1 }), "its size of 12 bytes or its offset -1 is impossible"},
		{"an offset with an overflow at the end", edit(func(r *record) { r.offset = math.MaxInt64 - 5 }), "its size of 12 bytes or its offset 9223372036854775802 is impossible"},
		{"an offset beyond the file", edit(func(r *record) { r.offset = 1 << 40 }), `c.data-00000-of-00001: "w" at offset 1099511627776: its 12 bytes end beyond the file's 17`},
		{"an offset that leaves one byte too few", edit(func(r *record) { r.offset = 6 }), "at offset 6: its 12 bytes end beyond the file's 17: the save or the copy was cut off"},
		{"data file 1 of 1", edit(func(r *record) { r.shard = 1 }), "it is in data file 1 of 1"},
		{"a negative data file", edit(func(r *record) { r.shard = -1 }), "it is in data file -1 of 1"},
		{"B-22 another checksum", edit(func(r *record) { r.crc++ }), `c.data-00000-of-00001: "w" at offset 0: checksum 0x`},
		{"no checksum", edit(func(r *record) { r.crc = 0 }), "want 0x00000000: the file was damaged"},
		{"an empty tensor with a wrong checksum", func(f *forgery) { f.put("w", tensor.DTFloat32, tensor.Shape{0}, nil, func(r *record) { r.crc = 1 }) }, "checksum 0xa282ead8 of its 0 bytes, want 0x00000001"},

		{"numbers labelled as strings", edit(func(r *record) { r.dtype = tensor.DTString }), "element 0 claims 48 bytes"},
		{"more strings than bytes", func(f *forgery) {
			f.putText("w", []uint64{1}, "x", func(r *record) { r.shape = tensor.Shape{math.MaxInt} })
		}, fmt.Sprintf("its size is 6 bytes, too few for %d strings", math.MaxInt)},
		{"too few bytes for the lengths' checksum", func(f *forgery) { f.put("w", tensor.DTString, tensor.Shape{1}, []byte("\x00\x00\x00"), nil) }, "its size is 3 bytes, too few for 1 strings"},
		{"B-23 a length of 2^40", func(f *forgery) { f.putText("w", []uint64{1 << 40, 1}, "ab", nil) }, "element 0 claims 1099511627776 bytes, but 7 are left"},
		{"B-23 lengths with a sum that is too large", func(f *forgery) { f.putText("w", []uint64{4, 4}, "abcd", nil) }, "have 8 bytes, but 4 are left of its 10"},
		{"B-23 a length that does not end", func(f *forgery) { f.put("w", tensor.DTString, tensor.Shape{1}, bytes.Repeat([]byte{0xff}, 20), nil) }, "the length of element 0 does not fit 64 bits"},
		{"B-23 truncated lengths", func(f *forgery) {
			f.put("w", tensor.DTString, tensor.Shape{2}, []byte("\x80\x80\x80\x80\x80\x80"), nil)
		}, "its 6 bytes end within the length of element 0"},
		{"B-23 a changed length", func(f *forgery) { f.putText("w", []uint64{1, 3}, "abcd", nil); f.data[len(f.data)-10] = 0 }, "of the strings' lengths, want 0x"},
		{"B-23 a changed checksum of the lengths", func(f *forgery) { f.putText("w", []uint64{4}, "abcd", nil); f.data[len(f.data)-5]++ }, "of the strings' lengths, want 0x"},
		{"B-22 a changed string", func(f *forgery) { f.putText("w", []uint64{4}, "abcd", nil); f.data[len(f.data)-1]++ }, `at offset 0: checksum 0x`},

		{"more variants than bytes", func(f *forgery) { f.put("w", tensor.DTVariant, tensor.Shape{2}, []byte("\x00\x00\x00\x00\x00"), nil) }, "its size is 5 bytes, too few for 2 variants"},
		{"a changed variant", func(f *forgery) { f.put("w", tensor.DTVariant, tensor.Shape{}, []byte(variant), nil) }, "after element 0, want 0x00000000"},
		{"a variant without its checksum", func(f *forgery) { f.put("w", tensor.DTVariant, tensor.Shape{}, []byte("\x03xyz\x00"), nil) }, "1 bytes are left for the checksum after element 0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var f forgery
			test.forge(&f)
			f.put("x", tensor.DTUInt8, tensor.Shape{5}, []byte("intact"[:5]), nil)
			r := f.open(t)
			err := readAll(t, r, "w")
			require.ErrorContains(t, err, test.want)
			require.ErrorIs(t, err, format.ErrCorrupt)
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "w", e.Key)
			require.NotEmpty(t, e.File)

			require.NoError(t, readAll(t, r, "x"), "the other tensor can be read")
			problems := verify(t, r)
			require.Len(t, problems, 1)
			require.Equal(t, "w", problems[0].Key)
			require.False(t, problems[0].Warning)
		})
	}
}

// verify returns the problems that Verify reports for tensors.
func verify(t *testing.T, r *Reader) (problems []Problem) {
	t.Helper()
	require.NoError(t, r.Verify(t.Context(), func(p Problem) {
		if p.Key != "" {
			problems = append(problems, p)
		}
	}))
	return problems
}

func TestListingEndsAtADamagedEntry(t *testing.T) {
	var f forgery
	f.put("a", tensor.DTUInt8, tensor.Shape{}, []byte{1}, nil)
	f.raw("b", []byte("\xff"))
	f.put("c", tensor.DTUInt8, tensor.Shape{}, []byte{1}, nil)
	var keys []string
	var last error
	for e, err := range f.open(t).All() {
		keys, last = append(keys, e.Key), err
	}
	require.Equal(t, []string{"a", ""}, keys)
	require.ErrorContains(t, last, `c.index: "b": its entry is damaged`)
}

// TestDamagedParts has faults in the entry of a tensor with parts, in the entries of its parts, and in their combination.
func TestDamagedParts(t *testing.T) {
	// w is int16[4 2] in two parts of two rows.
	parts := []tensor.Slice{{ext(0, 2), tensor.Full}, {ext(2, 2), tensor.Full}}
	forge := func(edit func(f *forgery, whole *record)) *forgery {
		f := new(forgery)
		whole := record{dtype: tensor.DTInt16, shape: tensor.Shape{4, 2}, slices: slices.Clone(parts)}
		for _, p := range parts {
			f.put(string(slicekey.Of("w", p)), tensor.DTInt16, tensor.Shape{2, 2}, []byte("01234567"), nil)
		}
		edit(f, &whole)
		f.raw("w", whole.append(nil))
		return f
	}
	first := string(slicekey.Of("w", parts[0]))
	tests := []struct {
		name string
		edit func(f *forgery, whole *record)
		want string
	}{
		{"a part without an entry", func(f *forgery, _ *record) { delete(f.values, first) }, `c.index: "w" part 0,2:-: this part is listed, but has no entry`},
		{"a part with an entry that is not a message", func(f *forgery, _ *record) { f.values[first] = []byte("\xff") }, "part 0,2:-"},
		{"a part of another dtype", func(f *forgery, _ *record) {
			f.put(first, tensor.DTUInt16, tensor.Shape{2, 2}, []byte("01234567"), nil)
		}, "its entry says uint16[2 2], want int16[2 2]"},
		{"a part of another shape", func(f *forgery, _ *record) {
			f.put(first, tensor.DTInt16, tensor.Shape{4, 1}, []byte("01234567"), nil)
		}, "its entry says int16[4 1], want int16[2 2]"},
		{"a part that is partitioned", func(f *forgery, _ *record) {
			f.put(first, tensor.DTInt16, tensor.Shape{2, 2}, []byte("01234567"), func(r *record) { r.slices = parts })
		}, "its entry says"},
		{"a part beyond the file", func(f *forgery, _ *record) {
			f.put(first, tensor.DTInt16, tensor.Shape{2, 2}, []byte("01234567"), func(r *record) { r.offset = 900 })
		}, `c.data-00000-of-00001: "w" part 0,2:- at offset 900`},
		{"a part with another checksum", func(f *forgery, _ *record) {
			f.put(first, tensor.DTInt16, tensor.Shape{2, 2}, []byte("01234567"), func(r *record) { r.crc++ })
		}, `"w" part 0,2:- at offset 16: checksum`},
		{"a part beyond the tensor", func(_ *forgery, w *record) { w.slices[1] = tensor.Slice{ext(3, 2), tensor.Full} }, "part 1, 3,2:-, is not a region of shape [4 2]"},
		{"a part of another rank", func(_ *forgery, w *record) { w.slices[1] = tensor.Slice{ext(2, 2)} }, "part 1, 2,2, is not a region of shape [4 2]"},
		{"a part with an overflow at its end", func(_ *forgery, w *record) { w.slices[1] = tensor.Slice{ext(2, math.MaxInt), tensor.Full} }, "is not a region of shape"},
		{"a part listed twice", func(_ *forgery, w *record) { w.slices[1] = parts[0] }, "parts 0,2:- and 0,2:- overlap"},
		{"parts that overlap", func(_ *forgery, w *record) { w.slices = append(w.slices, tensor.Slice{ext(1, 2), ext(1, 1)}) }, "overlap"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := forge(test.edit).open(t)
			err := readAll(t, r, "w")
			require.ErrorContains(t, err, test.want)
			require.ErrorIs(t, err, format.ErrCorrupt)
			require.NotEmpty(t, verify(t, r))
		})
	}
	t.Run("Q-04 parts that do not cover the tensor are a separate error, and a warning", func(t *testing.T) {
		r := forge(func(f *forgery, w *record) { w.slices = w.slices[1:]; delete(f.values, first) }).open(t)
		err := readAll(t, r, "w")
		require.ErrorContains(t, err, "its 1 stored parts have 4 of the 8 elements of 0,4:0,2")
		require.ErrorIs(t, err, ErrIncomplete)
		require.NotErrorIs(t, err, format.ErrCorrupt)
		problems := verify(t, r)
		require.Len(t, problems, 1)
		require.True(t, problems[0].Warning)

		dst := tensor.New[int16](2, 2)
		require.NoError(t, r.ReadSlice(t.Context(), "w", parts[1], dst), "the existing part can be read")
	})
	t.Run("a part that no entry lists is a separate tensor", func(t *testing.T) {
		r := forge(func(f *forgery, w *record) { w.slices = w.slices[1:] }).open(t)
		_, ok, err := r.Lookup(first)
		require.NoError(t, err)
		require.True(t, ok)
	})
}

func TestManyPartsAreCheckedInTime(t *testing.T) {
	const n = 100_000
	whole := record{dtype: tensor.DTUInt8, shape: tensor.Shape{3, n, 2}}
	for i := range n {
		whole.slices = append(whole.slices, tensor.Slice{tensor.Full, ext(i, 1), tensor.Full})
	}
	require.NoError(t, checkParts(&whole, true))
	whole.slices[n-1] = whole.slices[0]
	require.ErrorContains(t, checkParts(&whole, true), "overlap")
}

func TestDamagedFiles(t *testing.T) {
	good := func() *forgery {
		var f forgery
		f.put("a", tensor.DTUInt8, tensor.Shape{4}, []byte("0123"), nil)
		f.put("b", tensor.DTUInt8, tensor.Shape{4}, []byte("4567"), nil)
		return &f
	}
	t.Run("B-21 no index", func(t *testing.T) {
		_, err := Open(errfs.New(), "dir/none")
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.NotErrorIs(t, err, format.ErrNotFound, "ErrNotFound is for missing keys")
		require.ErrorContains(t, err, "dir/none.index: open: ")
	})
	t.Run("B-25 no data file: listing works, and reading any tensor reports the missing file", func(t *testing.T) {
		fsys := good().files(t)
		require.NoError(t, fsys.Remove("c.data-00000-of-00001"))
		r := openAt(t, fsys, "c")
		n := 0
		for _, err := range r.All() {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, 2, n)
		err := readAll(t, r, "a")
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, `c.data-00000-of-00001: "a": open: `)
		require.Len(t, verify(t, r), 2)
	})
	t.Run("B-24 a truncated data file: tensors before the cut can be read", func(t *testing.T) {
		f := good()
		f.data = f.data[:6]
		r := f.open(t)
		require.NoError(t, readAll(t, r, "a"))
		require.ErrorContains(t, readAll(t, r, "b"), `"b" at offset 4: its 4 bytes end beyond the file's 6: the save or the copy was cut off`)
	})
	t.Run("an empty data file", func(t *testing.T) {
		f := good()
		f.data = nil
		require.ErrorContains(t, readAll(t, f.open(t), "a"), "its 4 bytes end beyond the file's 0")
	})
	t.Run("bytes after the last tensor are a warning", func(t *testing.T) {
		f := good()
		f.data = append(f.data, "more"...)
		r := f.open(t)
		require.NoError(t, readAll(t, r, "b"))
		var problems []Problem
		require.NoError(t, r.Verify(t.Context(), func(p Problem) { problems = append(problems, p) }))
		require.Len(t, problems, 1)
		require.Equal(t, "warning: c.data-00000-of-00001 at offset 8: 4 bytes after the last tensor do not belong to any tensor", problems[0].String())
	})
	t.Run("a header that names more data files", func(t *testing.T) {
		f := good()
		f.header = newHeader(2).encode()
		require.ErrorIs(t, readAll(t, f.open(t), "a"), fs.ErrNotExist)
	})
	t.Run("a header without data files", func(t *testing.T) {
		f := good()
		f.header = newHeader(0).encode()
		require.ErrorContains(t, readAll(t, f.open(t), "a"), "it is in data file 0 of 0")
	})
	t.Run("errors of the disk do not count as corruption", func(t *testing.T) {
		fsys := good().files(t)
		r := openAt(t, fsys, "c")
		require.NoError(t, r.Check("a"))
		fsys.Inject(errfs.Only(errfs.From(0, errfs.IO), errfs.Read))
		err := r.Read(t.Context(), "a", tensor.New[uint8](4))
		require.ErrorIs(t, err, errfs.IO.Err)
		require.NotErrorIs(t, err, format.ErrCorrupt)
		require.ErrorContains(t, err, `c.data-00000-of-00001: "a" at offset 0`)
	})
}

func TestDamagedHeaders(t *testing.T) {
	tests := []struct {
		name   string
		header []byte
		want   string
		is     error
	}{
		{"garbage", []byte("\xff\xff"), "c.index: header: it is not the encoding", format.ErrCorrupt},
		{"a negative number of data files", header{shards: -1}.encode(), "c.index: header: it claims -1 data files", format.ErrCorrupt},
		{"B-28 a later version", header{shards: 1, minConsumer: 2}.encode(), "c.index: header: it needs a reader for version 2", errors.ErrUnsupported},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := forgery{header: test.header}
			_, err := Open(f.files(t), "c")
			require.ErrorContains(t, err, test.want)
			require.ErrorIs(t, err, test.is)
		})
	}
	t.Run("an index without a header", func(t *testing.T) {
		fsys := errfs.New()
		require.NoError(t, fsys.WriteFile("c.index", tableOf(t, "a", "x")))
		_, err := Open(fsys, "c")
		require.ErrorContains(t, err, `c.index: header: the first key is "a", want the empty key of the header`)
		require.ErrorIs(t, err, format.ErrCorrupt)
	})
	t.Run("an empty index", func(t *testing.T) {
		fsys := errfs.New()
		require.NoError(t, fsys.WriteFile("c.index", tableOf(t)))
		_, err := Open(fsys, "c")
		require.ErrorContains(t, err, "c.index: header: the table is empty")
		require.Zero(t, fsys.OpenFiles())
	})
	t.Run("B-26 the error for a damaged table names the file and the position", func(t *testing.T) {
		fsys := new(forgery).files(t)
		index := fsys.Files()["c.index"]
		index[4] ^= 1
		require.NoError(t, fsys.WriteFile("c.index", index))
		_, err := Open(fsys, "c")
		require.ErrorContains(t, err, "c.index: data block 0 at offset 0: checksum")
		require.ErrorIs(t, err, format.ErrCorrupt)
	})
}

// If all entries of an index name the same bytes, reading them takes more work than the files justify.
func TestAliasedEntriesAreRefused(t *testing.T) {
	alias := func(n int) *Reader {
		var f forgery
		data := bytes.Repeat([]byte{7}, 1000)
		for i := range n {
			f.put(string(rune('a'+i)), tensor.DTUInt8, tensor.Shape{1000}, data, func(r *record) { r.offset = 0 })
			f.data = f.data[:1000]
		}
		f.put("zz", tensor.DTUInt8, tensor.Shape{1}, nil, func(r *record) { r.offset, r.size = 1<<50, 1 })
		return f.open(t)
	}
	t.Run("a few tensors may share their bytes, even if another entry is nonsense", func(t *testing.T) {
		require.NoError(t, readAll(t, alias(maxAliasing), "a"))
	})
	t.Run("many tensors may not", func(t *testing.T) {
		r := alias(maxAliasing + 1)
		require.NoError(t, r.Read(t.Context(), "a", tensor.New[uint8](1000)), "the tensors do not have more bytes than the file yet")
		err := r.Read(t.Context(), "b", tensor.New[uint8](1000))
		require.ErrorContains(t, err, "c.index: its tensors in c.data-00000-of-00001 have 9000 bytes, and the file has 1000: they overlap")
		require.ErrorIs(t, err, format.ErrCorrupt)
	})
}

// If any single bit of a file that TensorFlow wrote is flipped, Verify reports it or every value is unchanged.
func TestEveryFlippedBitIsFoundOrHarmless(t *testing.T) {
	for _, name := range []string{"dtypes", "strings", "order", "variant", "merged"} {
		t.Run(name, func(t *testing.T) {
			disk := errfs.New()
			for rest, content := range files(t, "testdata/"+name) {
				require.NoError(t, disk.WriteFile("c"+rest, []byte(content)))
			}
			for file, content := range disk.Files() {
				harmless := 0
				for bit := 0; bit < len(content)*8; bit += thorough.Pick(1, 9) { // every day, a bit of each byte
					fsys, b := disk.Reboot(errfs.KeepAll), slices.Clone(content)
					b[bit/8] ^= 1 << (bit % 8)
					require.NoError(t, fsys.WriteFile(file, b))
					if !damaged(t, fsys) {
						harmless++
					}
				}
				if file == IndexFile("c") {
					require.Less(t, harmless, 48*8, "only the footer has bits that do not matter")
				} else {
					require.Zero(t, harmless, file)
				}
			}
		})
	}
}

// damaged reports whether the checkpoint cannot be opened or has a problem.
func damaged(t *testing.T, fsys *errfs.FS) bool {
	r, err := Open(fsys, "c")
	if err != nil {
		require.ErrorIs(t, err, format.ErrCorrupt)
		return true
	}
	defer r.Close()
	found := false
	require.NoError(t, r.Verify(t.Context(), func(p Problem) { found = found || !p.Warning }))
	return found
}
