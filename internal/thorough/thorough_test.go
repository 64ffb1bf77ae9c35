package thorough_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/thorough"
)

func TestNumbers(t *testing.T) {
	kinds := []string{
		"create ckpt-1.index.tmp00000000000000000000000000000000", "write ckpt-1.index.tmp00000000000000000000000000000000",
		"create ckpt-2.index.tmpabcdef00000000000000000000000000", "create checkpoint", "write checkpoint", "write checkpoint",
	}
	t.Run("every day, the first of each kind", func(t *testing.T) {
		t.Setenv("CKPT_THOROUGH", "")
		require.Equal(t, []int{1, 2, 4, 5}, slices.Collect(thorough.Numbers(kinds)))
		require.Equal(t, "some", thorough.Pick("all", "some"))
	})
	t.Run("in a thorough run, all, and more if there are more", func(t *testing.T) {
		t.Setenv("CKPT_THOROUGH", "1")
		var all []int
		for n := range thorough.Numbers(kinds) {
			if n > 8 {
				break
			}
			all = append(all, n)
		}
		require.Equal(t, []int{1, 2, 3, 4, 5, 6, 7, 8}, all)
		require.Equal(t, "all", thorough.Pick("all", "some"))
	})
}

func TestPickAndTries(t *testing.T) {
	for _, tt := range []struct {
		set         string
		pick, tries int
	}{
		{"", 3, 3},
		{"1", 100, 100},
		{"10", 100, 1000},
		{"0", 100, 100},
		{"yes", 100, 100},
	} {
		t.Setenv("CKPT_THOROUGH", tt.set)
		require.Equal(t, tt.pick, thorough.Pick(100, 3), "%q", tt.set)
		require.Equal(t, tt.tries, thorough.Tries(100, 3), "%q", tt.set)
	}
}
