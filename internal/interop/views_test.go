//go:build interop

package interop

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
)

// TestViews compares TensorFlow's CheckpointView with this package's, for a checkpoint of each program. It
// matches both with the objects of another program.
func TestViews(t *testing.T) {
	type seen struct {
		Descendants []int
		Children    [][][2]any
		Matched     []int
		OnlyStored  []int `json:"only_stored"`
		OnlyProgram int   `json:"only_program"`
	}
	dir := t.TempDir()
	keywords := slices.DeleteFunc(slices.Clone(programs), func(p program) bool {
		root, more := p.build(values{fill: false})
		_, group := root.(ckpt.Group)
		return !group || len(more) > 0 || p.name == "many"
	})
	require.NotEmpty(t, keywords)
	for i, p := range keywords {
		other := keywords[(i+1)%len(keywords)]
		path := filepath.Join(dir, p.name)
		ask[string](t, "write", arguments{"program": p.name, "prefix": path})
		for _, into := range []program{p, other} {
			t.Run(p.name+" seen from "+into.name, func(t *testing.T) {
				theirs := ask[seen](t, "view", arguments{"program": into.name, "prefix": path})
				r, err := ckpt.Open(path)
				require.NoError(t, err)
				defer r.Close()
				stored, err := r.View()
				require.NoError(t, err)
				root, _ := into.build(values{fill: false})
				objects, err := ckpt.ViewOf(root)
				require.NoError(t, err)
				diff := ckpt.Diff(stored, objects)

				require.Equal(t, theirs.Descendants, stored.Descendants())
				for j, id := range stored.Descendants() {
					var children [][2]any
					for _, e := range stored.Nodes[id].Children {
						children = append(children, [2]any{e.Name, float64(e.Node)})
					}
					require.ElementsMatch(t, theirs.Children[j], children)
				}
				require.Equal(t, theirs.Matched, slices.Sorted(maps.Keys(diff.Matches)))
				require.ElementsMatch(t, theirs.OnlyStored, diff.OnlyStored)
				require.Len(t, diff.OnlyProgram, theirs.OnlyProgram)
			})
		}
	}
}
