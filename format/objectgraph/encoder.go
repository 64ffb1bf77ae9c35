package objectgraph

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// An Encoder encodes a graph node by node, as Graph.Text encodes a whole graph, so that a large graph need not be in memory
// to be written.
type Encoder struct {
	nodes, added int
	out          strings.Builder
	buf          []byte
}

// NewEncoder returns an Encoder for a graph of the given number of nodes. bytes is an estimate of the text's length, or 0.
func NewEncoder(nodes, bytes int) *Encoder {
	e := &Encoder{nodes: nodes}
	e.out.Grow(bytes)
	return e
}

// Add adds the next node. The Encoder does not keep n. The errors are those of Graph.Check.
func (e *Encoder) Add(n *Node) error {
	if err := n.check(e.nodes); err != nil {
		return fmt.Errorf("object graph: node %d: %w", e.added, err)
	}
	e.added++
	e.buf = appendNode(slices.Grow(e.buf[:0], sizeMessage(graphNodes, sizeNode(n))), n)
	e.out.Write(e.buf)
	return nil
}

// Place returns where the text has s within the node that was added last. ok is false where it does not.
func (e *Encoder) Place(s string) (at int, ok bool) {
	at = bytes.LastIndex(e.buf, []byte(s))
	return e.out.Len() - len(e.buf) + at, at >= 0
}

// Text returns the value of the tensor at GraphKey. It is an error if nodes are missing.
func (e *Encoder) Text() (string, error) {
	if e.added != e.nodes || e.nodes == 0 {
		return "", fmt.Errorf("object graph: %d of its %d nodes were added", e.added, e.nodes)
	}
	return e.out.String(), nil
}
