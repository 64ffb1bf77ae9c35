package objectgraph

import (
	"fmt"
	"unicode/utf8"

	"github.com/gockpt/ckpt/format"
)

// Names that have a meaning in TensorFlow.
const (
	GraphKey      = "_CHECKPOINTABLE_OBJECT_GRAPH" // the tensor that holds the graph (OBJECT_GRAPH_PROTO_KEY)
	VariableValue = "VARIABLE_VALUE"               // the attribute that is a variable's value (VARIABLE_VALUE_KEY)
	PythonState   = "py_state"                     // the attribute that is an opaque object's state (PYTHON_STATE)
	SaveCounter   = "save_counter"                 // the edge from the root to the number of saves
	Root          = "root"                         // the edge from the root to itself if a program passed a root to Checkpoint
)

// A Graph lists the objects of a checkpoint; node 0 is the root.
type Graph struct {
	Nodes []Node
	// Aliased reports that a reader has added names: if several edges lead from one node to another, all but the first are
	// additional names.
	Aliased bool
}

// A Node is an object. Several edges may lead to it.
type Node struct {
	Children   []Child // in the order in which they were tracked; a name may occur twice
	Attributes []Attribute
	Slots      []Slot           // if the object is an optimizer
	Saver      *RegisteredSaver // nil if the object does not have one
	// HasValues says whether the object or one below it has values. It is nil in files of older TensorFlow versions, which
	// do not say.
	HasValues *bool
}

// A Child is a named edge to a node.
type Child struct {
	Name string `json:"name"` // any text, not escaped; may be empty
	ID   int    `json:"id"`
}

// An Attribute is a value of an object.
type Attribute struct {
	Name     string `json:"name"`           // within the object: [VariableValue], or the object's name for the value, escaped
	FullName string `json:"full_name"`      // the variable's name in name-based checkpoints
	Key      string `json:"checkpoint_key"` // the tensor's key; some objects store several tensors with keys that start with it
}

// A Slot is a variable that an optimizer keeps for another variable.
type Slot struct {
	Original int    `json:"original_variable_node_id"` // the variable that the slot belongs to
	Name     string `json:"slot_name"`                 // such as "momentum" or "m"
	Variable int    `json:"slot_variable_node_id"`     // the node of the slot variable
}

// A RegisteredSaver has the name of the custom code that saved an object, and the object's name.
type RegisteredSaver struct {
	Name       string `json:"name"`
	ObjectName string `json:"object_name"` // the object's path
}

// Check returns an error that satisfies errors.Is(err, [format.ErrCorrupt]) if the graph does not have a root, if a node's
// number is out of range, or if a string is not UTF-8, which the format requires. The error names the node and the edge.
func (g *Graph) Check() error {
	if len(g.Nodes) == 0 {
		return fmt.Errorf("object graph: it has no nodes, not even a root: %w", format.ErrCorrupt)
	}
	for id := range g.Nodes {
		if err := g.Nodes[id].check(len(g.Nodes)); err != nil {
			return fmt.Errorf("object graph: node %d: %w", id, err)
		}
	}
	return nil
}

// check checks n as a node of a graph with the given number of nodes.
func (n *Node) check(nodes int) error {
	for i, c := range n.Children {
		if err := checkID(c.ID, nodes); err != nil {
			return fmt.Errorf("child %d, %q: %w", i, c.Name, err)
		}
		if err := checkText(c.Name); err != nil {
			return fmt.Errorf("child %d: its name: %w", i, err)
		}
	}
	for i, a := range n.Attributes {
		if err := checkText(a.Name, a.FullName, a.Key); err != nil {
			return fmt.Errorf("attribute %d: %w", i, err)
		}
	}
	for i, s := range n.Slots {
		if err := checkID(s.Original, nodes); err != nil {
			return fmt.Errorf("slot %d, %q: its original variable: %w", i, s.Name, err)
		}
		if err := checkID(s.Variable, nodes); err != nil {
			return fmt.Errorf("slot %d, %q: its own variable: %w", i, s.Name, err)
		}
		if err := checkText(s.Name); err != nil {
			return fmt.Errorf("slot %d: its name: %w", i, err)
		}
	}
	if s := n.Saver; s != nil {
		if err := checkText(s.Name, s.ObjectName); err != nil {
			return fmt.Errorf("registered saver: %w", err)
		}
	}
	return nil
}

func checkID(id, nodes int) error {
	if id < 0 || id >= nodes {
		return fmt.Errorf("node %d does not exist, the graph has %d: %w", id, nodes, format.ErrCorrupt)
	}
	return nil
}

func checkText(texts ...string) error {
	for _, s := range texts {
		if !utf8.ValidString(s) {
			return fmt.Errorf("%q is not UTF-8: %w", s, format.ErrCorrupt)
		}
	}
	return nil
}
