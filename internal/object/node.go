package object

import (
	"reflect"
)

// A Node is one object of the program. There may be millions, so data that only a few nodes have is behind a pointer.
type Node struct {
	ID  int
	Obj reflect.Value // addressable, or a slice or map; keeps the address in the identity alive

	// The first edge in breadth-first order that leads here.
	Parent *Node
	Name   string
	Field  *Field // of the first edge; may be nil

	Values []Value
	Edges  []Edge

	Opt      Options // of the first edge that led here
	Group    bool    // has edges, not values
	Expanded bool    // has all of its edges
	Reached  bool    // the current restore gives it values
	Leaf     bool    // a tensor, or a type that acts as one
	Namer    bool    // gives names to the variables below it: see [Node.GivenName]
	Declared bool    // a group that a checkpoint must have, because it holds a tensor or can hold one

	rare *rare
}

// rare is the data that only a few nodes have.
type rare struct {
	key    Identity // if Obj does not determine it
	done   func() error
	saver  *Saver
	slotOf *Slot
	slots  []Slot
	index  *edgeIndex // made when a node with many edges is searched
}

// A Slot says that an optimizer keeps a slot variable for a variable.
type Slot struct {
	Owner    *Node
	Name     string
	Variable *Node
	Slot     *Node
}

// Options are the tag options that apply to the value of a field and, in a container, to its elements.
type Options struct {
	Explicit bool // has a tag or is in a Group: plain values are variables
	Optional bool
	Alloc    bool
	Cast     bool
	Sparse   bool // allocated with the length of a stored list: elements may stay nil
}

// Key returns the identity of n's object, or the zero Identity if it has none.
func (n *Node) Key() Identity {
	switch {
	case n.rare != nil && n.rare.key.Type != nil:
		return n.rare.key
	case !n.Obj.IsValid():
		return Identity{}
	}
	return IdentityOf(n.Obj, nil, nil)
}

// Addressed reports whether the address and the type of n's value determine the identity.
func (n *Node) Addressed() bool {
	return (n.rare == nil || n.rare.key.Type == nil) && n.Obj.IsValid() && n.Obj.CanAddr() && n.Obj.Type().Size() > 0
}

// SetKey sets the identity of n if its value does not determine it, because it has no address.
func (n *Node) SetKey(key Identity) {
	if key.In != noPlace || !n.Obj.IsValid() {
		n.more().key = key
	}
}

// Done returns the function to call after all values were assigned, or nil.
func (n *Node) Done() func() error {
	if n.rare == nil {
		return nil
	}
	return n.rare.done
}

// SetDone sets the function to call after all values were assigned.
func (n *Node) SetDone(done func() error) { n.more().done = done }

// Saver returns the custom saver of the object, or nil.
func (n *Node) Saver() *Saver {
	if n.rare == nil {
		return nil
	}
	return n.rare.saver
}

// SetSaver gives n a custom saver. It does nothing if s is nil.
func (n *Node) SetSaver(s *Saver) {
	if s != nil {
		n.more().saver = s
	}
}

// SlotOf returns nil unless n is a slot variable.
func (n *Node) SlotOf() *Slot {
	if n.rare == nil {
		return nil
	}
	return n.rare.slotOf
}

// SetSlotOf makes n a slot variable.
func (n *Node) SetSlotOf(s *Slot) { n.more().slotOf = s }

// Slots returns the slot variables of an optimizer.
func (n *Node) Slots() []Slot {
	if n.rare == nil {
		return nil
	}
	return n.rare.slots
}

// AddSlot adds a slot variable to an optimizer.
func (n *Node) AddSlot(s Slot) {
	n.more()
	n.rare.slots = append(n.rare.slots, s)
}

func (n *Node) more() *rare {
	if n.rare == nil {
		n.rare = new(rare)
	}
	return n.rare
}
