package bundle

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNames(t *testing.T) {
	require.Equal(t, "dir/ckpt-1.index", IndexFile("dir/ckpt-1"))
	require.Equal(t, "dir/ckpt-1.data-00003-of-00012", DataFile("dir/ckpt-1", 3, 12))
	require.Equal(t, "c.data-123456-of-123457", DataFile("c", 123456, 123457))
	t.Run("W-28 an empty base name", func(t *testing.T) {
		require.Equal(t, "dir/.index", IndexFile("dir/"))
		require.Equal(t, "dir/.data-00000-of-00001", DataFile("dir/", 0, 1))
	})
}

func TestParseDataFile(t *testing.T) {
	for _, name := range []string{"dir/ckpt.data-00003-of-00012", "c.data-123456-of-123457", ".data-00000-of-00001", "a.data-00000-of-00002.data-00000-of-00001"} {
		prefix, shard, n, ok := ParseDataFile(name)
		require.True(t, ok, name)
		require.Equal(t, name, DataFile(prefix, shard, n))
	}
	for _, name := range []string{"", "ckpt.index", "ckpt.data-0-of-1", "ckpt.data-00001-of-00001", "ckpt.data-00000-of-00001.tmp0123",
		"ckpt.data-0x000-of-00001", "ckpt.data--0001-of-00001", "ckpt.data-+0000-of-00001", "ckpt.data-00000"} {
		_, _, _, ok := ParseDataFile(name)
		require.False(t, ok, name)
	}
}
