package sections

import (
	"fmt"

	"github.com/gockpt/ckpt/format/objectgraph"
)

// mergeGraphs returns one graph with the objects and edges of all workers. Objects are the same if the same edges lead to them. It
// takes time in proportion to the sizes of the graphs.
func mergeGraphs(graphs []*objectgraph.Graph) (*objectgraph.Graph, error) {
	m := &graphMerger{graph: objectgraph.Graph{Nodes: make([]objectgraph.Node, 1)}, known: make([]known, 1)}
	for worker, g := range graphs {
		if err := m.add(g); err != nil {
			return nil, fmt.Errorf("section %d: %w", worker, err)
		}
	}
	out := renumber(&m.graph)
	out.SetHasValues()
	return out, nil
}

// A graphMerger adds graphs to one.
type graphMerger struct {
	graph objectgraph.Graph
	known []known // by node
}

// known has, by name, a node's children, slot variables and attributes.
type known struct {
	children   map[string]int
	attributes map[string]int
	slots      map[slotKey]int
}

type slotKey struct {
	original int
	name     string
}

func (m *graphMerger) newNode() int {
	m.graph.Nodes = append(m.graph.Nodes, objectgraph.Node{})
	m.known = append(m.known, known{})
	return len(m.graph.Nodes) - 1
}

// add adds the objects of g to which edges lead from its root, and their slot variables.
func (m *graphMerger) add(g *objectgraph.Graph) error {
	ids := map[int]int{0: 0} // from g's numbers to the merged graph's
	order := []int{0}
	for i := 0; i < len(order); i++ {
		n, at := &g.Nodes[order[i]], ids[order[i]]
		for _, c := range n.Children {
			id, visited := ids[c.ID]
			to := m.child(at, c.Name, id, visited)
			switch {
			case !visited:
				ids[c.ID] = to
				order = append(order, c.ID)
			case to != id:
				return fmt.Errorf("one object in this section is two objects in earlier sections: node %d (edge %q)", c.ID, c.Name)
			}
		}
		if err := m.addValues(at, n); err != nil {
			return err
		}
	}
	return m.addSlots(g, ids)
}

// child returns the node to which the edge called name leads from node at. If there is no such edge, it adds one, to node id if
// there is one, otherwise to a new node.
func (m *graphMerger) child(at int, name string, id int, exists bool) int {
	if to, ok := m.known[at].children[name]; ok {
		return to
	}
	if !exists {
		id = m.newNode()
	}
	if m.known[at].children == nil {
		m.known[at].children = make(map[string]int)
	}
	m.known[at].children[name] = id
	m.graph.Nodes[at].Children = append(m.graph.Nodes[at].Children, objectgraph.Child{Name: name, ID: id})
	return id
}

// addValues adds n's attributes and custom saver to node at.
func (m *graphMerger) addValues(at int, n *objectgraph.Node) error {
	to := &m.graph.Nodes[at]
	for _, a := range n.Attributes {
		if i, ok := m.known[at].attributes[a.Name]; ok {
			if b := to.Attributes[i]; b != a {
				return fmt.Errorf("a value has the key %q in this section and %q in earlier sections", a.Key, b.Key)
			}
			continue
		}
		if m.known[at].attributes == nil {
			m.known[at].attributes = make(map[string]int)
		}
		m.known[at].attributes[a.Name] = len(to.Attributes)
		to.Attributes = append(to.Attributes, a)
	}
	switch {
	case n.Saver == nil:
	case to.Saver == nil:
		to.Saver = n.Saver
	case *to.Saver != *n.Saver:
		return fmt.Errorf("an object is saved by %s as %q in this section, by %s as %q in earlier sections", n.Saver.Name, n.Saver.ObjectName, to.Saver.Name, to.Saver.ObjectName)
	}
	return nil
}

// addSlots adds the slot variables, which are not children.
func (m *graphMerger) addSlots(g *objectgraph.Graph, ids map[int]int) error {
	for id := range g.Nodes {
		at, ok := ids[id]
		if !ok {
			continue
		}
		for _, s := range g.Nodes[id].Slots {
			original, ok := ids[s.Original]
			if !ok {
				continue
			}
			key := slotKey{original, s.Name}
			variable, ok := m.known[at].slots[key]
			if !ok {
				variable = m.newNode()
				if m.known[at].slots == nil {
					m.known[at].slots = make(map[slotKey]int)
				}
				m.known[at].slots[key] = variable
				m.graph.Nodes[at].Slots = append(m.graph.Nodes[at].Slots, objectgraph.Slot{Original: original, Name: s.Name, Variable: variable})
			}
			if err := m.addValues(variable, &g.Nodes[s.Variable]); err != nil {
				return err
			}
		}
	}
	return nil
}

// renumber puts the nodes in breadth-first order, slot variables last.
func renumber(g *objectgraph.Graph) *objectgraph.Graph {
	ids := make(map[int]int, len(g.Nodes))
	order := g.Paths().Order()
	for i, id := range order {
		ids[id] = i
	}
	for _, id := range order {
		for _, s := range g.Nodes[id].Slots {
			if _, ok := ids[s.Variable]; !ok {
				ids[s.Variable] = len(ids)
			}
		}
	}
	out := &objectgraph.Graph{Nodes: make([]objectgraph.Node, len(ids))}
	for old, id := range ids {
		n := &out.Nodes[id]
		n.Attributes, n.Saver = g.Nodes[old].Attributes, g.Nodes[old].Saver
		for _, c := range g.Nodes[old].Children {
			n.Children = append(n.Children, objectgraph.Child{Name: c.Name, ID: ids[c.ID]})
		}
		for _, s := range g.Nodes[old].Slots {
			n.Slots = append(n.Slots, objectgraph.Slot{Original: ids[s.Original], Name: s.Name, Variable: ids[s.Variable]})
		}
	}
	return out
}
