package torch

import (
	"github.com/gockpt/ckpt/format/nametree"
	"github.com/gockpt/ckpt/format/objectgraph"
)

// Graph returns the graph of the tensors' names: see package nametree. All names of one tensor lead to one node, and the key of the
// node is the first of these names.
func (r *Reader) Graph() (*objectgraph.Graph, error) {
	g, err := nametree.Of(r.Name(), r.Keys())
	if err != nil || len(r.same) == 0 {
		return g, err
	}
	byKey := make(map[string]int) // node IDs
	for id, n := range g.Nodes {
		for _, a := range n.Attributes {
			byKey[a.Key] = id
		}
	}
	instead := make(map[int]int) // node IDs
	for key, first := range r.same {
		if id := byKey[key]; len(g.Nodes[id].Children) == 0 { // otherwise its children would be lost
			instead[id] = byKey[first]
		}
	}
	return without(g, instead), nil
}

// without returns g without the nodes that are keys of instead. Edges to such a node lead to instead[node].
func without(g *objectgraph.Graph, instead map[int]int) *objectgraph.Graph {
	ids := make([]int, len(g.Nodes))
	kept := 0
	for id := range g.Nodes {
		if _, ok := instead[id]; !ok {
			ids[id] = kept
			kept++
		}
	}
	for id, other := range instead {
		ids[id] = ids[other]
	}
	nodes := make([]objectgraph.Node, 0, kept)
	for id, n := range g.Nodes {
		if _, ok := instead[id]; ok {
			continue
		}
		for i := range n.Children {
			n.Children[i].ID = ids[n.Children[i].ID]
		}
		nodes = append(nodes, n)
	}
	return &objectgraph.Graph{Nodes: nodes}
}
