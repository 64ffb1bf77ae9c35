package objectgraph_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format/objectgraph"
)

func TestLastSteps(t *testing.T) {
	long := strings.Repeat("x", 1<<10)
	for _, tt := range []struct {
		name     string
		up, want []string
	}{
		{"no steps", nil, []string{}},
		{"the topmost comes first", []string{"kernel", "dense", "model"}, []string{"model", "dense", "kernel"}},
		{"64 are all there", slices.Repeat([]string{"s"}, 64), slices.Repeat([]string{"s"}, 64)},
		{"of more, eight", slices.Repeat([]string{"s"}, 65), append([]string{"…"}, slices.Repeat([]string{"s"}, 8)...)},
		{"1 KiB is all there", []string{long}, []string{long}},
		{"of longer ones, those that fit", []string{"v", long}, []string{"…", "v"}},
		{"of one that is longer, its beginning", []string{long + "y"}, []string{"…", long}},
		{"which stays text", []string{"y" + strings.Repeat("é", 1<<10)}, []string{"…", "y" + strings.Repeat("é", 511)}},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, objectgraph.LastSteps(slices.Values(tt.up))) })
	}
}
