package walk

import (
	"reflect"
	"unique"

	"github.com/gockpt/ckpt/internal/object"
)

// StandIns are the copies of values in interfaces and maps, which have no address. They are kept from walk to walk, so that they keep
// their identity. The zero value is ready.
type StandIns struct {
	all  map[place]standIn
	walk uint64 // the number of the walk that is under way, or of the last one
}

// A place identifies a value without an address: by the edge of an object, and by the type, because an interface may hold another
// value in the next walk. The object is identified by its address, or by its own place if it has none.
type place struct {
	holder uintptr
	in     unique.Handle[string]
	edge   string
	root   bool
	typ    reflect.Type
}

func placeOf(parent *object.Node, e *object.Edge, t reflect.Type) place {
	if parent == nil {
		return place{edge: e.Name, root: true, typ: t}
	}
	key := parent.Key()
	return place{holder: key.Addr, in: key.In, edge: e.Name, typ: t}
}

type standIn struct {
	copy reflect.Value
	walk uint64 // the last walk that visited it
}

// of returns the stand-in for the value at key and records that the walk has visited it.
func (s *StandIns) of(key place) reflect.Value {
	c, ok := s.all[key]
	if !ok {
		if s.all == nil {
			s.all = make(map[place]standIn)
		}
		c.copy = reflect.New(key.typ).Elem()
	}
	c.walk = s.walk
	s.all[key] = c
	return c.copy
}

// Sweep forgets the stand-ins that the last walk, which must be over the whole program, has not visited.
func (s *StandIns) Sweep() {
	for key, c := range s.all {
		if c.walk != s.walk {
			delete(s.all, key)
		}
	}
}

// Len returns the number of stand-ins.
func (s *StandIns) Len() int { return len(s.all) }
