package keras

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
)

// The edges from the root of an exported model to lists that repeat its objects: its variables in Keras's order, and the objects
// that its functions use.
const (
	exportedVariables = "variables"
	exportedAgain     = "_all_variables"
)

// maxSteps is the largest number of parts of a global name that are compared.
const maxSteps = 64

// An ExportedVariable is a variable of an exported model.
type ExportedVariable struct {
	Node int    // in the graph
	Key  string // in the checkpoint
	Name string // the global name, such as sequential/dense/kernel; older Kerases have a name such as kernel, or "variable"

	Layer string // the layer that has the variable, in a legacy file
}

// LegacyVariables returns the variables of a legacy file in the order of its layers, with their nodes in r's graph g. It
// returns nil for other files.
func (r *Reader) LegacyVariables(g *objectgraph.Graph) []ExportedVariable {
	if !r.legacy {
		return nil
	}
	layers, err := readLegacy(r.files[0])
	if err != nil {
		return nil // GraphFor has returned this error
	}
	nodes := make(map[string]int)
	for id := range g.Nodes {
		for _, a := range g.Nodes[id].Attributes {
			nodes[a.Key] = id
		}
	}
	var all []ExportedVariable
	for _, l := range layers {
		for _, w := range l.weights {
			id, ok := nodes[w.key]
			if !ok {
				return nil
			}
			all = append(all, ExportedVariable{Node: id, Key: w.key, Name: strings.Join(w.steps, "/"), Layer: l.name})
		}
	}
	return all
}

// Exported returns the variables of a SavedModel that the method export of a Keras model wrote, in Keras's order. Such a
// graph has lists of variables instead of objects. Exported returns nil for any other graph.
func Exported(g *objectgraph.Graph) []ExportedVariable {
	list, again := -1, false
	for _, c := range g.Nodes[0].Children {
		switch c.Name {
		case exportedVariables:
			list = c.ID
		case exportedAgain:
			again = true
		}
	}
	if list < 0 || !again {
		return nil
	}
	children := g.Nodes[list].Children
	all := make([]ExportedVariable, len(children))
	for _, c := range children {
		i, err := strconv.Atoi(c.Name)
		attributes := g.Nodes[c.ID].Attributes
		if err != nil || i < 0 || i >= len(all) || all[i].Key != "" || len(attributes) != 1 || attributes[0].Name != objectgraph.VariableValue {
			return nil
		}
		all[i] = ExportedVariable{Node: c.ID, Key: attributes[0].Key, Name: strings.TrimSuffix(attributes[0].FullName, ":0")}
	}
	return all
}

// ExportedGraph returns the graph g of an exported model with more edges to its variables: by unique global names, with and
// without the model's name in front, and the edges by which model finds its layers (see [Reader.GraphFor]). It does not add
// an edge twice.
func ExportedGraph(g *objectgraph.Graph, variables []ExportedVariable, model any) *objectgraph.Graph {
	b := &builder{nodes: slices.Clone(g.Nodes), children: make(map[edge]int), leaves: make(map[string]int)}
	root := b.nodes[0].Children
	b.nodes[0].Children = nil
	var weights, inner []*weight // inner has the weights without the first part of their names
	var first string
	common := true
	named := make(map[string]int)
	for _, v := range variables {
		named[v.Name]++
	}
	useful := func(name string) bool {
		// Newer versions of Keras omit the names of layers from variables of subclassed models, so these names are not unique.
		return named[name] == 1 && strings.Count(name, "/") < maxSteps
	}
	for i, v := range variables {
		b.leaves[v.Key] = v.Node
		if !useful(v.Name) {
			common = false
			continue
		}
		steps := strings.Split(v.Name, "/")
		if i == 0 {
			first = steps[0]
		}
		if len(steps) > 1 {
			weights = append(weights, &weight{steps, v.Key})
		}
		if steps[len(steps)-1] == "seed_generator_state" { // does not belong to a layer
			continue
		}
		if common = common && len(steps) > 1 && steps[0] == first; common {
			inner = append(inner, &weight{steps[1:], v.Key})
		}
	}
	for _, c := range root {
		if c.Name == exportedAgain {
			b.forget(c.ID)
			continue
		}
		b.link(0, c.Name, c.ID)
	}
	l := &legacyGraph{b: b, byName: make(map[string]*legacyLayer), all: weights}
	if common {
		l.all = inner
		l.layers(inner)
	}
	l.layers(weights)
	if m, ok := model.(kerasModel); ok {
		b.model(m, place{weights: l.all}, l.find)
	}
	return &objectgraph.Graph{Nodes: b.nodes, Aliased: true}
}

// forget removes the values of a list.
func (b *builder) forget(list int) {
	for _, c := range b.nodes[list].Children {
		if !slices.ContainsFunc(b.nodes[c.ID].Attributes, func(a objectgraph.Attribute) bool { _, ok := b.leaves[a.Key]; return ok }) {
			b.nodes[c.ID].Attributes = nil
		}
	}
	b.nodes[list].Children = nil
}

// layers adds layers, named by the first parts of the weights' names, and the weights that have a single part.
func (l *legacyGraph) layers(weights []*weight) {
	byName := make(map[string]*legacyLayer)
	var names []string
	for _, w := range weights {
		if len(w.steps) == 1 {
			l.b.linkBoth(0, w.steps[0], l.b.variable(w.key))
			continue
		}
		layer := byName[w.steps[0]]
		if layer == nil {
			layer = &legacyLayer{name: w.steps[0], node: l.b.node()}
			byName[layer.name] = layer
			names = append(names, layer.name)
		}
		layer.weights = append(layer.weights, w)
	}
	for _, name := range names {
		layer := byName[name]
		l.b.weights(layer.node, layer.weights, nil)
		l.b.link(0, name, layer.node)
		if l.byName[name] == nil {
			l.byName[name] = layer
		}
	}
}
