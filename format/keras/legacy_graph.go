package keras

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/format/hdf5"
)

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

// weightsOf returns the weights of the layer called name in a model. It prefers weights with names that begin with name, then weights
// with name among the later parts, then those of a numbered layer.
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
