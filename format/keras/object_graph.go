package keras

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
)

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
