package nametree

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/objectgraph"
)

const (
	// maxDepth is the largest number of edges from the root to a variable.
	maxDepth = 64

	// A graph of n keys has at most freeNodes + nodesPerKey*n nodes. Otherwise every few bytes of a hostile key would make a node,
	// which takes about a hundred bytes. Real names share most of their first parts.
	nodesPerKey = 16
	freeNodes   = 1 << 12
)

const tensorFlowSuffix = "/.ATTRIBUTES/" + objectgraph.VariableValue

// Graph returns the graph of keys. A node's children are in numeric order if all their names are numbers; otherwise they are in
// the order in which they first appear. It returns an error that satisfies errors.Is(err, format.ErrCorrupt) if the keys have far
// more parts than the names of tensors have, if a key occurs twice, or if a key is not UTF-8.
func Graph(keys iter.Seq[string]) (*objectgraph.Graph, error) {
	b := builder{nodes: make([]objectgraph.Node, 1), children: make(map[edge]int)}
	n := 0
	for key := range keys {
		n++
		if err := b.add(key); err != nil {
			return nil, err
		}
		if len(b.nodes) > freeNodes+nodesPerKey*n {
			return nil, fmt.Errorf("the names of %d tensors have more than %d parts: %w", n, len(b.nodes), format.ErrCorrupt)
		}
	}
	for i := range b.nodes {
		sortNumbers(b.nodes[i].Children)
	}
	return &objectgraph.Graph{Nodes: b.nodes}, nil
}

// Of is Graph for the keys of a file. Errors name the file.
func Of(file string, keys iter.Seq[string]) (*objectgraph.Graph, error) {
	g, err := Graph(keys)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return g, nil
}

// An edge is a child's name at a node.
type edge struct {
	from int
	name string
}

// A builder makes a graph. Node 0 is the root.
type builder struct {
	nodes    []objectgraph.Node
	children map[edge]int
}

// add adds the variable of key.
func (b *builder) add(key string) error {
	if !utf8.ValidString(key) {
		return fmt.Errorf("the name %q of a tensor is not UTF-8: %w", key, format.ErrCorrupt)
	}
	at := 0
	for part := range parts(key) {
		at = b.child(at, part)
	}
	if at == 0 || b.taken(at) {
		whole := b.child(0, key)
		if whole == at && b.key(at) != key { // "x" after ".x"
			b.set(b.child(0, b.key(at)), b.key(at))
		} else if b.taken(whole) {
			return fmt.Errorf("two tensors have the name %q: %w", key, format.ErrCorrupt)
		}
		at = whole
	}
	b.set(at, key)
	return nil
}

// taken reports whether a node has a variable; key returns the variable's key.
func (b *builder) taken(at int) bool { return len(b.nodes[at].Attributes) > 0 }
func (b *builder) key(at int) string { return b.nodes[at].Attributes[0].Key }

// set makes a node the variable of key.
func (b *builder) set(at int, key string) {
	b.nodes[at].Attributes = []objectgraph.Attribute{{Name: objectgraph.VariableValue, FullName: key, Key: key}}
}

// child returns the child of a node by name. It makes the child if it does not exist.
func (b *builder) child(from int, name string) int {
	if id, ok := b.children[edge{from, name}]; ok {
		return id
	}
	id := len(b.nodes)
	b.nodes = append(b.nodes, objectgraph.Node{})
	b.nodes[from].Children = append(b.nodes[from].Children, objectgraph.Child{Name: name, ID: id})
	b.children[edge{from, name}] = id
	return id
}

// parts yields the names of the edges that lead to key's variable.
func parts(key string) iter.Seq[string] {
	return func(yield func(string) bool) {
		rest := strings.TrimSuffix(key, tensorFlowSuffix)
		for depth := 1; rest != ""; depth++ {
			rest = strings.TrimLeft(rest, "./")
			end := strings.IndexAny(rest, "./")
			if end < 0 || depth == maxDepth {
				end = len(rest)
			}
			if end > 0 && !yield(rest[:end]) {
				return
			}
			rest = rest[end:]
		}
	}
}

// sortNumbers sorts children by number if all their names are runs of digits.
func sortNumbers(children []objectgraph.Child) {
	for _, c := range children {
		if strings.Trim(c.Name, "0123456789") != "" || c.Name == "" {
			return
		}
	}
	slices.SortStableFunc(children, func(a, b objectgraph.Child) int {
		x, y := strings.TrimLeft(a.Name, "0"), strings.TrimLeft(b.Name, "0")
		return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y))
	})
}
