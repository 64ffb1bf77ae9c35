package walk

import (
	"reflect"

	"github.com/gockpt/ckpt/internal/object"
)

// Holds reports whether v holds something that is tracked without a tag. Unlike the check of a type, it looks into interfaces. It
// remembers the results for pointers, slices and maps, so one walk looks at each only once.
func (w *Walker) Holds(v reflect.Value) bool {
	s := search{w: w}
	return s.run(v)
}

// A search looks for something tracked, depth first. It finds strongly connected values with Tarjan's algorithm, because nothing
// is known about a cycle before all of it has been seen.
type search struct {
	w     *Walker
	path  []visit
	met   []object.Identity // not decided yet, in the order of the visits
	order map[object.Identity]int
}

// A visit is a value that the search is visiting.
type visit struct {
	v    reflect.Value
	keys []reflect.Value // of a map
	next int
	key  object.Identity // the zero Identity: a value that is part of another
	low  int             // the first of met to which this value leads
}

func (s *search) run(v reflect.Value) bool {
	if s.enter(v) {
		return s.found()
	}
	for len(s.path) > 0 {
		top := &s.path[len(s.path)-1]
		child, ok := s.child(top)
		switch {
		case !ok:
			s.leave()
		case s.enter(child):
			return s.found()
		}
	}
	return false
}

// found decides all undecided values: they lead to values on the path, and the path leads to the found value.
func (s *search) found() bool {
	for _, key := range s.met {
		s.w.held[key] = true
	}
	return true
}

// enter begins a visit of v if its children matter. It reports whether v is known to hold something.
func (s *search) enter(v reflect.Value) bool {
	if !v.IsValid() {
		return false
	}
	switch s.w.types.Trait(v.Type()) {
	case Leaf, Trackable:
		return true
	case Plain:
		return false
	}
	at := visit{v: v, low: len(s.met)}
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return false
		}
	case reflect.Pointer, reflect.Slice, reflect.Map:
		if v.IsNil() {
			return false
		}
		at.key = object.Identity{Addr: v.Pointer(), Type: v.Type()}
		if v.Kind() == reflect.Slice {
			at.key.Len = v.Len()
		}
		if holds, decided := s.w.held[at.key]; decided {
			return holds
		}
		if i, met := s.order[at.key]; met {
			if len(s.path) > 0 {
				top := &s.path[len(s.path)-1]
				top.low = min(top.low, i)
			}
			return false
		}
		if s.order == nil {
			s.order = make(map[object.Identity]int)
		}
		s.order[at.key] = len(s.met)
		s.met = append(s.met, at.key)
		if v.Kind() == reflect.Map {
			at.keys = v.MapKeys()
		}
	}
	s.path = append(s.path, at)
	return false
}

// child returns the next value to look at below a visit.
func (s *search) child(at *visit) (v reflect.Value, ok bool) {
	i := at.next
	at.next++
	switch at.v.Kind() {
	case reflect.Interface, reflect.Pointer:
		return at.v.Elem(), i == 0
	case reflect.Slice, reflect.Array:
		if i < at.v.Len() {
			return at.v.Index(i), true
		}
	case reflect.Map:
		if i < len(at.keys) {
			return at.v.MapIndex(at.keys[i]), true
		}
	case reflect.Struct:
		fields := s.w.types.Struct(at.v.Type()).Fields
		for ; i < len(fields); i++ {
			if fields[i].Action == Maybe {
				at.next = i + 1
				return at.v.Field(i), true
			}
		}
	}
	return reflect.Value{}, false
}

// leave ends the visit on top, which found nothing. The result is final as soon as no value of the cycle can lead to more.
func (s *search) leave() {
	top := s.path[len(s.path)-1]
	s.path = s.path[:len(s.path)-1]
	if len(s.path) > 0 {
		parent := &s.path[len(s.path)-1]
		parent.low = min(parent.low, top.low)
	}
	if first, keyed := s.order[top.key]; keyed && first == top.low {
		for _, key := range s.met[first:] {
			s.w.held[key] = false
			delete(s.order, key)
		}
		s.met = s.met[:first]
	}
}
