package bundle

import (
	"hash/maphash"
	"math/bits"
)

// A keySet finds the item with a key. It keeps only numbers of items, in a hash table with open addressing: a
// map would take four times as much memory. The zero value is ready.
type keySet struct {
	table []int32 // number of an item plus one; 0 is free; a power of two
	seed  maphash.Seed
}

// grow makes room for n items, including the existing ones.
func (s *keySet) grow(items []item, n int) {
	if s.table == nil {
		s.seed = maphash.MakeSeed()
	}
	s.table = make([]int32, 1<<bits.Len(uint(max(8, n+n/3)))) // at most three quarters full
	for i := range items {
		s.put(items[i].key, i)
	}
}

// add adds the last of the items.
func (s *keySet) add(items []item) {
	last := len(items) - 1
	if len(items)*4 > len(s.table)*3 {
		s.grow(items[:last], 2*len(items))
	}
	s.put(items[last].key, last)
}

func (s *keySet) put(key string, number int) {
	at := s.start(key)
	for s.table[at] != 0 {
		at = (at + 1) & (len(s.table) - 1)
	}
	s.table[at] = int32(number + 1)
}

// has reports whether one of the items has the key.
func (s *keySet) has(items []item, key string) bool {
	if len(s.table) == 0 {
		return false
	}
	for at := s.start(key); s.table[at] != 0; at = (at + 1) & (len(s.table) - 1) {
		if items[s.table[at]-1].key == key {
			return true
		}
	}
	return false
}

// start returns the position at which the search for a key begins.
func (s *keySet) start(key string) int {
	return int(maphash.String(s.seed, key) & uint64(len(s.table)-1))
}
