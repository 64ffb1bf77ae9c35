package keras_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/format/nametree"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/tensor"
)

// A sequence is a Sequential model. Each of its layers has a class and a name.
type sequence []string

func (s sequence) KerasLayers(visit func(edges []string, class, name string, model bool)) {
	for i, layer := range s {
		class, name, _ := strings.Cut(layer, " ")
		visit([]string{"_operations", string(rune('0' + i))}, class, name, false)
	}
}

func (s sequence) Config() json.RawMessage {
	return json.RawMessage(`{"class_name": "Functional", "config": {"layers": [{"class_name": "RNN", "config": {"name": "stack", "cell":
		{"class_name": "StackedRNNCells", "config": {"cells": [{"class_name": "LSTMCell"}, {"class_name": "GRUCell"}]}}}},
		{"class_name": "TimeDistributed", "config": {"name": "each", "layer": {"class_name": "Dense", "config": {"name": "dense"}}}}]}}`)
}

// lookup finds every key: vectors for the names of biases and the number 1, otherwise matrices.
func lookup(key string) (format.Entry, bool, error) {
	e := format.Entry{Key: key, DType: tensor.DTFloat32, Shape: tensor.Shape{2, 3}}
	if strings.HasSuffix(key, "/1") || strings.HasSuffix(key, ".1") || strings.Contains(key, "bias") {
		e.Shape = tensor.Shape{3}
	}
	return e, true, nil
}

func namedGraph(keys []string, model any) (*objectgraph.Graph, error) {
	g, err := nametree.Graph(slices.Values(keys))
	if err != nil {
		return nil, err
	}
	return keras.NamedGraph(g, model, lookup), nil
}

func TestNamedGraph(t *testing.T) {
	model := sequence{"Dense head", "RNN stack", "TimeDistributed each", "Bidirectional both", "Dense tail"}
	for _, tt := range []struct {
		name  string
		keys  string
		model any
		path  string // edges
		want  string // the key of the variable at the edges
	}{
		{"numbers, for a struct", "layers/dense/vars/0 layers/dense/vars/1", nil, "dense kernel", "layers/dense/vars/0"},
		{"numbers below an attribute", "encoder.proj.vars.0 encoder.proj.vars.1", nil, "encoder proj bias", "encoder.proj.vars.1"},
		{"numbers stay", "layers/dense/vars/0", nil, "layers dense vars 0", "layers/dense/vars/0"},
		{"the class's number", "layers/dense/vars/0 layers/dense_1/vars/0", model, "_operations 4 _kernel", "layers/dense_1/vars/0"},
		{"given names", "tail.kernel head.kernel", model, "_operations 0 _kernel", "head.kernel"},
		{"names of TensorFlow's variables", "head/kernel:0 tail/kernel:0", model, "_operations 4 kernel", "tail/kernel:0"},
		{"the model's name in front", "sequential.head.kernel sequential.tail.kernel", model, "_operations 4 kernel", "sequential.tail.kernel"},
		{"a repeated name", "head/head/kernel tail/tail/kernel", model, "_operations 0 kernel", "head/head/kernel"},
		{"a legacy file's keys", "model_weights/head/head/kernel optimizer_weights/head/m", model, "_operations 0 kernel", "model_weights/head/head/kernel"},
		{"a wrapper", "each.kernel head.kernel", model, "_operations 2 layer kernel", "each.kernel"},
		{"cells of several classes", "stack.a.gru_cell.kernel stack.a.lstm_cell_3.kernel", model, "_operations 1 cell cells 0 kernel", "stack.a.lstm_cell_3.kernel"},
		{"both directions", "both.forward_lstm.lstm_cell.recurrent_kernel both.backward_lstm.lstm_cell.recurrent_kernel", model, "_operations 3 backward_layer cell recurrent_kernel",
			"both.backward_lstm.lstm_cell.recurrent_kernel"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, err := namedGraph(strings.Fields(tt.keys), tt.model)
			require.NoError(t, err)
			require.NoError(t, g.Check())
			at := 0
			for edge := range strings.FieldsSeq(tt.path) {
				i := slices.IndexFunc(g.Nodes[at].Children, func(c objectgraph.Child) bool { return c.Name == edge })
				require.GreaterOrEqual(t, i, 0, "%s of %v", edge, g.Nodes[at].Children)
				at = g.Nodes[at].Children[i].ID
			}
			require.Equal(t, []objectgraph.Attribute{{Name: objectgraph.VariableValue, FullName: tt.want, Key: tt.want}}, g.Nodes[at].Attributes)
		})
	}
}

// Graphs without names of Keras, and graphs of programs, are returned unchanged.
func TestNamedGraphLeavesOthers(t *testing.T) {
	node := func(children ...objectgraph.Child) objectgraph.Node { return objectgraph.Node{Children: children} }
	tree, err := nametree.Graph(slices.Values([]string{"h.0.weight", "vars.x"}))
	require.NoError(t, err)
	own, err := nametree.Graph(slices.Values([]string{"_operations.0._kernel", "a.vars.b"}))
	require.NoError(t, err)
	for name, g := range map[string]*objectgraph.Graph{
		"other names":   tree,
		"its own names": own,
		"shared":        {Nodes: []objectgraph.Node{node(objectgraph.Child{Name: "a", ID: 1}, objectgraph.Child{Name: "b", ID: 1}), node()}},
		"a cycle":       {Nodes: []objectgraph.Node{node(objectgraph.Child{Name: "a", ID: 0})}},
	} {
		model := any(sequence{"Dense head"})
		if name == "other names" {
			model = nil
		}
		require.Same(t, g, keras.NamedGraph(g, model, lookup), name)
	}
}

func FuzzNamedGraph(f *testing.F) {
	f.Add("layers/dense/vars/0\nlayers/dense/vars/1\nhead.kernel")
	f.Add("stack.a.gru_cell.kernel\nstack.a.lstm_cell.kernel\neach.each.each.kernel")
	f.Add("vars/0\nvars/1\nlayers/vars/0\nlayers/layers/vars/2")
	f.Add("both.forward_lstm.lstm_cell.recurrent_kernel\nmodel_weights/tail/tail/kernel:0\nlayer.vector_u")
	f.Fuzz(func(t *testing.T, lines string) {
		keys := slices.Compact(slices.Sorted(strings.SplitSeq(strings.ToValidUTF8(lines, "?"), "\n")))
		for _, model := range []any{nil, sequence{"Dense head", "RNN stack", "TimeDistributed each", "Bidirectional both", "Sequential tail"}} {
			g, err := namedGraph(keys, model)
			if err != nil {
				require.ErrorIs(t, err, format.ErrCorrupt)
				return
			}
			require.NoError(t, g.Check())
			values := make(map[string]bool)
			for i := range g.Nodes {
				for _, a := range g.Nodes[i].Attributes {
					values[a.Key] = true
				}
			}
			require.Len(t, values, len(keys))
		}
	})
}
