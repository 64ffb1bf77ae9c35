package safetensors

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/formattest"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

// Files that the reference implementation wrote are read. Writing them again gives the same bytes.
func TestGolden(t *testing.T) {
	for name, want := range formattest.ReadSums(t, "testdata/sums.json") {
		t.Run(name, func(t *testing.T) {
			r, err := OpenFile(filepath.Join("testdata", name))
			require.NoError(t, err)
			defer r.Close()
			got := formattest.SumsOf(t, r)
			require.Equal(t, len(want), len(got))
			for key, sum := range want {
				require.Equal(t, sum, got[key], key)
			}
			if name == "sharded" {
				return
			}
			tensors := formattest.ReadAll(t, r)
			disk := errfs.New()
			w := Create(disk, "f", Options{Metadata: r.Metadata()})
			for key, v := range tensors { // in any order
				require.NoError(t, w.Add(0, key, format.SourceOf(v)))
			}
			require.NoError(t, w.Commit(t.Context()))
			bytes, err := os.ReadFile(filepath.Join("testdata", name))
			require.NoError(t, err)
			require.Equal(t, string(bytes), string(disk.Files()["f"]))
		})
	}
}

func TestGoldenSharded(t *testing.T) {
	r, err := OpenFile("testdata/sharded/model.safetensors") // it does not exist, but its index does
	require.NoError(t, err)
	defer r.Close()
	require.Len(t, r.Files(), 4)
	tensors := formattest.ReadAll(t, r)
	disk := errfs.New()
	w := Create(disk, "d/model.safetensors", Options{Metadata: r.Metadata(), MaxShardSize: 150})
	for _, key := range []string{"layers.0.w", "layers.1.w", "layers.2.w", "layers.3.w", "layers.4.w", "large", "é"} {
		require.NoError(t, w.Add(0, key, format.SourceOf(tensors[key])))
	}
	require.NoError(t, w.Commit(t.Context()))
	files, err := filepath.Glob("testdata/sharded/*")
	require.NoError(t, err)
	for _, name := range files {
		want, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, string(want), string(disk.Files()["d/"+filepath.Base(name)]), name)
	}
	require.Len(t, disk.Files(), len(files))
}

func TestRefused(t *testing.T) {
	r, err := OpenFile("testdata/refused.safetensors")
	require.NoError(t, err)
	defer r.Close()
	require.Equal(t, []string{"e8", "f4", "f6", "f6b", "w"}, slices.Collect(r.Keys()))
	for key, stored := range map[string]string{"f4": "F4", "f6": "F6_E2M3", "f6b": "F6_E3M2", "e8": "F8_E8M0"} {
		tt, ok := r.Tensor(key)
		require.True(t, ok)
		require.Equal(t, stored, tt.Stored)
		err := r.WriteStored(t.Context(), key, io.Discard)
		require.ErrorIs(t, err, errors.ErrUnsupported)
		require.ErrorContains(t, err, stored)
		require.ErrorContains(t, err, key)
	}
	require.NoError(t, r.Read(t.Context(), "w", tensor.New[float32](2)))
}

func TestRealFiles(t *testing.T) {
	formattest.Real(t, "safetensors", func(t *testing.T, path string, want []formattest.Expected) {
		r, err := OpenFile(path)
		require.NoError(t, err)
		defer r.Close()
		formattest.Compare(t, r, want)
	})
}
