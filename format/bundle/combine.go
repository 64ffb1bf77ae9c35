package bundle

import (
	"hash/crc32"

	"github.com/gockpt/ckpt/internal/crc"
)

// combineChunks returns the CRC of size bytes from the CRCs of their chunks. Chunks have chunkSize bytes; the last may be
// shorter.
func combineChunks(sums []uint32, size int64) uint32 {
	return crc.Chunks(crc32.Castagnoli, sums, chunkSize, size)
}
