package gen

import (
	"maps"
	"slices"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/objectgraph"
)

// maxSteps is the largest number of edges that a name is split into.
const maxSteps = 64

// graphOfNames makes a graph from the names in a checkpoint without a graph.
func graphOfNames(r *ckpt.Reader) (*ckpt.StoredGraph, error) {
	stored := make(map[string]bool)
	for e, err := range r.All() {
		if err != nil {
			return nil, err
		}
		stored[e.Key] = true
	}
	g := &ckpt.StoredGraph{Nodes: make([]objectgraph.Node, 1)}
	type step struct {
		from int
		name string
	}
	places := make(map[step]int)
	for _, key := range slices.Sorted(maps.Keys(stored)) {
		at, begin, steps := 0, 0, 0
		for end := range len(key) + 1 {
			// A variable does not have children: in "bias/Adam" the slash does not end an edge's name if there is a variable "bias".
			if end < len(key) && (key[end] != '/' || steps == maxSteps || stored[key[:end]]) {
				continue
			}
			steps++
			next := step{at, key[begin:end]}
			to, ok := places[next]
			if !ok {
				to = len(g.Nodes)
				places[next] = to
				g.Nodes[at].Children = append(g.Nodes[at].Children, objectgraph.Child{Name: next.name, ID: to})
				g.Nodes = append(g.Nodes, objectgraph.Node{})
			}
			at, begin = to, end+1
		}
		g.Nodes[at].Attributes = []objectgraph.Attribute{{Name: objectgraph.VariableValue, FullName: key, Key: key}}
	}
	return g, nil
}
