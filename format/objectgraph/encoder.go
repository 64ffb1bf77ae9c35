package objectgraph

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// An Encoder encodes a graph node by node. The result is that of Graph.Text, but a large graph need not be in memory.
type Encoder struct {
	nodes, added int
	out          strings.Builder
	buf          []byte
	placed       int // where in buf Place last found a string
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
	e.placed = 0
	return nil
}

// Place returns the position in the text of s within the last added node. ok is false if the node does not contain s. Place
// searches first after the string that it found last, so looking up a node's keys in order takes one pass.
func (e *Encoder) Place(s string) (at int, ok bool) {
	find := []byte(s)
	from := e.placed
	if at = bytes.Index(e.buf[from:], find); at < 0 {
		from = 0
		at = bytes.Index(e.buf, find)
	}
	if at < 0 {
		return 0, false
	}
	e.placed = from + at
	return e.out.Len() - len(e.buf) + e.placed, true
}

// Text returns the value of the tensor at GraphKey. It is an error if nodes are missing.
func (e *Encoder) Text() (string, error) {
	if e.added != e.nodes || e.nodes == 0 {
		return "", fmt.Errorf("object graph: %d of its %d nodes were added", e.added, e.nodes)
	}
	return e.out.String(), nil
}
