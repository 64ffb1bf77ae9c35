package object

import (
	"reflect"
)

// A Node is one object of the program. There may be millions: what few of them have is behind one pointer.
type Node struct {
	ID  int
	Obj reflect.Value // addressable, or a slice or map; keeps the address in the identity alive

	// How a breadth-first walk first came here.
	Parent *Node
	Name   string
	Field  *Field // of the first edge; nil where that says nothing

	Values []Value
	Edges  []Edge

	Opt      Options // of the first edge that led here
	Group    bool    // has edges, not values
	Expanded bool    // has all of its edges
	Reached  bool    // the restore that this graph was made for gives it its values
	Leaf     bool    // a tensor, or a type that acts as one
	Namer    bool    // names the variables below it: see [Node.GivenName]
	Declared bool    // a group that a checkpoint must have, since it holds a tensor or can hold one

	rare *rare
}

// rare is what few nodes have.
type rare struct {
	key    Identity // where Obj does not tell it
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
	Explicit bool // a tag or a Group asked for the value: plain values are variables
	Optional bool
	Alloc    bool
	Cast     bool
	Sparse   bool // made as long as a stored list: elements of it may be nil
}

// Key returns which object n is, the zero Identity where it has no object.
func (n *Node) Key() Identity {
	switch {
	case n.rare != nil && n.rare.key.Type != nil:
		return n.rare.key
	case !n.Obj.IsValid():
		return Identity{}
	}
	return IdentityOf(n.Obj, nil, nil)
}

// Addressed reports whether the address and the type of n's value tell which object n is.
func (n *Node) Addressed() bool {
	return (n.rare == nil || n.rare.key.Type == nil) && n.Obj.IsValid() && n.Obj.CanAddr() && n.Obj.Type().Size() > 0
}

// SetKey says which object n is where its value does not tell: where it has no address.
func (n *Node) SetKey(key Identity) {
	if key.In != noPlace || !n.Obj.IsValid() {
		n.more().key = key
	}
}

// Done returns what is called after all values were assigned, nil where nothing is.
func (n *Node) Done() func() error {
	if n.rare == nil {
		return nil
	}
	return n.rare.done
}

// SetDone sets what is called after all values were assigned.
func (n *Node) SetDone(done func() error) { n.more().done = done }

// Saver returns the custom saver of the object, nil if there is none.
func (n *Node) Saver() *Saver {
	if n.rare == nil {
		return nil
	}
	return n.rare.saver
}

// SetSaver gives n a custom saver. It does nothing where s is nil.
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
