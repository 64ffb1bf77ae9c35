package bundle

import (
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCombineCRC(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		cut := rapid.IntRange(0, len(b)).Draw(t, "cut")
		sum := func(b []byte) uint32 { return crc32.Update(0, castagnoli, b) }
		require.Equal(t, sum(b), combineCRC(sum(b[:cut]), sum(b[cut:]), int64(len(b)-cut)))
	})
	t.Run("of many chunks", func(t *testing.T) {
		zeros := make([]byte, 3*chunkSize+17)
		crc := uint32(0)
		for off := 0; off < len(zeros); off += chunkSize {
			chunk := zeros[off:min(off+chunkSize, len(zeros))]
			crc = combineCRC(crc, crc32.Update(0, castagnoli, chunk), int64(len(chunk)))
		}
		require.Equal(t, crc32.Update(0, castagnoli, zeros), crc)
	})
}
