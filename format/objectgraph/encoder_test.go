package objectgraph

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
)

func TestEncoder(t *testing.T) {
	yes := true
	g := &Graph{Nodes: []Node{
		{Children: []Child{{"w", 1}, {"opt", 2}}, HasValues: &yes},
		{Attributes: []Attribute{{VariableValue, "w", "w/.ATTRIBUTES/VARIABLE_VALUE"}}, HasValues: &yes},
		{Slots: []Slot{{1, "m", 3}}, Saver: &RegisteredSaver{"s", "opt"}},
		{},
	}}
	for _, about := range []int{0, 10, 1000} {
		e, places := NewEncoder(len(g.Nodes), about), map[string]int{}
		for i := range g.Nodes {
			require.NoError(t, e.Add(&g.Nodes[i]))
			for _, a := range g.Nodes[i].Attributes {
				at, ok := e.Place(a.Key)
				require.True(t, ok)
				places[a.Key] = at
			}
			_, ok := e.Place("another")
			require.False(t, ok)
		}
		text, err := e.Text()
		require.NoError(t, err)
		for key, at := range places {
			require.Equal(t, key, text[at:at+len(key)])
		}
		require.Equal(t, g.Text(), text)
	}
	keys := Node{Attributes: []Attribute{{"a", "", "m/.ATTRIBUTES/a"}, {"b", "", "m/.ATTRIBUTES/b"}, {"c", "", "m/.ATTRIBUTES/c"}}}
	one := NewEncoder(1, 0)
	require.NoError(t, one.Add(&keys))
	second, ok := one.Place(keys.Attributes[1].Key)
	require.True(t, ok)
	next, ok := one.Place("m/.ATTRIBUTES/")
	require.True(t, ok)
	require.Equal(t, second, next, "a search starts after the last string that it found")
	first, ok := one.Place(keys.Attributes[0].Key)
	require.True(t, ok, "and continues at the beginning")
	require.Less(t, first, second)

	e := NewEncoder(2, 0)
	require.ErrorIs(t, e.Add(&Node{Children: []Child{{"x", 2}}}), format.ErrCorrupt)
	require.NoError(t, e.Add(&Node{Children: []Child{{"x", 1}}}))
	_, err := e.Text()
	require.ErrorContains(t, err, "1 of its 2 nodes")
}
