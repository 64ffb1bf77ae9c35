package cli

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// TestVerifyOtherMakers counts NaNs and infinities in every format that can be written, and checks which
// checksums are reported as compared.
func TestVerifyOtherMakers(t *testing.T) {
	inf := float32(math.Inf(1))
	w, err := tensor.FromSlice([]float32{1, float32(math.NaN()), inf, -inf, 2}, 5)
	require.NoError(t, err)
	for name, sums := range map[string]string{"m.safetensors": "none", "m.npz": "archive", "m.weights.h5": "none"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			require.NoError(t, ckpt.SaveWeights(t.Context(), path, &struct{ W *tensor.Tensor[float32] }{w}))
			var got struct {
				Checksums     string
				NaN, Infinite int
				Tensors       int
				Ok            bool
				Problems      []any
			}
			require.NoError(t, json.Unmarshal([]byte(requireRun(t, "verify", "--json", path)), &got))
			require.Equal(t, sums, got.Checksums)
			require.Equal(t, []int{1, 2, 1}, []int{got.NaN, got.Infinite, got.Tensors})
			require.True(t, got.Ok)
			require.Contains(t, requireRun(t, "verify", path), "1 NaN, 2 infinite\n")
		})
	}
}

// TestVerifyArchive finds a changed byte in a .keras and in a .pt file. Loading these files does not detect
// it.
func TestVerifyArchive(t *testing.T) {
	for file, within := range map[string]string{"keras/testdata/keras2.keras": "model.weights.h5", "torch/testdata/zip.pt": "/data/"} {
		contents, err := os.ReadFile(filepath.Join(formats, file))
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), filepath.Base(file))
		require.NoError(t, os.WriteFile(path, contents, 0o600))
		require.Contains(t, requireRun(t, "verify", path), "all checksums of the archive right")

		r, err := ckpt.Open(path)
		require.NoError(t, err)
		first, err := r.Tensor(r.Variables()[0].Key)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		memory, _ := tensor.Bytes(first)
		at := bytes.Index(contents, memory)
		require.Positive(t, at)
		contents[at] ^= 1
		require.NoError(t, os.WriteFile(path, contents, 0o600))
		damaged := runCkpt(t, "verify", path)
		require.Equal(t, 1, damaged.status)
		require.Contains(t, damaged.stderr, within)
		require.Contains(t, damaged.stderr, "its checksum is")
	}
}

// TestVerifyNoWeights checks that the file of a model without weights, which has no tensors, is not reported
// as damaged.
func TestVerifyNoWeights(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	require.NoError(t, os.WriteFile(path, []byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"), 0o600))
	require.Contains(t, requireRun(t, "verify", path), "0 tensors")
	require.Equal(t, "[]\n", requireRun(t, "list", "--json", path))
}
