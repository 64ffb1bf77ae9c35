package bundle

import (
	"hash/crc32"

	"github.com/gockpt/ckpt/internal/crc"
)

// combineChunks returns the CRC of size bytes from those of their chunks of chunkSize, the last of which may be shorter.
func combineChunks(sums []uint32, size int64) uint32 {
	return crc.Chunks(crc32.Castagnoli, sums, chunkSize, size)
}
