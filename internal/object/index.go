package object

import (
	"hash/maphash"
	"math/bits"
	"reflect"
)

// A nodeIndex finds nodes by their identities. It keeps only numbers of nodes, in a hash table with open addressing: a map with
// the identities took a fifth of the memory of a walk.
type nodeIndex struct {
	table []int32 // number of a node plus one; 0 is free; a power of two
	seed  maphash.Seed
}

// grow reserves space for n nodes. nodes are the existing ones.
func (x *nodeIndex) grow(nodes []*Node, n int) {
	if x.table == nil {
		x.seed = maphash.MakeSeed()
	}
	x.table = make([]int32, 1<<bits.Len(uint(max(8, n+n/3)))) // at most three quarters full
	for i, node := range nodes {
		x.put(node, i)
	}
}

// add adds the last of the nodes.
func (x *nodeIndex) add(nodes []*Node) {
	last := len(nodes) - 1
	if len(nodes)*4 > len(x.table)*3 {
		x.grow(nodes[:last], 2*len(nodes))
	}
	x.put(nodes[last], last)
}

func (x *nodeIndex) put(n *Node, number int) {
	at := x.start(n.Key())
	for x.table[at] != 0 {
		at = (at + 1) & (len(x.table) - 1)
	}
	x.table[at] = int32(number + 1)
}

func (x *nodeIndex) lookup(nodes []*Node, key Identity) *Node {
	if len(x.table) == 0 || key.Type == nil {
		return nil
	}
	for at := x.start(key); x.table[at] != 0; at = (at + 1) & (len(x.table) - 1) {
		if n := nodes[x.table[at]-1]; n.is(key) {
			return n
		}
	}
	return nil
}

// start returns the position at which the search for a key begins.
func (x *nodeIndex) start(key Identity) int {
	var h uint64
	if key.In != noPlace {
		h = maphash.Comparable(x.seed, key.In)
	}
	h ^= uint64(key.Addr)<<1 ^ uint64(key.Len) // objects with one address, such as a struct and its first field, differ in the type
	h ^= uint64(reflect.ValueOf(key.Type).Pointer()) * 0x9e3779b97f4a7c15
	h *= 0x9e3779b97f4a7c15
	return int(h >> 32 & uint64(len(x.table)-1))
}

// is reports whether n has the identity.
func (n *Node) is(key Identity) bool {
	if n.rare == nil && key.In == noPlace && n.Obj.CanAddr() { // true for nearly all
		return n.Obj.Type() == key.Type && n.Obj.Addr().Pointer() == key.Addr && key.Len == 0
	}
	return n.Key() == key
}
