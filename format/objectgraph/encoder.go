package objectgraph

import (
	"fmt"
	"slices"
	"strings"
)

// An Encoder makes the text of a graph node by node, as [Graph.Text] makes it of a whole one: a graph of many nodes that is
// only to be written need not be in memory.
type Encoder struct {
	nodes, added int
	out          strings.Builder
	buf          []byte
}

// NewEncoder returns an Encoder of a graph with that many nodes. bytes is about how long its text will be, 0 where that is
// not known.
func NewEncoder(nodes, bytes int) *Encoder {
	e := &Encoder{nodes: nodes}
	e.out.Grow(bytes)
	return e
}

// Add adds the next node, which the Encoder does not keep. The error is that of [Graph.Check].
func (e *Encoder) Add(n *Node) error {
	if err := n.check(e.nodes); err != nil {
		return fmt.Errorf("object graph: node %d: %w", e.added, err)
	}
	e.added++
	e.buf = appendNode(slices.Grow(e.buf[:0], sizeMessage(graphNodes, sizeNode(n))), n)
	e.out.Write(e.buf)
	return nil
}

// Text returns the string that the tensor at [GraphKey] holds. The error says that nodes are missing.
func (e *Encoder) Text() (string, error) {
	if e.added != e.nodes || e.nodes == 0 {
		return "", fmt.Errorf("object graph: %d of its %d nodes were added", e.added, e.nodes)
	}
	return e.out.String(), nil
}
