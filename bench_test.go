package ckpt_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// benchModel is a list of n tensors with size bytes in total.
func benchModel(n int, size int64) ckpt.Group {
	list := make([]*tensor.Tensor[float32], n)
	for i := range list {
		list[i] = tensor.New[float32](int(size) / 4 / n)
		for j := range list[i].Data() {
			list[i].Data()[j] = float32(i + j)
		}
	}
	return ckpt.Group{"list": list}
}

// reportPeak runs f and reports how much the heap grew, which is the memory that f needs in addition to the model: in MiB, and in
// bytes for each of n tensors. It counts the memory that garbage collections found live. A collection runs each time the heap has
// grown by a tenth. Memory that became garbage between collections does not count.
func reportPeak(b *testing.B, n int, f func()) {
	b.Helper()
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}, {Name: "/gc/heap/live:bytes"}}
	inUse := func() (all, live uint64) {
		metrics.Read(sample)
		return sample[0].Value.Uint64() + sample[1].Value.Uint64(), sample[2].Value.Uint64()
	}
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	var peak, peakLive uint64
	before, beforeLive := inUse()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(200 * time.Microsecond):
				all, live := inUse()
				peak, peakLive = max(peak, all), max(peakLive, live)
			}
		}
	})
	f()
	close(stop)
	wg.Wait()
	above, live := max(0, float64(peak)-float64(before)), max(0, float64(peakLive)-float64(beforeLive))
	b.ReportMetric(above/(1<<20), "MiB-above-model")
	b.ReportMetric(above/float64(n), "B-above-model/tensor")
	b.ReportMetric(live/float64(n), "live-B-above-model/tensor")
}

// workloads are the benchmarks' models: the number of tensors and their total size.
var workloads = []struct {
	tensors int
	bytes   int64
}{{1, 256 << 20}, {64, 256 << 20}, {10_000, 64 << 20}, {100_000, 400_000}}

func BenchmarkSave(b *testing.B) {
	for _, w := range workloads {
		b.Run(fmt.Sprintf("%dx%dKiB", w.tensors, w.bytes>>10/int64(w.tensors)), func(b *testing.B) {
			c, err := ckpt.New(benchModel(w.tensors, w.bytes))
			require.NoError(b, err)
			path := filepath.Join(b.TempDir(), "ckpt")
			b.SetBytes(w.bytes)
			reportPeak(b, w.tensors, func() {
				for b.Loop() {
					_, err := c.Write(ctx, path)
					require.NoError(b, err)
				}
			})
		})
	}
}

func BenchmarkRestore(b *testing.B) {
	for _, w := range workloads {
		b.Run(fmt.Sprintf("%dx%dKiB", w.tensors, w.bytes>>10/int64(w.tensors)), func(b *testing.B) {
			c, err := ckpt.New(benchModel(w.tensors, w.bytes))
			require.NoError(b, err)
			path, err := c.Write(ctx, filepath.Join(b.TempDir(), "ckpt"))
			require.NoError(b, err)
			b.SetBytes(w.bytes)
			reportPeak(b, w.tensors, func() {
				for b.Loop() {
					_, err := c.Read(ctx, path)
					require.NoError(b, err)
				}
			})
		})
	}
}

func BenchmarkOneTensorOfMany(b *testing.B) {
	path := filepath.Join(b.TempDir(), "ckpt")
	c, err := ckpt.New(benchModel(256, 256<<20))
	require.NoError(b, err)
	_, err = c.Write(ctx, path)
	require.NoError(b, err)
	dst := tensor.New[float32](1 << 18)
	b.SetBytes(1 << 20)
	for b.Loop() {
		r, err := ckpt.Open(path)
		require.NoError(b, err)
		require.NoError(b, r.ReadInto(ctx, "list/77/.ATTRIBUTES/VARIABLE_VALUE", dst))
		require.NoError(b, r.Close())
	}
}

func BenchmarkWalk(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			layers := make([]*ckpttest.Dense, n/3)
			for i := range layers {
				layers[i] = &ckpttest.Dense{Kernel: *ckpttest.Vector(1, 2), Bias: *ckpttest.Vector(1)}
			}
			c, err := ckpt.New(ckpt.Group{"layers": layers})
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				_, err := c.Walk()
				require.NoError(b, err)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/node")
		})
	}
}
