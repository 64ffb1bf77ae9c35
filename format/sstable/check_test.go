package sstable

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheck(t *testing.T) {
	const blocks = 40
	build := func(damaged ...int) *Reader {
		var f forgery
		for i := range blocks {
			key := fmt.Sprintf("%02d", i)
			h := f.data(key+"z", contents([]uint32{0}, forgedEntry{0, key, strings.Repeat("v", 1000)}, forgedEntry{0, key + "a", ""}), typeNone)
			for _, d := range damaged {
				if d == i {
					f.file[h.offset+10] ^= 1
				}
			}
		}
		return open(t, f.finish())
	}
	t.Run("all entries of all blocks are counted", func(t *testing.T) {
		n, err := build().Check()
		require.NoError(t, err)
		require.Equal(t, 2*blocks, n)
	})
	t.Run("a table without blocks", func(t *testing.T) {
		n, err := open(t, (&forgery{}).finish()).Check()
		require.NoError(t, err)
		require.Zero(t, n)
	})
	t.Run("of several faults, the one in the first block is reported, whichever is found first", func(t *testing.T) {
		for range 50 {
			_, err := build(3, 4, 5, 6, 39).Check()
			require.ErrorContains(t, err, "data block 3 at offset")
		}
	})
}
