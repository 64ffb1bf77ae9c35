package formattest

import (
	"bytes"
	"encoding/binary"
	"iter"
	"math"
	"runtime"
	"runtime/metrics"
	"testing"

	"github.com/stretchr/testify/require"
)

// Mutants yields copies of data with one changed little-endian number, at each multiple of step. The new
// numbers are likely to do harm: small ones, the largest of their kind, the offset itself and the end of
// data, each written with 2, 4 and 8 bytes. It skips positions within long runs of zeros, which mostly are
// padding. It yields one mutant in every. A position has up to 39 = 3 * 13 mutants. So a sample has all
// numbers, each at other positions, if every is a multiple of neither 3 nor 13. The yielded memory is
// valid until the next mutant.
func Mutants(data []byte, step, every int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		mutant := bytes.Clone(data)
		n := 0
		for at := 0; at+8 <= len(data); at += step {
			if around := data[max(at-8, 0):min(at+16, len(data))]; bytes.Count(around, []byte{0}) == len(around) {
				continue
			}
			for _, v := range []uint64{0, 1, 31, 0x60, 0x88, math.MaxUint8, 256, math.MaxUint16, uint64(at), uint64(len(data)) - 8,
				math.MaxInt32, 1 << 31, math.MaxUint32, 1 << 40, math.MaxInt64, math.MaxUint64} {
				for width := 2; width <= 8; width *= 2 {
					if width < 8 && v>>(8*width) > 0 {
						continue
					}
					if n++; n%every != 0 {
						continue
					}
					binary.LittleEndian.PutUint64(mutant[at:], v)
					copy(mutant[at+width:], data[at+width:at+8])
					if !yield(mutant) {
						return
					}
					copy(mutant[at:], data[at:at+8])
				}
			}
		}
	}
}

// Allocated returns the approximate number of bytes that f allocates, including those that are freed
// meanwhile. Small objects count when their size class needs more memory, so the result can differ by some
// kilobytes for each size class and processor: by up to 2 MiB in all.
func Allocated(f func()) uint64 {
	before := allocated()
	f()
	return allocated() - before
}

// RequireAllocates fails the test if f allocates limit bytes or more. If the approximate measure says so, f runs again and is measured
// exactly, which takes longer because it stops all goroutines.
func RequireAllocates(t testing.TB, limit int, f func(), about ...any) {
	t.Helper()
	if Allocated(f) < uint64(limit) {
		return
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(limit), about...)
}

func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
