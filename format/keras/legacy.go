package keras

import (
	"regexp"
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
