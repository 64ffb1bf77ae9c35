package keras

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/format/hdf5"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/tensor"
)

// A weight is a tensor of a legacy file.
type weight struct {
	steps []string // the parts of its name: forward_lstm, lstm_cell, kernel
	key   string
}

// A legacyLayer is a layer of a legacy file, and its weights in Keras's order.
type legacyLayer struct {
	name    string
	weights []*weight
	node    int
}

// legacyWeights returns the group that contains the layers of a legacy file, or nil if root is not the root of one.
func legacyWeights(root *hdf5.Group) *hdf5.Group {
	for _, g := range []*hdf5.Group{root.Group("model_weights"), root} {
		if g != nil && (g.Attribute("layer_names") != nil || g.Attribute("layer_names0") != nil) {
			return g
		}
	}
	return nil
}

// attributeNames returns a list of names. Keras splits a long list into several attributes.
func attributeNames(g *hdf5.Group, name string) []string {
	texts := func(a *hdf5.Attribute) []string {
		if t, ok := a.Value.(*tensor.Tensor[string]); ok {
			return t.Data()
		}
		return nil // an empty list is stored as an empty array of numbers
	}
	if a := g.Attribute(name); a != nil {
		return texts(a)
	}
	var all []string
	for i := 0; ; i++ {
		a := g.Attribute(name + strconv.Itoa(i))
		if a == nil {
			return all
		}
		all = append(all, texts(a)...)
	}
}

// groupAt returns the group at a path, or nil if there is none. Names of layers may contain slashes.
func groupAt(g *hdf5.Group, path string) *hdf5.Group {
	for step := range strings.SplitSeq(path, "/") {
		if g = g.Group(step); g == nil {
			return nil
		}
	}
	return g
}

var output = regexp.MustCompile(`:\d+$`) // the output number of a TensorFlow operation: kernel:0

// readLegacy returns the layers of a legacy file, in order. The weights of the model itself become a layer without a name.
func readLegacy(file *hdf5.File) ([]*legacyLayer, error) {
	fault := func(key, reason string, args ...any) error { return raw.Corrupt(file.Name, key, reason, args...) }
	root := legacyWeights(file.Root)
	names := attributeNames(root, "layer_names")
	seen := make(map[string]bool, len(names))
	var layers []*legacyLayer
	read := func(name, path string) error {
		if seen[path] {
			return fault(root.Path, "layer_names has %s twice", raw.Quote(path))
		}
		seen[path] = true
		g := groupAt(root, path)
		if g == nil {
			return fault(root.Path, "layer_names has the layer %s, which has no group", raw.Quote(path))
		}
		l := &legacyLayer{name: name}
		listed := make(map[string]bool)
		for _, w := range attributeNames(g, "weight_names") {
			if listed[w] {
				return fault(g.Path, "weight_names has %s twice", raw.Quote(w))
			}
			listed[w] = true
			at, last := g, w
			if i := strings.LastIndexByte(w, '/'); i >= 0 {
				at, last = groupAt(g, w[:i]), w[i+1:]
			}
			if at == nil || at.Dataset(last) == nil {
				return fault(g.Path, "weight_names has %s, but there is no such dataset", raw.Quote(w))
			}
			l.weights = append(l.weights, &weight{strings.Split(output.ReplaceAllString(w, ""), "/"), at.Dataset(last).Path})
		}
		layers = append(layers, l)
		return nil
	}
	for _, name := range names {
		if err := read(name, name); err != nil {
			return nil, err
		}
	}
	const top = "top_level_model_weights"
	if root.Group(top) != nil && !seen[top] {
		if err := read("", top); err != nil {
			return nil, err
		}
	}
	return layers, nil
}

// A legacyGraph finds the layers of a legacy file for models.
type legacyGraph struct {
	b      *builder
	byName map[string]*legacyLayer
	all    []*weight
}

// legacy adds the layers of a legacy file, and all other objects by their paths.
func (b *builder) legacy(file *hdf5.File, about *description) (*legacyGraph, error) {
	layers, err := readLegacy(file)
	if err != nil {
		return nil, err
	}
	described := make(map[string]*description)
	if about != nil {
		for _, d := range about.layers {
			described[d.name] = d
		}
	}
	l := &legacyGraph{b: b, byName: make(map[string]*legacyLayer)}
	used := make(map[string]bool)
	list, weighted := b.node(), 0
	for i, layer := range layers {
		for _, w := range layer.weights {
			used[w.key] = true
		}
		l.all = append(l.all, layer.weights...)
		layer.node = b.node()
		if layer.name == "" {
			b.weights(layer.node, layer.weights, nil)
			b.copyEdges(0, layer.node)
			continue
		}
		l.byName[layer.name] = layer
		b.weights(layer.node, layer.weights, described[layer.name])
		b.link(0, layer.name, layer.node)
		b.link(list, layer.name, layer.node)
		b.link(list, strconv.Itoa(i), layer.node)
		if len(layer.weights) > 0 {
			b.link(0, fmt.Sprintf("layer_with_weights-%d", weighted), layer.node)
			weighted++
		}
	}
	if about != nil {
		names := make(counter)
		for _, d := range about.layers { // by the names that Keras 3 would give them
			as := names.name(snakeCase(d.class))
			if layer := l.byName[d.name]; layer != nil {
				b.link(list, as, layer.node)
			}
		}
	}
	b.link(0, "layers", list)
	b.link(0, "model_weights", list)
	for g := range file.Root.All() {
		for _, d := range g.Datasets {
			if !used[d.Path] {
				b.path(0, strings.Split(output.ReplaceAllString(d.Path, ""), "/"), b.variable(d.Path))
			}
		}
	}
	return l, nil
}

// find finds a layer of a model: a layer of the file by its name, a layer of a nested model by a part of the names of its weights.
func (l *legacyGraph) find(model place, steps []string, class, name string) (place, bool) {
	if len(steps) > 0 { // the model in a wrapper: weights do not name it
		return place{node: l.b.step(model.node, steps), weights: model.weights}, true
	}
	if model.node == 0 {
		layer := l.byName[name]
		if layer == nil {
			return place{}, false
		}
		return place{node: layer.node, weights: layer.weights}, true
	}
	mine := model.weightsOf(name)
	if len(mine) == 0 {
		if class == "Sequential" || class == "Functional" || class == "Model" { // a nested model: tf_keras stores only the name of the outermost model
			return place{node: l.b.node(), weights: model.weights}, true
		}
		return place{}, false
	}
	at := place{node: l.b.node(), weights: mine}
	l.b.weights(at.node, mine, &description{class: class})
	return at, true
}

// weightsOf returns the weights of the layer called name in a model. It prefers weights with names that begin
// with name, then weights with name among the later parts, then those of a numbered layer.
func (p place) weightsOf(name string) []*weight {
	parts := strings.Split(name, "/")
	var first, within, numbered []*weight
	for _, w := range p.weights {
		switch at := w.index(parts); {
		case at == 0:
			first = append(first, w)
		case at > 0:
			within = append(within, w)
		case w.ofNumbered(name):
			numbered = append(numbered, w)
		}
	}
	for _, found := range [][]*weight{first, within} {
		if len(found) > 0 {
			return found
		}
	}
	return numbered
}

// index returns the index, among the parts of w's name before the last, at which a layer's name begins, or -1.
func (w *weight) index(name []string) int {
	for at := 0; at+len(name) < len(w.steps); at++ {
		if slices.Equal(w.steps[at:at+len(name)], name) {
			return at
		}
	}
	return -1
}

// ofNumbered reports whether a part of w's name is a layer's name with a number that TensorFlow 1 appended to make it unique:
// dense_1_4.
func (w *weight) ofNumbered(name string) bool {
	for _, step := range w.steps[:len(w.steps)-1] {
		if rest, ok := strings.CutPrefix(step, name+"_"); ok && rest != "" && strings.Trim(rest, "0123456789") == "" {
			return true
		}
	}
	return false
}
