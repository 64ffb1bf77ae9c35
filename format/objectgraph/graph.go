package objectgraph

import (
	"fmt"
	"unicode/utf8"

	"github.com/gockpt/ckpt/format"
)

// Names that TensorFlow gives a meaning.
const (
	GraphKey      = "_CHECKPOINTABLE_OBJECT_GRAPH" // the tensor that holds the graph (OBJECT_GRAPH_PROTO_KEY)
	VariableValue = "VARIABLE_VALUE"               // the attribute that is a variable's value (VARIABLE_VALUE_KEY)
	PythonState   = "py_state"                     // the attribute that is an opaque object's state (PYTHON_STATE)
	SaveCounter   = "save_counter"                 // the edge from the root to the number of saves
	Root          = "root"                         // the edge from a root that was given to Checkpoint to itself
)

// A Graph lists the objects of a checkpoint; node 0 is the root.
type Graph struct {
	Nodes []Node
	// Aliased says that edges from a node to another, behind the first of them, are further names that a reader gave it.
	Aliased bool
}

// A Node is an object. Several edges may lead to it.
type Node struct {
	Children   []Child // in the order in which they were tracked; a name may occur twice
	Attributes []Attribute
	Slots      []Slot           // where the object is an optimizer
	Saver      *RegisteredSaver // nil where the object has none
	// HasValues says whether the object or one below it has values; nil in the files of older TensorFlows, which do not say.
	HasValues *bool
}

// A Child is a named edge to a node.
type Child struct {
	Name string `json:"name"` // any text, not escaped; may be empty
	ID   int    `json:"id"`
}

// An Attribute is a value of an object.
type Attribute struct {
	Name     string `json:"name"`           // within the object: [VariableValue], or what the object calls it, escaped
	FullName string `json:"full_name"`      // the variable's own name, by which name-based checkpoints know it
	Key      string `json:"checkpoint_key"` // of the tensor; some objects store several, under keys that start with it
}

// A Slot is a variable that an optimizer keeps for another variable.
type Slot struct {
	Original int    `json:"original_variable_node_id"` // the variable it is kept for
	Name     string `json:"slot_name"`                 // what it is: "momentum", "m"
	Variable int    `json:"slot_variable_node_id"`     // the node of the slot variable itself
}

// A RegisteredSaver names the code that saved an object in its own way, and the object.
type RegisteredSaver struct {
	Name       string `json:"name"`
	ObjectName string `json:"object_name"` // the object's path
}

// Check returns an error that satisfies errors.Is(err, [format.ErrCorrupt]) where the graph has no root, where the
// number of a node is not in the graph, or where a string is not UTF-8, which the format does not allow. It
// names the node and the edge.
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

// check checks n as a node of a graph of so many.
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
