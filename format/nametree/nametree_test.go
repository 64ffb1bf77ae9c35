package nametree_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/nametree"
	"github.com/gockpt/ckpt/format/objectgraph"
)

// variables returns, for each variable of g, the edges that lead to it and its key.
func variables(t *testing.T, g *objectgraph.Graph) []string {
	require.NoError(t, g.Check())
	paths := g.Paths()
	var all []string
	for _, id := range paths.Order() {
		edges, ok := paths.Edges(id)
		require.True(t, ok)
		for _, a := range g.Nodes[id].Attributes {
			require.Equal(t, objectgraph.VariableValue, a.Name)
			require.Equal(t, a.Key, a.FullName)
			all = append(all, fmt.Sprintf("%q %s", edges, a.Key))
		}
	}
	return all
}

func TestGraph(t *testing.T) {
	tests := []struct {
		name string
		keys []string
		want []string
	}{
		{"none", nil, nil},
		{"dots", []string{"layers.0.attn.q_proj.weight"}, []string{`["layers" "0" "attn" "q_proj" "weight"] layers.0.attn.q_proj.weight`}},
		{"slashes and dots", []string{"a/b.c"}, []string{`["a" "b" "c"] a/b.c`}},
		{"a tensor and a parent", []string{"w.absmax", "w"}, []string{`["w"] w`, `["w" "absmax"] w.absmax`}},
		{"empty parts", []string{"/a//b."}, []string{`["a" "b"] /a//b.`}},
		{"one node for two keys", []string{"a.b", "a/b", "/a/b"}, []string{`["a/b"] a/b`, `["/a/b"] /a/b`, `["a" "b"] a.b`}},
		{"a name without separators keeps its node", []string{".x", "x"}, []string{`["x"] x`, `[".x"] .x`}},
		{"only separators", []string{"./.", ""}, []string{`["./."] ./.`, `[""] `}},
		{"TensorFlow's keys", []string{"m/w/.ATTRIBUTES/VARIABLE_VALUE"}, []string{`["m" "w"] m/w/.ATTRIBUTES/VARIABLE_VALUE`}},
		{"numbers in order", []string{"v.0", "v.10", "v.2", "v.010"}, []string{`["v" "0"] v.0`, `["v" "2"] v.2`, `["v" "10"] v.10`, `["v" "010"] v.010`}},
		{"numbers among names keep their order", []string{"v.10", "v.2", "v.a"}, []string{`["v" "10"] v.10`, `["v" "2"] v.2`, `["v" "a"] v.a`}},
		{"other letters", []string{"é.世/x"}, []string{`["é" "世" "x"] é.世/x`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, err := nametree.Graph(slices.Values(tt.keys))
			require.NoError(t, err)
			require.Equal(t, tt.want, variables(t, g))
		})
	}
}

func TestGraphIsBounded(t *testing.T) {
	t.Run("depth", func(t *testing.T) {
		g, err := nametree.Graph(slices.Values([]string{strings.Repeat("a.", 1000) + "b"}))
		require.NoError(t, err)
		require.Len(t, g.Nodes, 65)
		require.Equal(t, strings.Repeat("a.", 1000-63)+"b", g.Nodes[63].Children[0].Name)
	})
	t.Run("nodes", func(t *testing.T) {
		_, err := nametree.Graph(func(yield func(string) bool) {
			for i := range 1000 {
				if !yield(fmt.Sprint(i) + strings.Repeat(".a", 60)) {
					return
				}
			}
		})
		require.ErrorIs(t, err, format.ErrCorrupt)
	})
	t.Run("a key that is not UTF-8", func(t *testing.T) {
		_, err := nametree.Graph(slices.Values([]string{"a.\xff"}))
		require.ErrorIs(t, err, format.ErrCorrupt)
	})
	t.Run("a key that occurs twice", func(t *testing.T) {
		for _, key := range []string{"a.b", "x", ".", ""} {
			_, err := nametree.Graph(slices.Values([]string{key, key, key}))
			require.ErrorIs(t, err, format.ErrCorrupt)
			require.ErrorContains(t, err, strconv.Quote(key))
		}
	})
}

// For any list of keys, every key becomes the variable of exactly one node.
func FuzzGraph(f *testing.F) {
	f.Add("a.b\na/b\n.\n\nw\nw.absmax")
	f.Add(".x\nx\n/x\nx/")
	f.Add("layers.0.w\nlayers.10.w\nlayers.2.w")
	f.Fuzz(func(t *testing.T, lines string) {
		keys := slices.Compact(slices.Sorted(strings.SplitSeq(strings.ToValidUTF8(lines, "?"), "\n")))
		g, err := nametree.Graph(slices.Values(keys))
		if err != nil {
			require.ErrorIs(t, err, format.ErrCorrupt)
			return
		}
		require.Len(t, variables(t, g), len(keys))
	})
}
