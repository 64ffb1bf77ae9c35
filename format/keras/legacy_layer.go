package keras

import (
	"slices"
	"strconv"
	"strings"
)

// weights adds the weights of a legacy layer at its node, under these names: their numbers, all parts of their names, the last
// parts alone, and the attributes of Keras's classes.
func (b *builder) weights(node int, weights []*weight, about *description) {
	if len(weights) == 0 {
		return
	}
	vars := b.node()
	for i, w := range weights {
		id := b.variable(w.key)
		b.link(vars, strconv.Itoa(i), id)
		at := node
		for _, step := range w.steps[:len(w.steps)-1] {
			at = b.step(at, []string{step})
		}
		b.link(at, w.steps[len(w.steps)-1], id)
	}
	// Parts with which all names begin identify the layer, and not a weight of it.
	inner := node
	for len(b.nodes[inner].Children) == 1 && b.isGroup(b.nodes[inner].Children[0].ID) {
		inner = b.nodes[inner].Children[0].ID
	}
	b.attributes(inner)
	if inner != node {
		b.copyEdges(node, inner)
	}
	b.link(node, "vars", vars)
	b.wrapper(node, about)
}

// wrapper adds the edge from a wrapper to the layer that it wraps.
func (b *builder) wrapper(node int, about *description) {
	if about == nil || b.hasEdge(node, "layer") || about.inner == nil && about.class != "TimeDistributed" && about.class != "SpectralNormalization" {
		return
	}
	wrapped := b.node()
	b.copyEdges(wrapped, b.wrapped(node))
	b.link(node, "layer", wrapped)
}

// wrapped returns the node of the layer inside a wrapper. SpectralNormalization has a weight next to it. The weights of other
// wrappers have the wrapper's name.
func (b *builder) wrapped(node int) int {
	if !b.hasEdge(node, "vector_u") {
		return node
	}
	for _, c := range b.nodes[node].Children {
		if b.isGroup(c.ID) && c.Name != "vars" && !b.hasEdge(c.ID, "vector_u") && b.hasEdge(c.ID, "kernel") {
			return c.ID
		}
	}
	return node
}

// attributes adds the names of attributes to a node that has the parts of weights' names, and to the nodes below it. At this point
// these nodes form a tree, which is at most as deep as an HDF5 path is long.
func (b *builder) attributes(node int) {
	children := slices.Clone(b.nodes[node].Children)
	seen := make(map[int]bool) // some already have an underscore in front
	var cells []int
	var forward, other, backward int // the layers of a Bidirectional; an explicit backward layer keeps its name
	for _, c := range children {
		if seen[c.ID] {
			continue
		}
		seen[c.ID] = true
		if !b.isGroup(c.ID) {
			b.linkBoth(node, c.Name, c.ID)
			continue
		}
		b.attributes(c.ID)
		switch {
		case strings.HasPrefix(c.Name, "forward_"):
			forward = c.ID
			b.link(node, "forward_layer", c.ID)
		case strings.HasPrefix(c.Name, "backward_"):
			backward = c.ID
			b.link(node, "backward_layer", c.ID)
		case c.Name == "attention_output":
			b.linkBoth(node, "output_dense", c.ID)
		case c.Name == "query", c.Name == "key", c.Name == "value", c.Name == "gate":
			b.linkBoth(node, c.Name+"_dense", c.ID)
		case b.hasEdge(c.ID, "recurrent_kernel"):
			cells = append(cells, c.ID)
		default:
			other = c.ID
		}
	}
	if forward > 0 && backward == 0 && other > 0 {
		b.link(node, "backward_layer", other)
	}
	switch {
	case b.hasEdge(node, "recurrent_kernel"): // older versions of Keras name the weights of a cell as if they were the layer's
		cell := b.node()
		b.copyEdges(cell, node)
		b.link(node, "cell", cell)
	case len(cells) == 1:
		b.link(node, "cell", cells[0])
	case len(cells) > 1:
		list := b.step(node, []string{"cell", "cells"})
		for i, cell := range cells {
			b.link(list, strconv.Itoa(i), cell)
		}
	}
}
