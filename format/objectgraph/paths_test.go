package objectgraph_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt/format/objectgraph"
)

// edges makes a graph with n nodes from lines of the form "parent name child".
func edges(n int, list ...objectgraph.Child) *objectgraph.Graph {
	g := &objectgraph.Graph{Nodes: make([]objectgraph.Node, n)}
	for i, c := range list {
		g.Nodes[i/2].Children = append(g.Nodes[i/2].Children, c)
	}
	return g
}

func TestPaths(t *testing.T) {
	t.Run("G-14 the first of the shortest paths", func(t *testing.T) {
		g := edges(4,
			objectgraph.Child{Name: "b", ID: 2}, objectgraph.Child{Name: "a", ID: 1}, // of node 0
			objectgraph.Child{Name: "x", ID: 3}, objectgraph.Child{Name: "up", ID: 0}, // of node 1
			objectgraph.Child{Name: "y", ID: 3}, objectgraph.Child{Name: "me", ID: 2}) // of node 2
		paths := g.Paths()
		require.Equal(t, []int{0, 2, 1, 3}, paths.Order())
		require.Equal(t, "(root).b.y", paths.Name(3))
		names, ok := paths.Edges(3)
		require.True(t, ok)
		require.Equal(t, []string{"b", "y"}, names)
		names, ok = paths.Edges(0)
		require.True(t, ok)
		require.Empty(t, names)
	})
	t.Run("A-17 names are joined by dots and not escaped", func(t *testing.T) {
		g := edges(2, objectgraph.Child{Name: "a.b/c", ID: 1})
		require.Equal(t, "(root).a.b/c", g.Paths().Name(1))
	})
	t.Run("A-15 slot variables are named after their optimizer and variable", func(t *testing.T) {
		g := edges(4, objectgraph.Child{Name: "optimizer", ID: 1}, objectgraph.Child{Name: "v1", ID: 2})
		g.Nodes[1].Slots = []objectgraph.Slot{{Original: 2, Name: "m", Variable: 3}}
		require.Equal(t, "(root).optimizer's state 'm' for (root).v1", g.Paths().Name(3))
		_, ok := g.Paths().Edges(3)
		require.False(t, ok)
	})
	t.Run("an unreachable node is named by its number", func(t *testing.T) {
		g := edges(3, objectgraph.Child{Name: "a", ID: 1})
		paths := g.Paths()
		require.Equal(t, "(node 2)", paths.Name(2))
		for _, id := range []int{2, 3, -1} {
			_, ok := paths.Edges(id)
			require.False(t, ok, id)
		}
	})
	t.Run("the names of slots of slots have a limited length", func(t *testing.T) {
		g := &objectgraph.Graph{Nodes: make([]objectgraph.Node, 100)}
		for i := range 99 {
			g.Nodes[i].Slots = []objectgraph.Slot{{Original: i, Name: "s", Variable: i + 1}}
		}
		require.Equal(t, "(node 98)'s state 's' for (node 98)", g.Paths().Name(99))
	})
	t.Run("a long name is truncated to its end", func(t *testing.T) {
		g := &objectgraph.Graph{Nodes: make([]objectgraph.Node, 3)}
		g.Nodes[0].Children = []objectgraph.Child{{Name: strings.Repeat("x", 1<<20), ID: 1}}
		g.Nodes[1].Children = []objectgraph.Child{{Name: "y", ID: 2}}
		require.Equal(t, "(root).…."+strings.Repeat("x", 1<<10), g.Paths().Name(1))
		require.Equal(t, "(root).….y", g.Paths().Name(2))
	})
	t.Run("a chain of many nodes", func(t *testing.T) {
		const deep = 100_000
		g := &objectgraph.Graph{Nodes: make([]objectgraph.Node, deep)}
		for i := range deep - 1 {
			g.Nodes[i].Children = []objectgraph.Child{{Name: "n", ID: i + 1}}
		}
		g.Nodes[deep-1].Attributes = []objectgraph.Attribute{{Name: objectgraph.VariableValue}}
		require.Equal(t, "(root).…"+strings.Repeat(".n", 8), g.Paths().Name(deep-1), "the names of all nodes together would not fit into memory")
		require.Equal(t, "(root)"+strings.Repeat(".n", 64), g.Paths().Name(64))
		require.Equal(t, "(root).…"+strings.Repeat(".n", 8), g.Paths().Name(65))
		require.NotContains(t, g.Valued(), false)
	})
}

// A node has values if a value can be reached from it. This compares Valued with the rule on random small
// graphs.
func TestValued(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := graphs().Draw(t, "graph")
		got := g.Valued()
		for id := range g.Nodes {
			seen, todo := map[int]bool{id: true}, []int{id}
			for len(todo) > 0 {
				for _, c := range g.Nodes[todo[0]].Children {
					if !seen[c.ID] {
						seen[c.ID] = true
						todo = append(todo, c.ID)
					}
				}
				todo = todo[1:]
			}
			want := false
			for i, n := range g.Nodes {
				want = want || seen[i] && (len(n.Attributes) > 0 || len(n.Slots) > 0 || n.Saver != nil)
			}
			require.Equal(t, want, got[id], "node %d", id)
		}
	})
}
