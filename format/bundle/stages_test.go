package bundle

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// `.ci/run benchmarks` compares these stages with the previous commit: see the root's stages_test.go.

// stage measures f. The first call fills caches and pools, and does not count.
func stage(b *testing.B, f func() error) {
	b.Helper()
	require.NoError(b, f())
	b.ReportAllocs()
	for b.Loop() {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
}

// stageReader opens a bundle of two thousand scalars.
func stageReader(b *testing.B) *Reader {
	b.Helper()
	return opened(b, wide(b, 2_000))
}

func opened(b *testing.B, prefix string) *Reader {
	b.Helper()
	r, err := Open(fsx.OS{}, prefix)
	require.NoError(b, err)
	b.Cleanup(func() { r.Close() })
	return r
}

func BenchmarkStageEncodeEntry(b *testing.B) {
	rec := record{dtype: tensor.DTFloat32, shape: tensor.Shape{3, 4, 5}, shard: 1, offset: 1 << 30, size: 240, crc: 1}
	buf := make([]byte, 0, 128)
	stage(b, func() error {
		buf = rec.append(buf[:0])
		return nil
	})
}

func BenchmarkStageDecodeEntry(b *testing.B) {
	stored := (&record{dtype: tensor.DTFloat32, shape: tensor.Shape{3, 4, 5}, shard: 1, offset: 1 << 30, size: 240, crc: 1}).append(nil)
	stage(b, func() error { return new(record).decode(stored) })
}

func BenchmarkStageWrite(b *testing.B) {
	write := func(b *testing.B, key func(int) string, n int, value format.Source) {
		prefix := b.TempDir() + "/written"
		stage(b, func() error {
			w := Create(fsx.OS{}, prefix, Options{})
			for i := range n {
				if err := w.Add(0, key(i), value); err != nil {
					return err
				}
			}
			return w.Commit(b.Context())
		})
	}
	b.Run("wide", func(b *testing.B) { write(b, benchKey, 2_000, format.SourceOf(scalar[float32](1))) })
	b.Run("large", func(b *testing.B) { write(b, benchKey, 1, format.SourceOf(tensor.New[float32](2<<20))) })
}

func BenchmarkStageOpen(b *testing.B) {
	prefix := wide(b, 2_000)
	stage(b, func() error {
		r, err := Open(fsx.OS{}, prefix)
		if err != nil {
			return err
		}
		return r.Close()
	})
}

func BenchmarkStageLookup(b *testing.B) {
	r := stageReader(b)
	stage(b, func() error { _, _, err := r.Lookup(benchKey(1_234)); return err })
}

func BenchmarkStageList(b *testing.B) {
	r := stageReader(b)
	stage(b, func() error {
		for _, err := range r.All() {
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func BenchmarkStageRead(b *testing.B) {
	b.Run("small", func(b *testing.B) {
		r, dst := stageReader(b), tensor.New[float32]()
		stage(b, func() error { return r.Read(b.Context(), benchKey(1_234), dst) })
	})
	r := opened(b, stageLarge(b))
	dst := tensor.New[float32](1024, 2048)
	for _, key := range []string{"whole", "parts"} {
		b.Run(key, func(b *testing.B) {
			stage(b, func() error { return r.Read(b.Context(), key, dst) })
		})
	}
	b.Run("strings", func(b *testing.B) {
		dst := tensor.New[string](1_000)
		stage(b, func() error { return r.Read(b.Context(), "strings", dst) })
	})
}

// Verifying a stored tensor only adds a checksum to reading it. It needs no memory except its buffers.
func BenchmarkStageChecksum(b *testing.B) {
	r := opened(b, stageLarge(b))
	b.Run("stored", func(b *testing.B) {
		stage(b, func() error { return r.WriteStored(b.Context(), "whole", io.Discard) })
	})
	b.Run("combine", func(b *testing.B) {
		sums := make([]uint32, 1_000)
		stage(b, func() error {
			combineChunks(sums, int64(len(sums))*chunkSize)
			return nil
		})
	})
}

// stageLarge writes a tensor of 8 MiB whole and in row parts, and some strings.
func stageLarge(b *testing.B) string {
	b.Helper()
	prefix := b.TempDir() + "/large"
	w := Create(fsx.OS{}, prefix, Options{})
	require.NoError(b, w.Add(0, "whole", format.SourceOf(tensor.New[float32](1024, 2048))))
	for i := range 4 {
		part := tensor.Slice{ext(i*256, 256), tensor.Full}
		require.NoError(b, w.AddSlice(0, "parts", tensor.Shape{1024, 2048}, part, format.SourceOf(tensor.New[float32](256, 2048))))
	}
	words := make([]string, 1_000)
	for i := range words {
		words[i] = benchKey(i)
	}
	require.NoError(b, w.Add(0, "strings", format.SourceOf(of(words, len(words)))))
	require.NoError(b, w.Commit(b.Context()))
	return prefix
}
