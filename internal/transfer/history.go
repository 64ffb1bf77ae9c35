package transfer

import (
	"reflect"
	"slices"

	"github.com/gockpt/ckpt/internal/object"
)

// A History remembers which of several restores last gave each object its values, so that an older restore that was waiting
// does not take a newer one's values back. The zero value is ready.
type History struct {
	last   map[object.Identity]uint64
	keep   []reflect.Value // keeps the addresses in last alive
	lastID uint64
}

// Next returns the number of a new restore, larger than all before it.
func (h *History) Next() uint64 {
	h.lastID++
	return h.lastID
}

// Last returns the number of the last restore that gave an object its values, 0 where none did.
func (h *History) Last(key object.Identity) uint64 { return h.last[key] }

// fewForgotten is how many objects a History remembers beyond those that a program has.
const fewForgotten = 1024

// Forget drops the objects that g, the whole program, does not have any more, once they are many.
func (h *History) Forget(g *object.Graph) {
	if len(h.last) < 2*len(g.Nodes)+fewForgotten {
		return
	}
	h.keep = nil
	for key := range h.last {
		if n := g.Lookup(key); n != nil {
			h.keep = append(h.keep, n.Obj)
		} else {
			delete(h.last, key)
		}
	}
}

// Record notes that restore id gave the nodes their values.
func (h *History) Record(id uint64, nodes []*object.Node) {
	if len(h.last) == 0 {
		h.last, h.keep = make(map[object.Identity]uint64, len(nodes)), slices.Grow(h.keep, len(nodes))
	}
	for _, n := range nodes {
		if _, known := h.last[n.Key()]; !known {
			h.keep = append(h.keep, n.Obj)
		}
		h.last[n.Key()] = max(h.last[n.Key()], id)
	}
}
