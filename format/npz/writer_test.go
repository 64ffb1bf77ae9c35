package npz

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/formattest"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/zipfile"
	"github.com/gockpt/ckpt/tensor"
)

// Writing the arrays of an archive that NumPy wrote gives the same bytes.
func TestWriterGolden(t *testing.T) {
	want, err := os.ReadFile("testdata/plain.npz")
	require.NoError(t, err)
	a, err := zipfile.Open(raw.Memory("plain.npz", want))
	require.NoError(t, err)
	r, err := OpenFile("testdata/plain.npz")
	require.NoError(t, err)
	defer r.Close()
	tensors := formattest.ReadAll(t, r)
	disk := errfs.New()
	w := Create(disk, "f", Options{})
	for name := range a.Names() {
		key := strings.TrimSuffix(name, ending)
		require.NoError(t, w.Add(0, key, format.SourceOf(tensors[key])))
	}
	require.NoError(t, w.Commit(t.Context()))
	require.Equal(t, string(want), string(disk.Files()["f"]))
}

func TestWriteArrayGolden(t *testing.T) {
	want, err := os.ReadFile("testdata/array.npy")
	require.NoError(t, err)
	r, err := OpenFile("testdata/array.npy")
	require.NoError(t, err)
	defer r.Close()
	disk := errfs.New()
	require.NoError(t, WriteArray(t.Context(), disk, "f.npy", format.SourceOf(formattest.ReadAll(t, r)["array"])))
	require.Equal(t, string(want), string(disk.Files()["f.npy"]))
	require.ErrorIs(t, WriteArray(t.Context(), disk, "f.npy", format.SourceOf(tensor.New[tensor.BFloat16](1))), errors.ErrUnsupported)
	require.Equal(t, string(want), string(disk.Files()["f.npy"]))
}

func TestWriterRefuses(t *testing.T) {
	one := format.SourceOf(tensor.New[float32](1))
	for name, tt := range map[string]struct {
		add  func(w *Writer) error
		want string
	}{
		"a shard":                 {func(w *Writer) error { return w.Add(1, "a", one) }, "shard 1"},
		"a name with a zero":      {func(w *Writer) error { return w.Add(0, "a\x00", one) }, "not valid"},
		"a long name":             {func(w *Writer) error { return w.Add(0, strings.Repeat("a", 65532), one) }, "65532 bytes"},
		"bfloat16":                {func(w *Writer) error { return w.Add(0, "a", format.SourceOf(tensor.New[tensor.BFloat16]())) }, "NumPy has no bfloat16"},
		"strings":                 {func(w *Writer) error { return w.Add(0, "a", format.SourceOf(tensor.New[string]())) }, "NumPy has no string"},
		"a tensor without values": {func(w *Writer) error { return w.Add(0, "a", format.SourceOf(new(tensor.Tensor[int8]))) }, "not built"},
		"part of a tensor": {func(w *Writer) error {
			return w.AddSlice(0, "a", tensor.Shape{2}, tensor.Slice{{Start: 0, Length: 1}}, one)
		}, "add the whole tensor"},
		"one key twice": {func(w *Writer) error {
			require.NoError(t, w.AddSlice(0, "a", tensor.Shape{1}, tensor.Slice{tensor.Full}, one))
			return w.Add(0, "a", one)
		}, "already added"},
	} {
		t.Run(name, func(t *testing.T) {
			disk := errfs.New()
			w := Create(disk, "f", Options{})
			err := tt.add(w)
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, err, w.Commit(t.Context()))
			require.ErrorContains(t, w.Commit(t.Context()), "create another Writer")
			require.Empty(t, disk.Files())
		})
	}
}

func TestWriterFaults(t *testing.T) {
	commit := func(ctx context.Context, disk *errfs.FS) error {
		w := Create(disk, "f.npz", Options{})
		require.NoError(t, w.Add(0, "large", format.SourceOf(tensor.New[float32](100, 1000))))
		require.NoError(t, w.Add(0, "small", format.SourceOf(tensor.New[float32](3))))
		return w.Commit(ctx)
	}
	disk := errfs.New()
	require.NoError(t, commit(t.Context(), disk))
	before := disk.Files()
	for _, kind := range []errfs.Kind{errfs.Create, errfs.Allocate, errfs.Write, errfs.Sync, errfs.Rename} {
		for n := range 3 {
			disk.Inject(errfs.Only(errfs.From(n+1, errfs.NoSpace), kind))
			if err := commit(t.Context(), disk); err != nil {
				require.ErrorIs(t, err, syscall.ENOSPC, kind)
			}
			disk.Inject(nil)
			require.Equal(t, before, disk.Files(), kind)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, commit(ctx, disk), context.Canceled)
	require.Equal(t, before, disk.Files())
}

// Sizes that need 64 bits are written as Python's zipfile writes them for the same members.
func TestLargeArchives(t *testing.T) {
	m := member{name: "a.npy", offset: 5 << 30, size: 6 << 30, sum: 0x01020304}
	require.Equal(t, "PK\x01\x02-\x03-\x00\x00\x00\x00\x00\x00\x00!\x00\x04\x03\x02\x01\xff\xff\xff\xff\xff\xff\xff\xff\x05\x00\x1c\x00"+
		"\x00\x00\x00\x00\x00\x00\x00\x00\x80\x01\xff\xff\xff\xffa.npy\x01\x00\x18\x00"+
		"\x00\x00\x00\x80\x01\x00\x00\x00\x00\x00\x00\x80\x01\x00\x00\x00\x00\x00\x00\x40\x01\x00\x00\x00", string(m.appendEntry(nil)))
	require.Equal(t, "PK\x06\x06\x2c\x00\x00\x00\x00\x00\x00\x00-\x00-\x00\x00\x00\x00\x00\x00\x00\x00\x00"+
		"\x02\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x64\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x40\x01\x00\x00\x00"+
		"PK\x06\x07\x00\x00\x00\x00\x64\x00\x00\x40\x01\x00\x00\x00\x01\x00\x00\x00"+
		"PK\x05\x06\x00\x00\x00\x00\x02\x00\x02\x00\x64\x00\x00\x00\xff\xff\xff\xff\x00\x00", string(appendEnd(nil, 2, 100, 5<<30)))
}

func TestProgress(t *testing.T) {
	var last, total int64
	w := Create(errfs.New(), "f", Options{Progress: func(done, all int64) {
		require.Greater(t, done, last)
		last, total = done, all
	}})
	require.NoError(t, w.Add(0, "a", format.SourceOf(tensor.New[float32](1<<20))))
	require.NoError(t, w.Add(0, "b", format.SourceOf(tensor.New[float32](2))))
	require.NoError(t, w.Commit(t.Context()))
	require.EqualValues(t, 4<<20+8, last)
	require.EqualValues(t, last, total)
}
