package slab_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/slab"
)

func TestClonesAreApart(t *testing.T) {
	var s slab.Slab[int]
	var want, got [][]int
	for n := range 200 {
		v := make([]int, n%70)
		for i := range v {
			v[i] = 1000*n + i
		}
		want, got = append(want, slices.Clone(v)), append(got, s.Clone(v))
		clear(v)
	}
	for i, c := range got {
		require.NotNil(t, c)
		_ = append(c, -1)
		require.Equal(t, len(want[i]), cap(c), "of %d", len(c))
	}
	for i := range got {
		require.Equal(t, want[i], got[i])
	}
}

func TestFewAllocations(t *testing.T) {
	shape := []int{3, 4}
	require.Less(t, testing.AllocsPerRun(10, func() {
		var s slab.Slab[int]
		for range 2560 {
			s.Clone(shape)
		}
	}), 30.)
}

func TestTextsAreApart(t *testing.T) {
	var s slab.Text
	var want, got []string
	for n := range 5000 {
		v := []byte(strings.Repeat(string(rune('a'+n%26)), n%700))
		want, got = append(want, string(v)), append(got, s.Clone(v))
		clear(v)
	}
	require.Equal(t, want, got)
}
