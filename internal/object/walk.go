package object

// A Walk is a running walk over the program. A match drives it, so only matching objects are examined.
type Walk interface {
	// Graph returns the graph made so far. It contains at least the root.
	Graph() *Graph
	// Expand gives n its edges. Later calls for the same node do nothing.
	Expand(n *Node) error
	// ExpandAll expands every node that can be reached.
	ExpandAll() error
	// AddSlots adds the slot variables of optimizers after all other nodes. Every node must be expanded before.
	AddSlots() error
	// Again resolves e, an edge of n, after its object was allocated.
	Again(n *Node, e *Edge) error
	// MakeSlot returns an optimizer's slot variable, and makes it if it does not exist. It returns nil if the optimizer has no
	// such slot.
	MakeSlot(owner *Node, name string, variable *Node) (*Node, error)
}

// SaveCounter is the edge from the root of a checkpoint to the number of saves.
const SaveCounter = "save_counter"
