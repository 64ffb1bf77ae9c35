package match

import (
	"reflect"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/transfer"
)

// A matcher looks for counterparts in one walk of the program. It implements [transfer.Planner].
type matcher struct {
	r       *Restoration
	w       object.Walk
	history *transfer.History
	found
	plan    *transfer.Plan
	queue   []pair                    // the pairs that were bound, in order
	next    int                       // of the queue
	late    bool                      // a follow-up: all values found now were waiting
	doubles []pair                    // further stored nodes for objects that already have their values
	misfits []pair                    // further objects for stored nodes, with none of their tensors
	passed  []passed                  // with Load: values for which an object of the program has no edge, or a nil one
	further map[pair]bool             // with Load: the pairs of a further object for the same values, each queued once
	made    map[madeFor]reflect.Value // objects for stored nodes that have an object of another type
}

// A passed value is a child of a stored node for which the counterpart of the node has no object.
type passed struct {
	pair
	child int
	field bool // the program has a field for it that holds nil
}

// A madeFor is a stored node with the type of a further object that was allocated for it.
type madeFor struct {
	stored int
	typ    reflect.Type
}

// bind makes n the counterpart of a stored node and queues both. It returns false if the stored node has another counterpart.
func (m *matcher) bind(stored int, n *object.Node) bool {
	if b, ok := m.bound.of(stored); ok {
		return b.key() == n.Key()
	}
	m.bound.set(stored, n)
	m.queue = append(m.queue, pair{stored, n})
	return true
}
