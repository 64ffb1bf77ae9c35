package safetensors

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

func source(values ...float32) format.Source {
	t, _ := tensor.FromSlice(values, len(values))
	return format.SourceOf(t)
}

func TestWriterRefuses(t *testing.T) {
	text := tensor.New[string](1)
	for name, tt := range map[string]struct {
		add  func(w *Writer) error
		want string
	}{
		"a shard":                  {func(w *Writer) error { return w.Add(1, "a", source(1)) }, "no shards"},
		"the metadata's name":      {func(w *Writer) error { return w.Add(0, "__metadata__", source(1)) }, "reserved for metadata"},
		"a name that is not UTF-8": {func(w *Writer) error { return w.Add(0, "\xff", source(1)) }, "not valid UTF-8"},
		"strings":                  {func(w *Writer) error { return w.Add(0, "a", format.SourceOf(text)) }, "cannot hold string"},
		"complex128":               {func(w *Writer) error { return w.Add(0, "a", format.SourceOf(tensor.New[complex128]())) }, "cannot hold complex128"},
		"a tensor without values":  {func(w *Writer) error { return w.Add(0, "a", format.SourceOf(new(tensor.Tensor[int8]))) }, "not built"},
		"part of a tensor": {func(w *Writer) error {
			return w.AddSlice(0, "a", tensor.Shape{2}, tensor.Slice{{Start: 0, Length: 1}}, source(1))
		}, "add the whole tensor"},
		"one key twice": {func(w *Writer) error {
			require.NoError(t, w.Add(0, "a", source(1)))
			return w.Add(0, "a", source(1))
		}, "already added"},
	} {
		t.Run(name, func(t *testing.T) {
			disk := errfs.New()
			w := Create(disk, "f", Options{})
			err := tt.add(w)
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, err, w.Commit(t.Context()))
			require.Empty(t, disk.Files())
		})
	}
	t.Run("metadata that is not UTF-8", func(t *testing.T) {
		require.ErrorContains(t, Create(errfs.New(), "f", Options{Metadata: map[string]string{"k": "\xff"}}).Commit(t.Context()), "not UTF-8")
	})
	t.Run("a tensor that differs from the announced one", func(t *testing.T) {
		disk := errfs.New()
		w := Create(disk, "f", Options{})
		src := source(1)
		src.Shape = tensor.Shape{2}
		require.NoError(t, w.Add(0, "a", src))
		require.ErrorContains(t, w.Commit(t.Context()), "the source announced float32[2], but returned float32[1]")
		require.Empty(t, disk.Files())
	})
	t.Run("a second commit", func(t *testing.T) {
		w := Create(errfs.New(), "f", Options{})
		require.NoError(t, w.AddSlice(0, "a", tensor.Shape{1}, tensor.Slice{tensor.Full}, source(1)))
		require.NoError(t, w.Commit(t.Context()))
		require.ErrorContains(t, w.Commit(t.Context()), "create another Writer")
		require.ErrorContains(t, w.Add(0, "b", source(1)), "create another Writer")
	})
}

// Whatever operation fails, no new files are left and the old ones stay.
func TestWriterFaults(t *testing.T) {
	commit := func(ctx context.Context, disk *errfs.FS, limit int64) error {
		w := Create(disk, "f.safetensors", Options{MaxShardSize: limit})
		for i := range 4 {
			require.NoError(t, w.Add(0, strconv.Itoa(i), source(make([]float32, 40<<10)...)))
		}
		return w.Commit(ctx)
	}
	for _, limit := range []int64{0, 200 << 10} {
		disk := errfs.New()
		require.NoError(t, commit(t.Context(), disk, limit))
		before := disk.Files()
		for _, kind := range []errfs.Kind{errfs.Create, errfs.Allocate, errfs.Write, errfs.Sync, errfs.Rename, errfs.SyncDir} {
			disk.Inject(errfs.Only(errfs.From(1, errfs.NoSpace), kind))
			require.ErrorIs(t, commit(t.Context(), disk, limit), syscall.ENOSPC, kind)
			disk.Inject(nil)
			require.Equal(t, before, disk.Files(), kind)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, commit(ctx, disk, limit), context.Canceled)
		require.Equal(t, before, disk.Files())
	}
	t.Run("values that cannot be loaded", func(t *testing.T) {
		disk, broken := errfs.New(), errors.New("broken")
		w := Create(disk, "f", Options{})
		src := source(1)
		src.Load = func() (tensor.Any, error) { return nil, broken }
		require.NoError(t, w.Add(0, "a", src))
		err := w.Commit(t.Context())
		require.ErrorIs(t, err, broken)
		require.IsType(t, new(raw.Error), err)
		require.Empty(t, disk.Files())
	})
}

// A reader of a path finds the last save, whether it wrote one file or several.
func TestWriterReplaces(t *testing.T) {
	disk := errfs.New()
	for _, limit := range []int64{4, 0, 4} {
		w := Create(disk, "model.safetensors", Options{MaxShardSize: limit})
		require.NoError(t, w.Add(0, "a", source(float32(limit))))
		require.NoError(t, w.Add(0, "b", source(2)))
		require.NoError(t, w.Commit(t.Context()))
		for _, path := range []string{"model.safetensors", "."} {
			r, err := Open(disk, path)
			require.NoError(t, err)
			dst := tensor.New[float32](1)
			require.NoError(t, r.Read(t.Context(), "a", dst))
			require.Equal(t, float32(limit), dst.At(0))
			require.NoError(t, r.Close())
		}
	}
	var index struct {
		Metadata struct {
			TotalSize int64 `json:"total_size"`
		}
		WeightMap map[string]string `json:"weight_map"`
	}
	require.NoError(t, json.Unmarshal(disk.Files()[indexName], &index))
	require.EqualValues(t, 8, index.Metadata.TotalSize)
	require.Equal(t, map[string]string{"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}, index.WeightMap)
}

func TestProgress(t *testing.T) {
	var last, total int64
	w := Create(errfs.New(), "f", Options{MaxShardSize: 5 << 20, Progress: func(done, all int64) {
		require.Greater(t, done, last)
		last, total = done, all
	}})
	for i := range 3 {
		require.NoError(t, w.Add(0, strconv.Itoa(i), source(make([]float32, 1<<20)...)))
	}
	require.NoError(t, w.Commit(t.Context()))
	require.EqualValues(t, 12<<20, last)
	require.EqualValues(t, 12<<20, total)
}
