package bundle

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestKeySet checks that a set finds every key while it grows, and no other key.
func TestKeySet(t *testing.T) {
	for _, room := range []int{0, 3, 2000} {
		var s keySet
		var items []item
		require.False(t, s.has(items, "0"))
		if room > 0 {
			s.grow(items, room)
		}
		for i := range 1000 {
			require.False(t, s.has(items, strconv.Itoa(i)))
			items = append(items, item{key: strconv.Itoa(i)})
			s.add(items)
			require.True(t, s.has(items, strconv.Itoa(i/2)))
			require.True(t, s.has(items, strconv.Itoa(i)))
		}
	}
}
