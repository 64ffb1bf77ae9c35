package walk

import (
	"reflect"

	"github.com/gockpt/ckpt/internal/object"
)

// StandIns are the copies of values in interfaces and maps, which have no address. They are kept from walk to walk, so that they keep
// their identity. The zero value is ready.
type StandIns struct {
	all  map[object.Identity]standIn
	walk uint64 // the number of the walk that is under way, or of the last one
}

type standIn struct {
	copy reflect.Value
	walk uint64 // that met it last
}

// of returns the stand-in for key and notes that the walk has met it.
func (s *StandIns) of(key object.Identity) reflect.Value {
	c, ok := s.all[key]
	if !ok {
		if s.all == nil {
			s.all = make(map[object.Identity]standIn)
		}
		c.copy = reflect.New(key.Type).Elem()
	}
	c.walk = s.walk
	s.all[key] = c
	return c.copy
}

// Sweep forgets those that the last walk, which was over the whole program, has not met.
func (s *StandIns) Sweep() {
	for key, c := range s.all {
		if c.walk != s.walk {
			delete(s.all, key)
		}
	}
}

// Len returns the number of stand-ins.
func (s *StandIns) Len() int { return len(s.all) }
