package keras

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/format/nametree"
	"github.com/gockpt/ckpt/format/objectgraph"
)

// Graph returns the graph of the file's objects and their weights. The package comment describes its names.
func (r *Reader) Graph() (*objectgraph.Graph, error) { return r.GraphFor(nil) }

// GraphFor is Graph with more edges, by which model finds its layers. A model that was made from Keras's description, such
// as a *layers.Model, has a method
//
//	KerasLayers(visit func(edges []string, class, name string, model bool))
//
// It calls visit for each layer of the model and of nested models, in Keras's order and a model before its layers. The
// arguments are the edges that lead from model to the layer, Keras's names for class and layer, and whether the layer is a
// model. If the file does not describe the model, GraphFor calls the model's method Config() json.RawMessage, if it has one,
// to find out which variables layers have.
//
// Any other value may have a method
//
//	KerasObjects(isModel func(path string) bool, visit func(edges []string, path string, variables bool, own []string))
//
// It calls visit for each object. The arguments are the edges that lead to the object (nil if no edges are to
// be made), its path in a file of Keras 3, whether it can have variables, and the names of its variables in
// order, or nil. isModel reports whether the file has a keras.Model at a path. If model has neither method,
// GraphFor returns the same graph as Graph.
func (r *Reader) GraphFor(model any) (*objectgraph.Graph, error) {
	if r.plain {
		keys := func(yield func(string) bool) {
			for t := range r.Tensors() {
				if !yield(t.Key) {
					return
				}
			}
		}
		g, err := nametree.Of(r.Name(), keys)
		if err != nil {
			return nil, err
		}
		return NamedGraph(g, model, r.Lookup), nil
	}
	b := &builder{nodes: make([]objectgraph.Node, 1), children: make(map[edge]int), leaves: make(map[string]int)}
	var find func(model place, steps []string, class, name string) (place, bool)
	var root place
	about := parseConfig(r.config)
	if m, ok := model.(configured); ok && about == nil {
		about = parseConfig(m.Config())
	}
	if r.legacy {
		l, err := b.legacy(r.files[0], about)
		if err != nil {
			return nil, err
		}
		root, find = place{weights: l.all}, l.find
	} else {
		o, err := objects(r.files)
		if err != nil {
			return nil, err
		}
		o.understand(about)
		b.object(o)
		root, find = place{object: o}, findLayer
	}
	if m, ok := model.(kerasModel); ok {
		b.model(m, root, find)
	} else if m, ok := model.(kerasObjects); ok && root.object != nil {
		b.program(m, root.object)
	}
	return &objectgraph.Graph{Nodes: b.nodes, Aliased: true}, nil
}

// An edge is the name of a child of a node.
type edge struct {
	from int
	name string
}

// A builder makes a graph. Node 0 is the root. If several nodes get the same name at a parent, the first keeps it.
type builder struct {
	nodes    []objectgraph.Node
	children map[edge]int
	leaves   map[string]int // nodes of variables, by key
}

func (b *builder) node() int {
	b.nodes = append(b.nodes, objectgraph.Node{})
	return len(b.nodes) - 1
}

// link adds an edge, unless name is empty or the parent already has an edge of that name.
func (b *builder) link(from int, name string, to int) {
	if _, taken := b.children[edge{from, name}]; taken || name == "" {
		return
	}
	b.children[edge{from, name}] = to
	b.nodes[from].Children = append(b.nodes[from].Children, objectgraph.Child{Name: name, ID: to})
}

// linkBoth is link for a name, and for the name with an underscore in front.
func (b *builder) linkBoth(from int, name string, to int) {
	b.link(from, name, to)
	if !strings.HasPrefix(name, "_") {
		b.link(from, "_"+name, to)
	}
}

// variable returns the node of a tensor.
func (b *builder) variable(key string) int {
	if id, ok := b.leaves[key]; ok {
		return id
	}
	id := b.node()
	b.leaves[key] = id
	b.nodes[id].Attributes = []objectgraph.Attribute{{Name: objectgraph.VariableValue, FullName: key, Key: key}}
	return id
}

// object adds the contents of o under all of their names. The node of o must exist.
func (b *builder) object(o *object) {
	for _, c := range o.children {
		if c.node == 0 {
			c.node = b.node()
		}
		b.link(o.node, c.name, c.node)
	}
	layers := o.layers()
	if layers != nil {
		b.link(o.node, "layers", layers.node)
	}
	b.variables(o)
	for _, c := range o.children {
		b.link(o.node, "_"+strings.TrimPrefix(c.name, "_"), c.node)
		b.object(c)
	}
	if o.isList() {
		for _, c := range o.children {
			_, n := splitNumber(c.name)
			b.link(o.node, strconv.Itoa(n), c.node)
		}
	}
	if o.about != nil && len(o.about.cells) > 0 {
		b.cells(o)
	}
	for _, c := range o.children {
		b.link(o.node, c.label, c.node)
	}
	if len(o.vars)+len(o.values) == 0 { // may be a list or a dict
		b.givenFirst(o)
	}
	if layers != nil {
		b.layers(o, layers)
	}
}

// cells numbers the cells in the stack of an RNN.
func (b *builder) cells(rnn *object) {
	list := rnn.at("cell/cells")
	if list == nil {
		return
	}
	names := make(counter)
	for i, class := range rnn.about.cells {
		if c := list.byName[names.name(snakeCase(class))]; c != nil {
			b.link(list.node, strconv.Itoa(i), c.node)
		}
	}
}

// givenFirst moves children with given names before all others, so that these names become the keys of a dict. Names that Keras
// derives from classes are not given names.
func (b *builder) givenFirst(o *object) {
	given := make(map[edge]bool)
	for _, c := range o.children {
		class, _ := splitNumber(c.name)
		if made, _ := splitNumber(c.label); c.label != "" && made != class {
			given[edge{c.node, c.label}] = true
		}
	}
	isGiven := func(c objectgraph.Child) bool { return given[edge{c.ID, c.Name}] }
	children := b.nodes[o.node].Children
	first := slices.DeleteFunc(slices.Clone(children), func(c objectgraph.Child) bool { return !isGiven(c) })
	b.nodes[o.node].Children = append(first, slices.DeleteFunc(children, isGiven)...)
}

// layers adds a model's layers as children of the model. Given names take precedence over names that Keras derived from classes.
func (b *builder) layers(o, layers *object) {
	for _, l := range layers.children {
		b.link(o.node, l.label, l.node)
	}
	for _, l := range layers.children {
		b.link(o.node, l.name, l.node)
	}
	if o.about == nil {
		return
	}
	names, weighted := make(counter), 0
	for i, d := range o.about.layers {
		l := layers.byName[names.name(snakeCase(d.class))]
		if l == nil {
			continue
		}
		b.link(layers.node, strconv.Itoa(i), l.node)
		if l.hasWeights() {
			b.link(o.node, "layer_with_weights-"+strconv.Itoa(weighted), l.node)
			weighted++
		}
	}
}

func (o *object) hasWeights() bool {
	if len(o.vars)+len(o.values) > 0 {
		return true
	}
	for _, c := range o.children {
		if c.hasWeights() {
			return true
		}
	}
	return false
}

// variables adds the tensors that belong to o directly.
func (b *builder) variables(o *object) {
	for _, v := range o.values {
		b.linkBoth(o.node, v.name, b.variable(v.key))
	}
	if len(o.vars) == 0 {
		return
	}
	vars := b.step(o.node, []string{"vars"})
	ids := make([]int, len(o.vars))
	for i, v := range o.vars {
		ids[i] = b.variable(v.key)
		b.link(vars, v.name, ids[i])
		if len(v.given) > 0 {
			b.path(o.node, v.given, ids[i])
		}
	}
	for i, names := range o.variableNames() {
		for _, name := range names {
			b.linkBoth(o.node, name, ids[i])
		}
	}
}

// variableNames returns the names of o's variables. After a gap in their numbers, names are unknown.
func (o *object) variableNames() [][]string {
	vars := o.vars
	for i, v := range vars {
		if v.name != strconv.Itoa(i) {
			return nil
		}
	}
	return variableNames(o.class, o.about, vars)
}
