package transfer

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/object"
)

// TestHistory checks which restore is reported as the last one that filled an object, with and without
// queries in between.
func TestHistory(t *testing.T) {
	var objects [3]struct{ X int64 }
	nodes := make([]*object.Node, len(objects))
	for i := range nodes {
		nodes[i] = &object.Node{Obj: reflect.ValueOf(&objects[i]).Elem()}
	}
	all := func(*object.Node) bool { return true }
	for _, asked := range []bool{false, true} {
		var h History
		ask := func() {
			if asked {
				h.Last(nodes[0].Key())
			}
		}
		first, second, third := h.Next(), h.Next(), h.Next()
		require.Zero(t, h.Last(nodes[0].Key()))
		h.Record(first, nodes, all)
		ask()
		h.Record(second, nodes, all) // the same objects again
		ask()
		require.False(t, h.Precedes(first, nodes[1].Key()))
		require.False(t, h.Precedes(second, nodes[1].Key()))
		require.True(t, h.Precedes(third, nodes[1].Key()))
		h.Record(third, nodes, func(n *object.Node) bool { return n == nodes[2] }) // other objects
		ask()
		h.Record(first, nodes, all) // an older restore follows up later
		for i, want := range []uint64{second, second, third} {
			require.Equal(t, want, h.Last(nodes[i].Key()), i)
		}
		h.Record(third, nodes, func(n *object.Node) bool { return n == nodes[1] }) // the newest restore follows up
		require.Equal(t, third, h.Last(nodes[1].Key()))
		require.Equal(t, third, h.Last(nodes[2].Key()))
		require.Len(t, h.keep, len(nodes))
	}
}
