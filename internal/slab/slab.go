// Package slab allocates many short slices and strings together: a million shapes of two numbers are a million allocations otherwise.
package slab

import "strings"

const (
	first = 16   // how many elements or bytes are allocated the first time; each time after it is twice as many
	last  = 2048 // up to these: who keeps one slice of a million keeps little memory with it
)

// A Slab copies short slices into memory that they share. The zero value is ready.
type Slab[E any] struct {
	free []E
	size int // of the last allocation
}

// Clone returns a copy of v that is not nil. To append to the copy allocates.
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

// A Text copies short strings into memory that they share. The zero value is ready.
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

// next returns how much to allocate after size, for n elements at least.
func next(size, n int) int { return max(n, min(max(first, 2*size), last)) }
