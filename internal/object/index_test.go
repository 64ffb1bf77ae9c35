package object

import (
	"reflect"
	"strconv"
	"testing"
	"unique"

	"github.com/stretchr/testify/require"
)

// A pair shares its address with its first field.
type pair struct{ first, second int64 }

func TestLookup(t *testing.T) {
	const n = 1000
	pairs := make([]pair, n)
	g := New()
	g.Grow(3) // fewer than the number of objects
	var keys []Identity
	add := func(node *Node, key Identity) {
		require.Nil(t, g.Lookup(key))
		node.SetKey(key)
		g.Add(node)
		keys = append(keys, key)
	}
	for i := range pairs {
		for _, v := range []reflect.Value{reflect.ValueOf(&pairs[i]).Elem(), reflect.ValueOf(&pairs[i].first).Elem()} {
			node := g.NewNode()
			node.Obj = v
			add(node, IdentityOf(v, nil, nil))
		}
		place := Identity{Type: reflect.TypeFor[struct{}](), In: unique.Make(strconv.Itoa(i))}
		add(&Node{Obj: reflect.ValueOf(struct{}{})}, place)
		part := reflect.ValueOf(pairs[:i+1])
		add(&Node{Obj: part}, ContentOf(part))
	}
	for i, key := range keys {
		require.Same(t, g.Nodes[i], g.Lookup(key))
		require.Equal(t, key, g.Nodes[i].Key())
		require.Equal(t, i, g.Nodes[i].ID)
	}
	require.Nil(t, g.Lookup(IdentityOf(reflect.ValueOf(&pairs[0].second).Elem(), nil, nil)))
	require.Nil(t, g.Lookup(Identity{}))
	require.Nil(t, New().Lookup(keys[0]))
}
