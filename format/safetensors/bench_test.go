package safetensors

import (
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/tensor"
)

// The model has 64 tensors of 1 MiB.
const benchTensors, benchSize = 64, 1 << 20

func benchWrite(b *testing.B, path string) {
	w := CreateFile(path, Options{})
	t := tensor.New[float32](benchSize / 4)
	for i := range benchTensors {
		require.NoError(b, w.Add(0, strconv.Itoa(i), format.SourceOf(t)))
	}
	require.NoError(b, w.Commit(b.Context()))
}

func BenchmarkSave(b *testing.B) {
	path := filepath.Join(b.TempDir(), "f.safetensors")
	b.SetBytes(benchTensors * benchSize)
	b.ReportAllocs()
	for b.Loop() {
		benchWrite(b, path)
	}
}

// BenchmarkRestore opens a file and reads it into existing tensors.
func BenchmarkRestore(b *testing.B) {
	path := filepath.Join(b.TempDir(), "f.safetensors")
	benchWrite(b, path)
	t := tensor.New[float32](benchSize / 4)
	b.SetBytes(benchTensors * benchSize)
	b.ReportAllocs()
	for b.Loop() {
		r, err := OpenFile(path)
		require.NoError(b, err)
		for i := range benchTensors {
			require.NoError(b, r.Read(b.Context(), strconv.Itoa(i), t))
		}
		require.NoError(b, r.Close())
	}
}
