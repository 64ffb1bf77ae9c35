//go:build interop

package interop

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
)

// These structs have the attributes of the oracle's Composed and Block.
type (
	Block struct {
		Vars       [3]tensor.Tensor[float32] // scale and shifts: the file does not have names for them
		Projection layers.Dense
	}
	composed struct {
		Dense1 *layers.Dense
		Again  *layers.Dense
		Blocks []any
		Heads  map[string]*layers.Dense // by Keras's names in the file
		Nested [][]layers.Dense
		Body   layers.Sequential
		Hidden layers.Dense `ckpt:"_hidden"`
	}
)

func newComposed() *composed {
	dense := &layers.Dense{Activation: activation.Tanh()}
	return &composed{
		Dense1: dense, Again: dense,
		Blocks: []any{&Block{}, &layers.LayerNormalization{}, &Block{}},
		Heads:  map[string]*layers.Dense{"dense": {}, "dense_1": {}},
		Nested: [][]layers.Dense{make([]layers.Dense, 1), {{NoBias: true}}},
		Body:   layers.NewSequential(&layers.Dense{}, &layers.LayerNormalization{}, &layers.Dense{}),
	}
}

func (b *Block) predict(t *testing.T, x *layers.Tensor) *layers.Tensor {
	y := tensor.New[float32](x.Shape()...)
	for i, v := range x.Data() {
		j := i % b.Vars[0].Len()
		y.Data()[i] = v*b.Vars[0].Data()[j] + b.Vars[1].Data()[j] - b.Vars[2].Data()[j]
	}
	return call(t, y, &b.Projection)
}

func call(t *testing.T, x *layers.Tensor, stack ...layers.Layer) *layers.Tensor {
	for _, layer := range stack {
		y, err := layer.Call(x)
		require.NoError(t, err)
		x = y
	}
	return x
}

func (m *composed) predict(t *testing.T, x *layers.Tensor) []float32 {
	x = call(t, x, m.Dense1, m.Again, &m.Hidden)
	x = m.Blocks[0].(*Block).predict(t, x)
	x = call(t, x, m.Blocks[1].(layers.Layer))
	x = m.Blocks[2].(*Block).predict(t, x)
	left, right := call(t, x, m.Heads["dense"]), call(t, x, m.Heads["dense_1"])
	for i, v := range right.Data() {
		left.Data()[i] += v
	}
	return call(t, left, &m.Nested[0][0], &m.Nested[1][0], &m.Body).Data()
}

// TestWeightsFiles loads .weights.h5 files of Keras 3 into structs with the model's attributes. Keras loads
// the files that this package writes.
func TestWeightsFiles(t *testing.T) {
	for _, tt := range []struct {
		model, how string
		into       predictor
	}{
		{"keras3_mlp", "root", &keras3MLP{}},
		{"keras3_mlp", "h5", &keras3MLP{}},
		{"keras3_subclassed", "root", &subclassed{}},
		{"keras3_subclassed", "h5", &subclassed{}},
		{"keras3_composed", "h5", newComposed()},
	} {
		t.Run(tt.model+" "+tt.how, func(t *testing.T) {
			dir := t.TempDir()
			theirs, ours := filepath.Join(dir, "theirs.weights.h5"), filepath.Join(dir, "ours.weights.h5")
			want := ask[answers](t, "model_writes", arguments{"model": tt.model, "prefix": theirs, "how": tt.how})
			require.NoError(t, ckpt.LoadWeights(t.Context(), theirs, tt.into))
			require.InDeltaSlice(t, want.Outputs, tt.into.predict(t, input(t, want.Inputs, 5, 4)), closeEnough)
			require.NoError(t, ckpt.SaveWeights(t.Context(), ours, tt.into))
			got := ask[answers](t, "model_reads", arguments{"model": tt.model, "prefix": ours, "how": "h5"})
			require.Equal(t, want, got)
		})
	}
}
