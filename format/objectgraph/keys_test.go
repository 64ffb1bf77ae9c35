package objectgraph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt/format/objectgraph"
)

func TestEscape(t *testing.T) {
	for _, tt := range []struct{ id, name, want string }{
		{"G-01 a slash", "a/b/c", "a.Sb.Sc"},
		{"G-01 a dot", "a.b", "a..b"},
		{"G-01 dots are doubled before slashes are replaced", "d/.S", "d.S..S"},
		{"G-01 a slash at the end", "c/", "c.S"},
		{"G-04 a name that looks reserved", ".ATTRIBUTES", "..ATTRIBUTES"},
		{"G-04 another", ".OPTIMIZER_SLOT", "..OPTIMIZER_SLOT"},
		{"G-05 no name", "", ""},
		{"other characters stay unchanged", "naïve ☃ \x00\n", "naïve ☃ \x00\n"},
	} {
		t.Run(tt.id, func(t *testing.T) {
			require.Equal(t, tt.want, objectgraph.Escape(tt.name))
			back, err := objectgraph.Unescape(tt.want)
			require.NoError(t, err)
			require.Equal(t, tt.name, back)
		})
	}
}

func TestUnescapeRefuses(t *testing.T) {
	for _, segment := range []string{".", "a.", "a.b", ".ATTRIBUTES", "...", "a/b", "..Sx/"} {
		_, err := objectgraph.Unescape(segment)
		require.Error(t, err, segment)
		require.ErrorContains(t, err, fmt.Sprintf("%q", segment))
	}
}

func TestKeys(t *testing.T) {
	for _, tt := range []struct{ id, got, want string }{
		{"G-02 segments are joined by one slash", objectgraph.ObjectPath("a", "b/c", "0"), "a/b.Sc/0"},
		{"G-02 the root has no segment", objectgraph.ObjectPath(), ""},
		{"G-03 a variable", objectgraph.Key([]string{"m", "kernel"}, objectgraph.VariableValue), "m/kernel/.ATTRIBUTES/VARIABLE_VALUE"},
		{"G-04 an edge called .ATTRIBUTES", objectgraph.Key([]string{".ATTRIBUTES"}, objectgraph.VariableValue), "..ATTRIBUTES/.ATTRIBUTES/VARIABLE_VALUE"},
		{"G-05 an edge without a name", objectgraph.Key([]string{"d", ""}, objectgraph.VariableValue), "d//.ATTRIBUTES/VARIABLE_VALUE"},
		{"G-06 a variable that is the root", objectgraph.Key(nil, objectgraph.VariableValue), "/.ATTRIBUTES/VARIABLE_VALUE"},
		{"G-07 the name of one of several tensors is escaped twice", objectgraph.Key([]string{"o"}, objectgraph.Escape("a/b.c")), "o/.ATTRIBUTES/a..Sb....c"},
		{"G-09 a tensor without a name", objectgraph.Key([]string{"o"}, ""), "o/.ATTRIBUTES/"},
		{"a slot", objectgraph.SlotPath("model/w", "opt", "a.b"), "model/w/.OPTIMIZER_SLOT/opt/a..b"},
	} {
		t.Run(tt.id, func(t *testing.T) { require.Equal(t, tt.want, tt.got) })
	}
}

func TestSaveablePrefix(t *testing.T) {
	for _, tt := range []struct {
		id, key, want string
		ok            bool
	}{
		{"G-40 a variable", "a/b/.ATTRIBUTES/VARIABLE_VALUE", "a/b/.ATTRIBUTES/", true},
		{"G-40 the first counts", "a/.ATTRIBUTES/b/.ATTRIBUTES/c", "a/.ATTRIBUTES/", true},
		{"G-40 an edge called .ATTRIBUTES is not a mark", "a/..ATTRIBUTES/.ATTRIBUTES/c", "a/..ATTRIBUTES/.ATTRIBUTES/", true},
		{"G-40 a variable that is the root", "/.ATTRIBUTES/x", "/.ATTRIBUTES/", true},
		{"G-40 a name-based key", "dense/kernel", "", false},
		{"G-40 an empty path before the mark", ".ATTRIBUTES/x", "", false},
	} {
		t.Run(tt.id, func(t *testing.T) {
			prefix, ok := objectgraph.SaveablePrefix(tt.key)
			require.Equal(t, tt.want, prefix)
			require.Equal(t, tt.ok, ok)
		})
	}
}

// Different paths have different keys, whatever the names of their edges are. So a key can be split into its
// path again.
func TestKeysAreUnambiguous(t *testing.T) {
	name := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.SampledFrom([]rune("./SA")), 0, 6, -1),
		rapid.SampledFrom([]string{".ATTRIBUTES", ".OPTIMIZER_SLOT", "/.ATTRIBUTES/", "VARIABLE_VALUE"}))
	rapid.Check(t, func(t *rapid.T) {
		path := rapid.SliceOfN(name, 1, 5).Draw(t, "path")
		attribute := name.Draw(t, "attribute")
		key := objectgraph.Key(path, attribute)

		prefix, ok := objectgraph.SaveablePrefix(key)
		require.True(t, ok)
		got, err := objectgraph.Unescape(strings.TrimPrefix(key, prefix))
		require.NoError(t, err)
		require.Equal(t, attribute, got)
		var edges []string
		for segment := range strings.SplitSeq(strings.TrimSuffix(prefix, "/.ATTRIBUTES/"), "/") {
			edge, err := objectgraph.Unescape(segment)
			require.NoError(t, err)
			edges = append(edges, edge)
		}
		require.Equal(t, path, edges)
	})
}
