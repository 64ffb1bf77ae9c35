// Package slab allocates many short slices and strings together, because a million shapes would otherwise be a million allocations.
package slab

import "strings"

const (
	first = 16   // elements or bytes of the first allocation; each later one is twice as large
	last  = 2048 // the largest allocation, so that keeping one of a million slices keeps little memory
)

// A Slab copies short slices into shared memory. The zero value is ready to use.
type Slab[E any] struct {
	free []E
	size int // of the last allocation
}

// Clone returns a copy of v that is not nil. Appending to the copy allocates.
func (s *Slab[E]) Clone(v []E) []E {
	n := len(v)
	if n > len(s.free) || s.free == nil {
		if n > last/8 {
			return append(make([]E, 0, n), v...)
		}
		s.size = next(s.size, n)
		s.free = make([]E, s.size)
	}
	c := s.free[:n:n]
	copy(c, v)
	s.free = s.free[n:]
	return c
}

// A Text copies short strings into shared memory. The zero value is ready to use.
type Text struct {
	b    strings.Builder
	size int // of the last allocation
}

// Clone returns a copy of v.
func (t *Text) Clone(v []byte) string {
	n := len(v)
	if n > t.b.Cap()-t.b.Len() {
		if n > last/8 {
			return string(v)
		}
		t.size = next(t.size, n)
		t.b.Reset()
		t.b.Grow(t.size)
	}
	begin := t.b.Len()
	t.b.Write(v)
	return t.b.String()[begin:]
}

// next returns the size of the allocation after one of the given size. It is at least n.
func next(size, n int) int { return max(n, min(max(first, 2*size), last)) }
