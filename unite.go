package ckpt

import (
	"fmt"

	"github.com/gockpt/ckpt/format/objectgraph"
)

// unite returns one graph that has every worker's objects and edges: an object is the same where the same edges lead to it.
func unite(graphs []*objectgraph.Graph) (*objectgraph.Graph, error) {
	out := &objectgraph.Graph{Nodes: make([]objectgraph.Node, 1)}
	for worker, g := range graphs {
		if err := uniteOne(out, g); err != nil {
			return nil, fmt.Errorf("section %d: %w", worker, err)
		}
	}
	out = renumber(out)
	out.SetHasValues()
	return out, nil
}

func uniteOne(out, g *objectgraph.Graph) error {
	ids := map[int]int{0: 0}
	order := []int{0}
	visit := func(id, to int) error {
		if at, ok := ids[id]; ok {
			if at != to {
				return fmt.Errorf("an object is one in this section and two in those before: node %d", id)
			}
			return nil
		}
		ids[id] = to
		order = append(order, id)
		return nil
	}
	for i := 0; i < len(order); i++ {
		n, at := &g.Nodes[order[i]], ids[order[i]]
		known := make(map[string]int, len(out.Nodes[at].Children))
		for _, c := range out.Nodes[at].Children {
			known[c.Name] = c.ID
		}
		for _, c := range n.Children {
			to, ok := known[c.Name]
			if !ok {
				if to, ok = ids[c.ID]; !ok {
					to = len(out.Nodes)
					out.Nodes = append(out.Nodes, objectgraph.Node{})
				}
				out.Nodes[at].Children = append(out.Nodes[at].Children, objectgraph.Child{Name: c.Name, ID: to})
			}
			if err := visit(c.ID, to); err != nil {
				return fmt.Errorf("%w (edge %q)", err, c.Name)
			}
		}
		for _, a := range n.Attributes {
			if err := addAttribute(&out.Nodes[at], a); err != nil {
				return err
			}
		}
	}
	return uniteSlots(out, g, ids)
}

func addAttribute(n *objectgraph.Node, a objectgraph.Attribute) error {
	for _, b := range n.Attributes {
		if b.Name == a.Name {
			if b != a {
				return fmt.Errorf("a value is called %q in this section and %q in those before", a.Key, b.Key)
			}
			return nil
		}
	}
	n.Attributes = append(n.Attributes, a)
	return nil
}

// uniteSlots adds the slot variables, to which no edge leads.
func uniteSlots(out, g *objectgraph.Graph, ids map[int]int) error {
	for id := range g.Nodes {
		at, ok := ids[id]
		if !ok {
			continue
		}
	slots:
		for _, s := range g.Nodes[id].Slots {
			original, ok := ids[s.Original]
			if !ok {
				continue
			}
			for _, have := range out.Nodes[at].Slots {
				if have.Original == original && have.Name == s.Name {
					for _, a := range g.Nodes[s.Variable].Attributes {
						if err := addAttribute(&out.Nodes[have.Variable], a); err != nil {
							return err
						}
					}
					continue slots
				}
			}
			out.Nodes = append(out.Nodes, objectgraph.Node{Attributes: g.Nodes[s.Variable].Attributes})
			out.Nodes[at].Slots = append(out.Nodes[at].Slots, objectgraph.Slot{Original: original, Name: s.Name, Variable: len(out.Nodes) - 1})
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
		n.Attributes = g.Nodes[old].Attributes
		for _, c := range g.Nodes[old].Children {
			n.Children = append(n.Children, objectgraph.Child{Name: c.Name, ID: ids[c.ID]})
		}
		for _, s := range g.Nodes[old].Slots {
			n.Slots = append(n.Slots, objectgraph.Slot{Original: ids[s.Original], Name: s.Name, Variable: ids[s.Variable]})
		}
	}
	return out
}
