package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

func TestWriterRefuses(t *testing.T) {
	full := tensor.Shape{4}
	half := tensor.Slice{ext(0, 2)}
	two := format.SourceOf(tensor.New[int8](2))
	tests := []struct {
		name string
		add  func(w *Writer) error // the last call returns an error
		want string
	}{
		{"the empty key", func(w *Writer) error { return w.Add(0, "", two) }, "the empty key is reserved for the header"},
		{"a part of the empty key", func(w *Writer) error { return w.AddSlice(0, "", full, half, two) }, "the empty key is reserved for the header"},
		{"B-19 a key twice", func(w *Writer) error { w.Add(0, "a", two); return w.Add(0, "a", two) }, `"a": this key, or this part of it, was already added`},
		{"B-19 a key twice, in different data files", func(w *Writer) error { w.Add(0, "a", two); return w.Add(1, "a", two) }, "was already added"},
		{"G-42 a part twice", func(w *Writer) error { w.AddSlice(0, "a", full, half, two); return w.AddSlice(0, "a", full, half, two) }, "was already added"},
		{"a part of a tensor that was added whole", func(w *Writer) error { w.Add(0, "a", two); return w.AddSlice(0, "a", full, half, two) }, "was already added"},
		{"a whole tensor that was added in parts", func(w *Writer) error { w.AddSlice(0, "a", full, half, two); return w.Add(0, "a", two) }, "was already added"},
		{"a part that covers the tensor, after another part", func(w *Writer) error {
			w.AddSlice(0, "a", full, half, two)
			return w.AddSlice(0, "a", full, tensor.Slice{tensor.Full}, format.SourceOf(tensor.New[int8](4)))
		}, "was already added"},
		{"a data file that does not exist", func(w *Writer) error { return w.Add(2, "a", two) }, "data file 2 of 2"},
		{"a negative data file", func(w *Writer) error { return w.Add(-1, "a", two) }, "data file -1 of 2"},
		{"a dtype without values", func(w *Writer) error { return w.Add(0, "a", format.Source{DType: tensor.DTResource, Shape: full}) }, "tensors of resource are not supported"},
		{"a number that is not a dtype", func(w *Writer) error { return w.Add(0, "a", format.Source{DType: 77, Shape: full}) }, "dtype(77)"},
		{"a tensor that is not built", func(w *Writer) error { return w.Add(0, "a", format.SourceOf(new(tensor.Tensor[int8]))) }, "the tensor is not built"},
		{"a negative axis", func(w *Writer) error { return w.Add(0, "a", format.Source{DType: 1, Shape: tensor.Shape{-1}}) }, "shape [-1] is impossible"},
		{"255 axes", func(w *Writer) error { return w.Add(0, "a", format.Source{DType: 1, Shape: make(tensor.Shape, 255)}) }, "its shape has 255 axes"},
		{"a part beyond the tensor", func(w *Writer) error { return w.AddSlice(0, "a", full, tensor.Slice{ext(3, 2)}, two) }, "slice 3,2 does not fit shape [4]"},
		{"a part of another rank", func(w *Writer) error { return w.AddSlice(0, "a", full, tensor.Slice{ext(0, 2), ext(0, 1)}, two) }, "has rank 2"},
		{"a part with values of another shape", func(w *Writer) error { return w.AddSlice(0, "a", full, tensor.Slice{ext(0, 3)}, two) }, "part 0,3 has shape [3], but its tensor has shape [2]"},
		{"a part with another dtype than the first", func(w *Writer) error {
			w.AddSlice(0, "a", full, half, two)
			return w.AddSlice(0, "a", full, tensor.Slice{ext(2, 2)}, format.SourceOf(tensor.New[uint8](2)))
		}, "part 2,2 belongs to uint8[4], but earlier parts belong to int8[4]"},
		{"a part with another shape than the first", func(w *Writer) error {
			w.AddSlice(0, "a", full, half, two)
			return w.AddSlice(0, "a", tensor.Shape{5}, tensor.Slice{ext(2, 2)}, two)
		}, "part 2,2 belongs to int8[5], but earlier parts belong to int8[4]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fsys := errfs.New()
			w := Create(fsys, "dir/c", Options{Shards: 2})
			err := test.add(w)
			require.ErrorContains(t, err, test.want)
			require.ErrorContains(t, err, "dir/c")
			require.Equal(t, err, w.Commit(t.Context()), "Commit returns the same error")
			require.Empty(t, fsys.Files())
		})
	}
}

func TestCommitRefuses(t *testing.T) {
	failed := errors.New("the device is gone")
	tests := []struct {
		name string
		add  func(w *Writer)
		want string
	}{
		{"parts that overlap", func(w *Writer) {
			for _, p := range []tensor.Slice{{ext(0, 2)}, {ext(1, 2)}} {
				w.AddSlice(0, "a", tensor.Shape{4}, p, format.SourceOf(tensor.New[int8](2)))
			}
		}, `c: "a": parts 0,2 and 1,2 overlap`},
		{"values that cannot be loaded", func(w *Writer) {
			w.Add(0, "a", format.Source{DType: tensor.DTFloat32, Shape: tensor.Shape{}, Load: func() (tensor.Any, error) { return nil, failed }})
		}, `c: "a": the device is gone`},
		{"strings that cannot be loaded", func(w *Writer) {
			w.Add(0, "a", format.Source{DType: tensor.DTString, Shape: tensor.Shape{}, Load: func() (tensor.Any, error) { return nil, failed }})
		}, `c: "a": the device is gone`},
		{"values of another shape than announced", func(w *Writer) {
			w.Add(0, "a", format.Source{DType: tensor.DTFloat32, Shape: tensor.Shape{3}, Load: func() (tensor.Any, error) { return tensor.New[float32](4), nil }})
		}, `c: "a": it was described as float32[3], but is float32[4]`},
		{"values of another dtype", func(w *Writer) {
			w.Add(0, "a", format.Source{DType: tensor.DTFloat32, Shape: tensor.Shape{3}, Load: func() (tensor.Any, error) { return tensor.New[int32](3), nil }})
		}, "is int32[3]"},
		{"more bytes than an int can count", func(w *Writer) {
			w.Add(0, "a", format.Source{DType: tensor.DTFloat64, Shape: tensor.Shape{math.MaxInt}})
		}, "more bytes than this machine can count"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fsys := errfs.New()
			w := Create(fsys, "c", Options{})
			test.add(w)
			require.ErrorContains(t, w.Commit(t.Context()), test.want)
			require.Empty(t, fsys.Files())
			require.Zero(t, fsys.OpenFiles())
			require.ErrorContains(t, w.Commit(t.Context()), "its commit has failed: create another Writer")
		})
	}
	t.Run("more bytes than a file can hold", func(t *testing.T) {
		w := Create(errfs.New(), "c", Options{})
		var total, n int64 = 0, math.MaxInt // bytes of each
		for i := 0; total <= math.MaxInt64-n; i++ {
			if i == 1000 {
				return // tensors on this machine are too small for that
			}
			require.NoError(t, w.Add(0, fmt.Sprint(i), format.Source{DType: tensor.DTInt8, Shape: tensor.Shape{math.MaxInt}}))
			total += n
		}
		require.NoError(t, w.Add(0, "last", format.Source{DType: tensor.DTInt8, Shape: tensor.Shape{math.MaxInt}}))
		require.ErrorContains(t, w.Commit(t.Context()), "more than a file can hold")
	})
	t.Run("B-20 two commits", func(t *testing.T) {
		w := Create(errfs.New(), "c", Options{})
		require.NoError(t, w.Commit(t.Context()))
		require.ErrorContains(t, w.Commit(t.Context()), "c: the checkpoint has been committed")
		require.ErrorContains(t, w.Add(0, "a", format.SourceOf(scalar(1.0))), "the checkpoint has been committed")
	})
	t.Run("strings that change while they are saved", func(t *testing.T) {
		for _, n := range []int{1, bufferSize + 1} { // small: gathered with others; large: written alone
			for _, to := range []int{n - 1, n + 1} {
				fsys := errfs.New()
				values := []string{strings.Repeat("x", n)}
				w := Create(fsys, "c", Options{})
				require.NoError(t, w.Add(0, "a", format.SourceOf(of(values, 1))))
				require.NoError(t, w.Add(0, "b", format.Source{DType: tensor.DTString, Shape: tensor.Shape{}, Load: func() (tensor.Any, error) {
					values[0] = strings.Repeat("x", to)
					return tensor.Scalar(""), nil
				}}))
				require.ErrorContains(t, w.Commit(t.Context()), `c: "a": its strings changed while they were saved`)
				require.Empty(t, fsys.Files())
			}
		}
	})
}

func TestWriterLayout(t *testing.T) {
	t.Run("an empty checkpoint has a header and an empty data file", func(t *testing.T) {
		fsys := errfs.New()
		require.NoError(t, Create(fsys, "c", Options{}).Commit(t.Context()))
		require.Equal(t, []string{"c.data-00000-of-00001", "c.index"}, fsys.Names())
		require.Empty(t, fsys.Files()["c.data-00000-of-00001"])
		for range openAt(t, fsys, "c").All() {
			t.Fatal("there is an entry")
		}
	})
	t.Run("B-30 alignment pads with zeros after each tensor, including the last", func(t *testing.T) {
		for _, workers := range []int{1, 4} {
			fsys := errfs.New()
			w := Create(fsys, "c", Options{Alignment: 42, Workers: workers})
			big := tensor.New[uint8](3*chunkSize + 5)
			for i := range big.Data() {
				big.Data()[i] = 0xee
			}
			addAll(t, w, []addition{{key: "b", values: scalar(int8(-1))}, {key: "big", values: big}, {key: "a", values: scalar("text")}, {key: "z", values: tensor.New[int8](0)}, {key: "c", values: scalar(int8(-1))}})
			require.NoError(t, w.Commit(t.Context()))
			data := fsys.Files()["c.data-00000-of-00001"]
			require.Zero(t, len(data)%42)
			r := openAt(t, fsys, "c")
			taken := make([]bool, len(data))
			for _, key := range []string{"a", "b", "big", "c", "z"} {
				require.NoError(t, readAll(t, r, key))
				var rec record
				require.NoError(t, r.find(key, &rec))
				require.Zero(t, rec.offset%42, key)
				for i := range rec.size {
					taken[rec.offset+i] = true
				}
			}
			for i, b := range data {
				if !taken[i] && b != 0 {
					t.Fatalf("byte %d is not 0", i)
				}
			}
			require.Empty(t, verify(t, r))
		}
	})
	t.Run("W-28 a prefix that ends in a slash", func(t *testing.T) {
		fsys := errfs.New()
		require.NoError(t, Create(fsys, "dir/", Options{}).Commit(t.Context()))
		require.Equal(t, []string{"dir/.data-00000-of-00001", "dir/.index"}, fsys.Names())
		openAt(t, fsys, "dir/")
	})
	t.Run("data files without tensors are written", func(t *testing.T) {
		fsys := errfs.New()
		w := Create(fsys, "c", Options{Shards: 3})
		require.NoError(t, w.Add(1, "a", format.SourceOf(scalar(1.0))))
		require.NoError(t, w.Commit(t.Context()))
		require.Equal(t, []string{"c.data-00000-of-00003", "c.data-00001-of-00003", "c.data-00002-of-00003", "c.index"}, fsys.Names())
		require.NoError(t, readAll(t, openAt(t, fsys, "c"), "a"))
	})
	t.Run("parts are listed by data file, and then in the order in which they were added", func(t *testing.T) {
		fsys := errfs.New()
		w := Create(fsys, "c", Options{})
		var want []tensor.Slice
		for i, shard := range []int{2, 1, 2, 1} {
			p := tensor.Slice{ext(i, 1)}
			require.NoError(t, w.AddSlice(shard, "a", tensor.Shape{4}, p, format.SourceOf(tensor.New[int8](1))))
			want = append(want, p)
		}
		require.NoError(t, w.Commit(t.Context()))
		e, _, err := openAt(t, fsys, "c").Lookup("a")
		require.NoError(t, err)
		require.Equal(t, []tensor.Slice{want[1], want[3], want[0], want[2]}, e.Slices)
	})
	t.Run("big-endian machines write little-endian files", func(t *testing.T) {
		want, got := errfs.New(), errfs.New()
		adds := []addition{{key: "small", values: counting(tensor.DTComplex64, 9)}, {key: "big", values: counting(tensor.DTFloat64, 3*chunkSize/8+1)}}
		w := Create(want, "c", Options{})
		addAll(t, w, adds)
		require.NoError(t, w.Commit(t.Context()))
		for _, a := range adds {
			tensor.SwapBytes(a.values) // as a machine with the other byte order has them
		}
		w = Create(got, "c", Options{})
		w.bigEndianMemory = !w.bigEndianMemory
		addAll(t, w, adds)
		require.NoError(t, w.Commit(t.Context()))
		require.Equal(t, want.Files(), got.Files())
	})
}

func TestProgress(t *testing.T) {
	var done []int64
	var total int64
	w := Create(errfs.New(), "c", Options{Alignment: 64, Progress: func(d, of int64) { done, total = append(done, d), of }})
	addAll(t, w, []addition{{key: "a", values: tensor.New[float32](chunkSize)}, {key: "b", values: scalar("text")}, {key: "c", values: scalar(1.0)}})
	require.NoError(t, w.Commit(t.Context()))
	require.EqualValues(t, 4*chunkSize+9+8, total, "the bytes of tensors, without padding")
	require.True(t, slices.IsSorted(done))
	require.Equal(t, total, done[len(done)-1])
}

func TestCanceledCommit(t *testing.T) {
	for _, after := range []int{0, 1, 2, 3} {
		t.Run(fmt.Sprintf("after %d tensors", after), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			fsys := errfs.New()
			w := Create(fsys, "c", Options{})
			if after == 0 {
				cancel()
			}
			for i := range 3 {
				require.NoError(t, w.Add(0, fmt.Sprint(i), format.Source{DType: tensor.DTFloat32, Shape: tensor.Shape{chunkSize}, Load: func() (tensor.Any, error) {
					if i+1 == after {
						cancel()
					}
					return tensor.New[float32](chunkSize), nil
				}}))
			}
			require.ErrorIs(t, w.Commit(ctx), context.Canceled)
			require.Empty(t, fsys.Files())
			require.Zero(t, fsys.OpenFiles())
			cancel()
		})
	}
}

func TestDataFilesOfEarlierSavesAreRemoved(t *testing.T) {
	write := func(fsys *errfs.FS, shards int) {
		w := Create(fsys, "dir/c", Options{Shards: shards})
		require.NoError(t, w.Add(0, "a", format.SourceOf(scalar(1.0))))
		require.NoError(t, w.Commit(t.Context()))
	}
	fsys := errfs.New()
	require.NoError(t, fsys.WriteFile("dir/cc.data-00000-of-00002", nil))
	require.NoError(t, fsys.WriteFile("dir/c.data-00000-of-00002.bak", nil))
	others := []string{"dir/c.data-00000-of-00002.bak", "dir/cc.data-00000-of-00002"}
	for _, shards := range []int{3, 1, 2, 2, 1, 1, 3} {
		write(fsys, shards)
		want := append(slices.Clone(others), "dir/c.index")
		for i := range shards {
			want = append(want, DataFile("dir/c", i, shards))
		}
		require.ElementsMatch(t, want, fsys.Names(), shards)
		require.NoError(t, readAll(t, openAt(t, fsys, "dir/c"), "a"))
	}
}

// A save needs little memory in addition to the model, for any size and number of tensors.
func TestMemoryOfACommit(t *testing.T) {
	big := tensor.New[float32](8 << 20)
	w := Create(discardFS{}, "c", Options{})
	for i := range 8 {
		require.NoError(t, w.Add(0, fmt.Sprint("big", i), format.SourceOf(big)))
	}
	for i := range 10_000 {
		require.NoError(t, w.Add(0, fmt.Sprint("small", i), format.SourceOf(tensor.Scalar(float32(i)))))
	}
	var peak atomic.Uint64
	w.opts.Progress = func(done, total int64) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak.Store(max(peak.Load(), m.HeapAlloc))
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	require.NoError(t, w.Commit(t.Context()))
	require.Less(t, peak.Load(), m.HeapAlloc+(8<<20), "the model has 256 MiB")
	runtime.KeepAlive(big)
}

// discardFS accepts all writes and discards the data.
type discardFS struct{ fsx.FS }

func (discardFS) Create(string) (fsx.File, error)       { return discardFile{}, nil }
func (discardFS) Stat(string) (fs.FileInfo, error)      { return nil, fs.ErrNotExist }
func (discardFS) Open(string) (fsx.Reader, error)       { return nil, fs.ErrNotExist }
func (discardFS) ReadDir(string) ([]fs.DirEntry, error) { return nil, nil }
func (discardFS) MkdirAll(string) error                 { return nil }
func (discardFS) SyncDir(string) error                  { return nil }
func (discardFS) Rename(string, string) error           { return nil }
func (discardFS) Remove(string) error                   { return nil }
func (discardFS) Link(string, string) error             { return errors.ErrUnsupported }

type discardFile struct{}

func (discardFile) Write(p []byte) (int, error)            { return len(p), nil }
func (discardFile) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (discardFile) Allocate(int64) error                   { return nil }
func (discardFile) StartSync()                             {}
func (discardFile) Truncate(int64) error                   { return nil }
func (discardFile) Sync() error                            { return nil }
func (discardFile) Close() error                           { return nil }

// genTensor draws a tensor of any dtype that has values.
func genTensor(t *rapid.T) tensor.Any {
	d := tensor.DType(rapid.IntRange(1, 33).Filter(func(d int) bool { return tensor.DType(d) != tensor.DTResource }).Draw(t, "dtype"))
	out, err := tensor.NewAny(d, genShape(t)...)
	require.NoError(t, err)
	switch values := out.Values().(type) {
	case []string:
		for i := range values {
			values[i] = rapid.String().Draw(t, "string")
		}
	case []tensor.Variant:
		for i := range values {
			values[i] = tensor.Variant(rapid.String().Draw(t, "variant"))
		}
	default:
		b, _ := tensor.Bytes(out)
		copy(b, rapid.SliceOfN(rapid.Byte(), len(b), len(b)).Draw(t, "bytes"))
		d.Normalize(b)
	}
	return out
}

// bytesOf returns the bytes of a tensor in memory. It is for comparisons in which NaNs equal themselves.
func bytesOf(t tensor.Any) any {
	if b, ok := tensor.Bytes(t); ok {
		return b
	}
	return t.Values()
}

// A read returns the written values, for any tensors, any number of files and any number of goroutines.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringOfN(rapid.RuneFrom([]rune{0, 'a', 'b', '/', 0xff}), 1, 8, -1)
		want := rapid.MapOfN(key, rapid.Custom(genTensor), 0, 12).Draw(t, "tensors")
		fsys := errfs.New()
		w := Create(fsys, "c", Options{Shards: 3, Workers: rapid.IntRange(1, 4).Draw(t, "workers"), Alignment: rapid.IntRange(0, 9).Draw(t, "alignment")})
		for _, key := range slices.Sorted(maps.Keys(want)) {
			require.NoError(t, w.Add(rapid.IntRange(0, 2).Draw(t, "shard"), key, format.SourceOf(want[key])))
		}
		require.NoError(t, w.Commit(t.Context()))
		r, err := Open(fsys, "c")
		require.NoError(t, err)
		defer r.Close()
		n := 0
		for e, err := range r.All() {
			require.NoError(t, err)
			require.Equal(t, want[e.Key].DType(), e.DType)
			require.Equal(t, want[e.Key].Shape(), e.Shape)
			dst, err := tensor.NewAny(e.DType, e.Shape...)
			require.NoError(t, err)
			require.NoError(t, r.Read(t.Context(), e.Key, dst))
			require.Equal(t, bytesOf(want[e.Key]), bytesOf(dst))
			n++
		}
		require.Equal(t, len(want), n)
	})
}
