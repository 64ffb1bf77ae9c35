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
		{"the topmost step comes first", []string{"kernel", "dense", "model"}, []string{"model", "dense", "kernel"}},
		{"all of 64 steps", slices.Repeat([]string{"s"}, 64), slices.Repeat([]string{"s"}, 64)},
		{"the last eight of more steps", slices.Repeat([]string{"s"}, 65), append([]string{"…"}, slices.Repeat([]string{"s"}, 8)...)},
		{"all of 1 KiB", []string{long}, []string{long}},
		{"the last steps that fit, if all are longer", []string{"v", long}, []string{"…", "v"}},
		{"the beginning of a longer step", []string{long + "y"}, []string{"…", long}},
		{"a truncated step is still UTF-8", []string{"y" + strings.Repeat("é", 1<<10)}, []string{"…", "y" + strings.Repeat("é", 511)}},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, objectgraph.LastSteps(slices.Values(tt.up))) })
	}
}
