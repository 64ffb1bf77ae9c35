package object

import "slices"

// Find returns the edge that a checkpoint calls name: by its name, or by an alias where no edge has that name. It returns nil
// where there is none.
func (n *Node) Find(name string) *Edge {
	if i := n.IndexEdge(name); i >= 0 {
		return &n.Edges[i]
	}
	return nil
}

// FindAt is Find that first looks at the position that the edge has if the program is as it was when it was saved.
func (n *Node) FindAt(name string, at int) *Edge {
	if at < len(n.Edges) && n.Edges[at].Name == name {
		return &n.Edges[at]
	}
	return n.Find(name)
}

// IndexEdge returns the index into n.Edges that Find looks for, -1 where there is none.
func (n *Node) IndexEdge(name string) int {
	if len(n.Edges) > indexedEdges {
		return n.lookupEdge(name)
	}
	byAlias := -1
	for i := range n.Edges {
		if n.Edges[i].Name == name {
			return i
		}
		if byAlias < 0 && slices.Contains(n.Edges[i].Aliases(), name) {
			byAlias = i
		}
	}
	return byAlias
}

// indexedEdges is the number of edges that are searched one by one. Nodes with more edges get an index.
const indexedEdges = 16

// An edgeIndex finds the first count edges of a node by name and alias.
type edgeIndex struct {
	byName map[string]int
	count  int
}

func (n *Node) lookupEdge(name string) int {
	if n.index == nil {
		n.index = &edgeIndex{byName: make(map[string]int, len(n.Edges))}
	}
	x := n.index
	for ; x.count < len(n.Edges); x.count++ {
		x.byName[n.Edges[x.count].Name] = x.count
		for _, alias := range n.Edges[x.count].Aliases() { // the type plan rejects an alias that is also a name
			if _, ok := x.byName[alias]; !ok {
				x.byName[alias] = x.count
			}
		}
	}
	if i, ok := x.byName[name]; ok {
		return i
	}
	return -1
}
