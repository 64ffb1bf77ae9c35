package object

// A Walk is a walk over the program that is under way. A match drives it, so that only matching objects are looked at.
type Walk interface {
	// Graph returns the graph made so far. It contains at least the root.
	Graph() *Graph
	// Expand gives n its edges. Later calls for the same node do nothing.
	Expand(n *Node) error
	// ExpandAll expands every node that can be reached.
	ExpandAll() error
	// AddSlots adds the slot variables that optimizers have, after all other nodes. Every node was expanded before.
	AddSlots() error
	// Again resolves e, an edge of n, after the object that it lacked was made.
	Again(n *Node, e *Edge) error
	// MakeSlot returns an optimizer's slot variable and makes it where it does not exist. It returns nil where the optimizer
	// keeps no such slot.
	MakeSlot(owner *Node, name string, variable *Node) (*Node, error)
}

// SaveCounter is the edge from the root of a checkpoint to the number of saves.
const SaveCounter = "save_counter"
