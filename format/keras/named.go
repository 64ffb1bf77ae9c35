package keras

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/objectgraph"
)

// NamedGraph returns g, the graph of a file that Keras did not write, with more edges to weights under Keras's names, such as in
// files that ckpt convert writes:
//
//   - a numbered variable such as layers/dense/vars/0 gets the names that it has in a .weights.h5 file
//   - model finds its layers, by their given names or by the names of their classes (see [Reader.GraphFor])
//
// lookup returns the entry of a key. NamedGraph returns g unchanged if it is not a tree or has no such weights.
func NamedGraph(g *objectgraph.Graph, model any, lookup func(key string) (format.Entry, bool, error)) *objectgraph.Graph {
	n := &nameTree{g.Nodes, lookup}
	m, isModel := model.(kerasModel)
	if isModel && (n.hasChild("_operations") || n.hasChild("_functional")) {
		isModel = false // these names are edges of the model itself
	}
	if !isModel && !slices.ContainsFunc(g.Nodes, n.numbers) || !isTree(g) {
		return g
	}
	root := n.object(0, &object{})
	root.sort()
	var about *description
	if c, ok := model.(configured); ok {
		about = parseConfig(c.Config())
	}
	top := root
	if c := root.byName["model_weights"]; c != nil { // keys of a legacy file
		top = c
	}
	top.understand(about)
	b := newBuilder(g)
	b.object(root)
	if isModel {
		b.model(m, place{object: top}, b.findNamed)
	} else if m, ok := model.(kerasObjects); ok {
		b.program(m, root)
	}
	return &objectgraph.Graph{Nodes: b.nodes, Aliased: true}
}

// isTree reports whether every node that the root reaches has a single path from the root, of at most maxDepth edges.
func isTree(g *objectgraph.Graph) bool {
	seen := make([]bool, len(g.Nodes))
	seen[0] = true
	level := []int{0}
	for depth := 0; len(level) > 0; depth++ {
		var below []int
		for _, id := range level {
			for _, c := range g.Nodes[id].Children {
				if seen[c.ID] || depth == maxDepth {
					return false
				}
				seen[c.ID] = true
				below = append(below, c.ID)
			}
		}
		level = below
	}
	return true
}

// newBuilder returns a builder that adds edges to g.
func newBuilder(g *objectgraph.Graph) *builder {
	b := &builder{nodes: slices.Clone(g.Nodes), children: make(map[edge]int), leaves: make(map[string]int)}
	for id := range b.nodes {
		b.nodes[id].Children = slices.Clip(b.nodes[id].Children)
		for _, c := range b.nodes[id].Children {
			if _, twice := b.children[edge{id, c.Name}]; !twice {
				b.children[edge{id, c.Name}] = c.ID
			}
		}
		for _, a := range b.nodes[id].Attributes {
			b.leaves[a.Key] = id
		}
	}
	return b
}

// A nameTree finds objects in a tree of names.
type nameTree struct {
	nodes  []objectgraph.Node
	lookup func(key string) (format.Entry, bool, error)
}

func (n *nameTree) hasChild(name string) bool {
	return slices.ContainsFunc(n.nodes[0].Children, func(c objectgraph.Child) bool { return c.Name == name })
}

// numbers reports whether a node has a child called vars, where Keras numbers variables.
func (n *nameTree) numbers(node objectgraph.Node) bool {
	return slices.ContainsFunc(node.Children, n.isVars)
}

func (n *nameTree) isVars(c objectgraph.Child) bool {
	children := n.nodes[c.ID].Children
	return c.Name == "vars" && len(children) > 0 && n.key(c.ID) == "" && !slices.ContainsFunc(children, func(v objectgraph.Child) bool {
		return strings.Trim(v.Name, "0123456789") != "" || n.key(v.ID) == "" || len(n.nodes[v.ID].Children) > 0
	})
}

// key returns the key of a node's variable, or "" if the node is not a variable.
func (n *nameTree) key(id int) string {
	if a := n.nodes[id].Attributes; len(a) == 1 && a[0].Name == objectgraph.VariableValue {
		return a[0].Key
	}
	return ""
}

// object fills in o from a node of a tree. The tree is at most maxDepth deep.
func (n *nameTree) object(id int, o *object) *object {
	o.node = id
	for _, c := range n.nodes[id].Children {
		if n.isVars(c) {
			for _, v := range n.nodes[c.ID].Children {
				o.vars = append(o.vars, n.variable(v))
			}
			continue
		}
		if n.key(c.ID) != "" {
			o.values = append(o.values, n.variable(c))
		}
		if len(n.nodes[c.ID].Children) > 0 {
			n.object(c.ID, o.child(c.Name))
		}
	}
	return o
}

// variable returns the variable to which an edge leads. Names from TensorFlow end in the number of an output: kernel:0.
func (n *nameTree) variable(c objectgraph.Child) variable {
	v := variable{name: output.ReplaceAllString(c.Name, ""), key: n.key(c.ID)}
	if e, ok, err := n.lookup(v.key); ok && err == nil {
		v.shape, v.dtype = e.Shape, e.DType
	}
	return v
}

// findNamed finds a layer of a model by its given name or, if there is none, as in a file of Keras.
func (b *builder) findNamed(model place, steps []string, class, name string) (place, bool) {
	at, ok := findLayer(model, steps, class, name)
	o := model.object
	switch {
	case ok || o == nil:
		return at, ok
	case len(steps) > 0: // the model in a wrapper: names do not contain the wrapper
		return place{node: b.step(model.node, steps), object: o}, true
	}
	if o = o.lookup(name); o == nil {
		isModel := class == "Sequential" || class == "Functional" || class == "Model" // there may be only names of its layers
		return place{node: b.node(), object: model.object}, isModel
	}
	b.alias(o)
	return place{node: o.node, object: o}, true
}

// alias adds the names of attributes to a layer that has names of variables.
func (b *builder) alias(layer *object) {
	inner := layer
	for len(inner.children) == 1 && len(inner.vars)+len(inner.values) == 0 { // dense/dense/kernel
		inner = inner.children[0]
	}
	if layer.about != nil {
		b.number(layer, inner)
	}
	b.attributes(inner.node)
	if inner != layer {
		b.copyEdges(layer.node, inner.node)
	}
	b.wrapper(layer.node, layer.about)
}

// number numbers the cells in the stack of an RNN. stack holds them by name.
func (b *builder) number(rnn, stack *object) {
	byClass := make(map[string][]*object)
	for _, c := range stack.children {
		class, _ := splitNumber(c.name)
		byClass[class] = append(byClass[class], c)
	}
	for i, class := range rnn.about.cells {
		cells := byClass[snakeCase(class)]
		if len(cells) == 0 {
			return
		}
		b.path(rnn.node, []string{"cell", "cells", strconv.Itoa(i)}, cells[0].node)
		byClass[snakeCase(class)] = cells[1:]
	}
}
