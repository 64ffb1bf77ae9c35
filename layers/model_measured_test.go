package layers

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

// A layer must not panic on an empty batch, because String runs layers on empty batches.
func TestEmptyBatches(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	require.NoError(t, err)
	ran := 0
	for _, file := range files {
		family := strings.TrimSuffix(filepath.Base(file), ".golden")
		if family == "lora" { // also has cases that are not layers
			continue
		}
		for _, c := range readGolden(t, family) {
			layer, err := kerasLibrary{}.Make(c.Class, c.Config)
			require.NoError(t, err)
			c.setWeights(t, layer)
			var xs []*Tensor
			for _, g := range c.Inputs {
				x := c.tensor(t, g)
				if x != nil && len(x.Shape()) > 0 {
					shape := slices.Clone(x.Shape())
					shape[0] = 0
					x = tensor.New[float32](shape...)
				}
				xs = append(xs, x)
			}
			require.NotPanics(t, func() {
				var err error
				switch l := layer.(type) {
				case MultiLayer:
					_, err = l.ForwardAll(new(Context), xs)
				case Layer:
					_, err = l.Forward(new(Context), xs[0])
				}
				if err == nil {
					ran++
				}
			}, "%s/%s", c.Class, c.Name)
		}
	}
	require.Greater(t, ran, 300)
}

// This model has an output that no other layer uses, several outputs, and an unknown length.
func TestSummaryMeasures(t *testing.T) {
	config := functional(`
		,{"module": "keras.layers", "class_name": "RepeatVector", "name": "r", "config": {"name": "r", "n": 4}, "inbound_nodes": [{"args": [`+tensorJSON("x")+`], "kwargs": {}}]}
		,{"module": "keras.layers", "class_name": "Flatten", "name": "f", "config": {"name": "f"}, "inbound_nodes": [{"args": [`+tensorJSON("r")+`], "kwargs": {}}]}`, `["f", 0, 0]`)
	require.True(t, json.Valid([]byte(config)))
	m, err := FromKeras(strings.NewReader(config))
	require.NoError(t, err)
	require.Contains(t, m.String(), "f (Flatten)                     │ (None, 12) ")

	for _, tt := range []struct {
		shapes, others []tensor.Shape
		want           string
	}{
		{[]tensor.Shape{{0, 5, 1024}}, []tensor.Shape{{0, 5, 2048}}, "(None, 5, None)"},
		{[]tensor.Shape{{0, 5}, {0}}, []tensor.Shape{{0, 5}, {0}}, "[(None, 5), (None)]"},
		{[]tensor.Shape{{0, 5}}, []tensor.Shape{{0}}, "(None, None)"},
		{nil, nil, "[]"},
	} {
		require.Equal(t, tt.want, shapesText(tt.shapes, tt.others))
	}
}
