package crc_test

import (
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt/internal/crc"
)

func TestCombine(t *testing.T) {
	for name, poly := range map[string]uint32{"IEEE": crc32.IEEE, "Castagnoli": crc32.Castagnoli} {
		table := crc32.MakeTable(poly)
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				b := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
				cut := rapid.IntRange(0, len(b)).Draw(t, "cut")
				first, second := crc32.Checksum(b[:cut], table), crc32.Checksum(b[cut:], table)
				require.Equal(t, crc32.Checksum(b, table), crc.Combine(poly, first, second, int64(len(b)-cut)))
			})
		})
	}
	t.Run("of many chunks", func(t *testing.T) {
		const chunk = 1 << 10
		b := make([]byte, 3*chunk+17)
		var sums []uint32
		for off := 0; off < len(b); off += chunk {
			sums = append(sums, crc32.ChecksumIEEE(b[off:min(off+chunk, len(b))]))
		}
		require.Equal(t, crc32.ChecksumIEEE(b), crc.Chunks(crc32.IEEE, sums, chunk, int64(len(b))))
		require.Zero(t, crc.Chunks(crc32.IEEE, nil, chunk, 0))
	})
}
