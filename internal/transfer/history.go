package transfer

import (
	"reflect"

	"github.com/gockpt/ckpt/internal/object"
)

// A History remembers which of several restores last gave each object its values, so that an older restore that was waiting
// does not take a newer one's values back. The zero value is ready.
type History struct {
	last   map[object.Identity]uint64
	keep   []reflect.Value // keeps the addresses in last alive
	lastID uint64

	// The objects of the newest restore are kept in a list until they are needed, so a program that restores once does not pay for
	// the map.
	newest uint64
	filled []reflect.Value // not in last yet
}

// Next returns the number of a new restore, larger than all before it.
func (h *History) Next() uint64 {
	h.lastID++
	return h.lastID
}

// Last returns the number of the last restore that gave an object its values, or 0.
func (h *History) Last(key object.Identity) uint64 {
	h.settle()
	return h.last[key]
}

// Precedes reports whether the restore that last gave an object its values, if any, came before restore id.
func (h *History) Precedes(id uint64, key object.Identity) bool {
	return id > h.newest || id > h.Last(key)
}

// fewForgotten is the number of objects beyond those of the program that a History may remember.
const fewForgotten = 1024

// Forget drops the objects that g, the whole program, no longer has, if there are many.
func (h *History) Forget(g *object.Graph) {
	if len(h.last)+len(h.filled) < 2*len(g.Nodes)+fewForgotten {
		return
	}
	h.settle()
	h.keep = nil
	for key := range h.last {
		if n := g.Lookup(key); n != nil {
			h.keep = append(h.keep, n.Obj)
		} else {
			delete(h.last, key)
		}
	}
}

// Record notes that restore id gave values to the nodes for which took returns true.
func (h *History) Record(id uint64, nodes []*object.Node, took func(*object.Node) bool) {
	filled := make([]reflect.Value, 0, len(nodes))
	for _, n := range nodes {
		switch {
		case !took(n):
		case id >= h.newest && n.Addressed():
			filled = append(filled, n.Obj)
		default:
			h.put(n.Key(), n.Obj, id)
		}
	}
	if id < h.newest {
		return
	}
	if !sameObjects(h.filled, filled) {
		h.settle()
	}
	h.newest, h.filled = id, filled
}

// settle moves the objects of the newest restore into h.last.
func (h *History) settle() {
	for _, obj := range h.filled {
		h.put(object.IdentityOf(obj, nil, nil), obj, h.newest)
	}
	h.filled = nil
}

func (h *History) put(key object.Identity, obj reflect.Value, id uint64) {
	if h.last == nil {
		h.last = make(map[object.Identity]uint64)
	}
	if _, known := h.last[key]; !known {
		h.keep = append(h.keep, obj)
	}
	h.last[key] = max(h.last[key], id)
}

// sameObjects reports whether two restores filled the same objects in the same order.
func sameObjects(a, b []reflect.Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Type() != b[i].Type() || a[i].Addr().Pointer() != b[i].Addr().Pointer() {
			return false
		}
	}
	return true
}
