package sstable

import (
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
)

// A sparse is a file with an apparent size of size. It has contents only at its end.
type sparse struct {
	size int64
	end  []byte
}

func (s sparse) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if start := s.size - int64(len(s.end)); off+int64(len(p)) > start {
		from := max(off, start)
		copy(p[from-off:], s.end[from-start:])
	}
	if off+int64(len(p)) > s.size {
		return int(max(s.size-off, 0)), io.EOF
	}
	return len(p), nil
}

// A reader does not allocate memory for a block's size in a footer or an index, because the file may have no
// contents there.
func TestBlocksOfASparseFile(t *testing.T) {
	for _, size := range []int64{maxUnverified + 1000, 200 << 20, 1 << 40, math.MaxInt64} {
		t.Run(fmt.Sprint("index block, ", size), func(t *testing.T) {
			var f forgery
			f.meta = handle{0, 0}
			end := f.end(handle{0, uint64(size - footerLen - trailerLen)})
			requireLittleMemory(t, func() {
				_, err := Open(sparse{size, end}, size)
				require.ErrorIs(t, err, format.ErrCorrupt)
			})
		})
	}
	t.Run("data block", func(t *testing.T) {
		const size = 1 << 40
		var f forgery
		f.index = []forgedEntry{{0, "k", string(appendHandle(nil, handle{0, size - 1000}))}}
		index := f.block(contents([]uint32{0}, f.index...), typeNone)
		shift := uint64(size) - uint64(len(f.file)) - footerLen
		end := f.end(handle{index.offset + shift, index.size})
		requireLittleMemory(t, func() {
			r, err := Open(sparse{size, end}, size)
			require.NoError(t, err)
			_, _, err = r.Get([]byte("k"))
			require.ErrorIs(t, err, format.ErrCorrupt)
		})
	})
}

// A block that is larger than a single read is read like other blocks.
func TestALargeBlock(t *testing.T) {
	value := string(make([]byte, maxUnverified))
	file := one("k", contents([]uint32{0}, forgedEntry{0, "k", value}), typeNone)
	got, ok, err := open(t, file).Get([]byte("k"))
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, value, string(got))
	file[len(value)/2] = 1
	_, _, err = open(t, file).Get([]byte("k"))
	var corrupt *CorruptError
	require.True(t, errors.As(err, &corrupt), err)
	require.Contains(t, err.Error(), "checksum")
}

func requireLittleMemory(t *testing.T, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20))
}
