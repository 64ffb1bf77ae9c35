package bundle

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

func benchKey(i int) string {
	return fmt.Sprintf("model/layer_%07d/kernel/.ATTRIBUTES/VARIABLE_VALUE", i)
}

// wide writes a checkpoint of n scalars.
func wide(b *testing.B, n int) string {
	b.Helper()
	prefix, value := b.TempDir()+"/wide", format.SourceOf(scalar[float32](1))
	w := Create(fsx.OS{}, prefix, Options{})
	for i := range n {
		require.NoError(b, w.Add(0, benchKey(i), value))
	}
	require.NoError(b, w.Commit(context.Background()))
	return prefix
}

func BenchmarkWriteLarge(b *testing.B) {
	value := tensor.New[float32](64 << 20 / 4)
	prefix := b.TempDir() + "/large"
	b.SetBytes(64 << 20)
	b.ReportAllocs()
	for b.Loop() {
		w := Create(fsx.OS{}, prefix, Options{})
		require.NoError(b, w.Add(0, "w", format.SourceOf(value)))
		require.NoError(b, w.Commit(b.Context()))
	}
}

func BenchmarkWriteWide(b *testing.B) {
	for b.Loop() {
		wide(b, 100_000)
	}
}

func BenchmarkOpenMillion(b *testing.B) {
	prefix := wide(b, 1_000_000)
	b.ReportAllocs()
	for b.Loop() {
		r, err := Open(fsx.OS{}, prefix)
		require.NoError(b, err)
		require.NoError(b, r.Close())
	}
}

func BenchmarkLookup(b *testing.B) {
	r, err := Open(fsx.OS{}, wide(b, 1_000_000))
	require.NoError(b, err)
	defer r.Close()
	i := 0
	for b.Loop() {
		_, ok, err := r.Lookup(benchKey(i))
		if !ok || err != nil {
			b.Fatal(ok, err)
		}
		i = (i + 7919) % 1_000_000
	}
}

func BenchmarkReadSmall(b *testing.B) {
	r, err := Open(fsx.OS{}, wide(b, 100_000))
	require.NoError(b, err)
	defer r.Close()
	dst, i := tensor.New[float32](), 0
	for b.Loop() {
		if err := r.Read(b.Context(), benchKey(i), dst); err != nil {
			b.Fatal(err)
		}
		i = (i + 7919) % 100_000
	}
}

// large writes a tensor of 64 MiB whole and in column parts.
func large(b *testing.B) *Reader {
	b.Helper()
	prefix := b.TempDir() + "/large"
	w := Create(fsx.OS{}, prefix, Options{})
	require.NoError(b, w.Add(0, "whole", format.SourceOf(tensor.New[float32](4096, 4096))))
	for i := range 4 {
		part := tensor.Slice{tensor.Full, ext(i*1024, 1024)}
		require.NoError(b, w.AddSlice(0, "parts", tensor.Shape{4096, 4096}, part, format.SourceOf(tensor.New[float32](4096, 1024))))
	}
	require.NoError(b, w.Commit(b.Context()))
	r, err := Open(fsx.OS{}, prefix)
	require.NoError(b, err)
	b.Cleanup(func() { r.Close() })
	return r
}

func BenchmarkReadLarge(b *testing.B) {
	r, dst := large(b), tensor.New[float32](4096, 4096)
	for _, key := range []string{"whole", "parts"} {
		b.Run(key, func(b *testing.B) {
			b.SetBytes(64 << 20)
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, r.Read(b.Context(), key, dst))
			}
		})
	}
	b.Run("column", func(b *testing.B) {
		column := tensor.New[float32](4096, 1)
		for b.Loop() {
			require.NoError(b, r.ReadSlice(b.Context(), "whole", tensor.Slice{tensor.Full, ext(17, 1)}, column))
		}
	})
}

func BenchmarkReadStrings(b *testing.B) {
	values := make([]string, 1_000_000)
	for i := range values {
		values[i] = "word"
	}
	prefix := b.TempDir() + "/strings"
	w := Create(fsx.OS{}, prefix, Options{})
	require.NoError(b, w.Add(0, "s", format.SourceOf(of(values, len(values)))))
	require.NoError(b, w.Commit(b.Context()))
	r, err := Open(fsx.OS{}, prefix)
	require.NoError(b, err)
	defer r.Close()
	dst := tensor.New[string](len(values))
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, r.Read(b.Context(), "s", dst))
	}
}
