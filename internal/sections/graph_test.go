package sections

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format/objectgraph"
)

func TestMergeGraphs(t *testing.T) {
	saver := &objectgraph.RegisteredSaver{Name: "own.Saver", ObjectName: "pair"}
	variable := func(key string) objectgraph.Node {
		return objectgraph.Node{Attributes: []objectgraph.Attribute{{Name: objectgraph.VariableValue, Key: key}}}
	}
	first := &objectgraph.Graph{Nodes: []objectgraph.Node{
		{Children: []objectgraph.Child{{Name: "a", ID: 1}, {Name: "pair", ID: 2}}}, variable("a"), {Saver: saver},
	}}
	second := &objectgraph.Graph{Nodes: []objectgraph.Node{
		{Children: []objectgraph.Child{{Name: "b", ID: 1}, {Name: "a", ID: 2}, {Name: "opt", ID: 3}}}, variable("b"), variable("a"),
		{Slots: []objectgraph.Slot{{Original: 2, Name: "m", Variable: 4}}}, variable("a/m"),
	}}
	g, err := mergeGraphs([]*objectgraph.Graph{first, second})
	require.NoError(t, err)
	names := func(n objectgraph.Node) (out []string) {
		for _, c := range n.Children {
			out = append(out, c.Name)
		}
		return out
	}
	require.Equal(t, []string{"a", "pair", "b", "opt"}, names(g.Nodes[0]))
	require.Equal(t, saver, g.Nodes[g.Nodes[0].Children[1].ID].Saver, "an object of a custom saver")
	slots := g.Nodes[g.Nodes[0].Children[3].ID].Slots
	require.Len(t, slots, 1)
	require.Equal(t, g.Nodes[0].Children[0].ID, slots[0].Original)
	require.Equal(t, "a/m", g.Nodes[slots[0].Variable].Attributes[0].Key)

	t.Run("sections that contradict each other", func(t *testing.T) {
		other := func(n objectgraph.Node) *objectgraph.Graph {
			return &objectgraph.Graph{Nodes: []objectgraph.Node{{Children: []objectgraph.Child{{Name: "a", ID: 1}, {Name: "pair", ID: 2}}}, variable("a"), n}}
		}
		_, err := mergeGraphs([]*objectgraph.Graph{first, other(objectgraph.Node{Saver: &objectgraph.RegisteredSaver{Name: "another"}})})
		require.ErrorContains(t, err, "section 1: an object is saved by another")
		same := &objectgraph.Graph{Nodes: []objectgraph.Node{{Children: []objectgraph.Child{{Name: "a", ID: 1}, {Name: "pair", ID: 1}}}, variable("a")}}
		_, err = mergeGraphs([]*objectgraph.Graph{first, same})
		require.ErrorContains(t, err, "one object in this section is two objects in earlier sections")
	})
}

// A node with many values, edges and slots takes a number of steps in proportion to them. Otherwise the test
// would not end.
func TestMergeGraphsOfManyValues(t *testing.T) {
	const n = 50_000
	g := &objectgraph.Graph{Nodes: make([]objectgraph.Node, 2*n+1)}
	root := &g.Nodes[0]
	for i := range n {
		name := strconv.Itoa(i)
		root.Children = append(root.Children, objectgraph.Child{Name: name, ID: 1 + i})
		root.Attributes = append(root.Attributes, objectgraph.Attribute{Name: name, Key: name})
		root.Slots = append(root.Slots, objectgraph.Slot{Original: 1 + i, Name: "m", Variable: 1 + n + i})
	}
	out, err := mergeGraphs([]*objectgraph.Graph{g, g})
	require.NoError(t, err)
	require.Len(t, out.Nodes, 2*n+1)
}
