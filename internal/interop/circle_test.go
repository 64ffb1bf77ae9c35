//go:build interop

package interop

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

// thing is an object that oracle/circle.py attaches to a checkpoint's root.
type thing[T any] struct{ Thing T }

// TestCircle loads checkpoints of Keras 3, tf_keras, Sonnet and TensorFlow and saves them again. The library
// that wrote a checkpoint must restore the result completely, by assert_consumed, whatever its names for a
// layer's weights are.
func TestCircle(t *testing.T) {
	for name, layer := range map[string]func() any{
		"Dense":              func() any { return new(thing[layers.Dense]) },
		"EinsumDense":        func() any { return new(thing[layers.EinsumDense]) },
		"Embedding":          func() any { return new(thing[layers.Embedding]) },
		"Conv1D":             func() any { return new(thing[layers.Conv1D]) },
		"Conv2D":             func() any { return new(thing[layers.Conv2D]) },
		"Conv3D":             func() any { return new(thing[layers.Conv3D]) },
		"Conv1DTranspose":    func() any { return new(thing[layers.Conv1DTranspose]) },
		"Conv2DTranspose":    func() any { return new(thing[layers.Conv2DTranspose]) },
		"DepthwiseConv1D":    func() any { return new(thing[layers.DepthwiseConv1D]) },
		"DepthwiseConv2D":    func() any { return new(thing[layers.DepthwiseConv2D]) },
		"SeparableConv1D":    func() any { return new(thing[layers.SeparableConv1D]) },
		"SeparableConv2D":    func() any { return new(thing[layers.SeparableConv2D]) },
		"BatchNormalization": func() any { return new(thing[layers.BatchNormalization]) },
		"LayerNormalization": func() any { return new(thing[layers.LayerNormalization]) },
		"GroupNormalization": func() any { return new(thing[layers.GroupNormalization]) },
		"Normalization":      func() any { return new(thing[layers.Normalization]) },
		"PReLU":              func() any { return new(thing[layers.PReLU]) },
		"SimpleRNN":          func() any { return new(thing[layers.SimpleRNN]) },
		"LSTM":               func() any { return new(thing[layers.LSTM]) },
		"GRU":                func() any { return new(thing[layers.GRU]) },
		"ConvLSTM2D":         func() any { return new(thing[layers.ConvLSTM2D]) },
		"Bidirectional":      func() any { return &thing[*layers.Bidirectional]{layers.NewBidirectional(new(layers.LSTM))} },
		"MultiHeadAttention": func() any { return new(thing[layers.MultiHeadAttention]) },
	} {
		for _, maker := range []string{"keras3", "tf_keras"} {
			t.Run(maker+"/"+name, func(t *testing.T) { requireCircle(t, maker+"/"+name, layer()) })
		}
	}
	type floats = tensor.Tensor[float32]
	type linear struct{ W, B floats }
	type average struct {
		Counter int64  `ckpt:"_counter"`
		Hidden  floats `ckpt:"_hidden"`
		Average floats
	}
	t.Run("Sonnet", func(t *testing.T) {
		requireCircle(t, "sonnet", new(thing[struct {
			Linear linear
			Norm   struct {
				Scale, Offset              floats
				MovingMean, MovingVariance average
			}
			Core struct {
				Input  floats `ckpt:"_w_i"`
				Hidden floats `ckpt:"_w_h"`
				Bias   floats `ckpt:"b"`
			}
			MLP struct {
				Layers []linear `ckpt:"_layers"`
			}
		}]))
	})
	t.Run("tf.Module", func(t *testing.T) {
		requireCircle(t, "module", new(thing[struct {
			W     floats
			Items []floats
			Heads map[string]*floats
		}]))
	})
	t.Run("lookup tables", func(t *testing.T) {
		var m thing[struct {
			Words   ckpt.Table[string, int64]
			IDs     ckpt.Table[int64, string] `ckpt:"ids"`
			Vectors ckpt.Table[int64, float32]
			Empty   ckpt.Table[string, float32]
			Dense   ckpt.Table[int64, int64]
		}]
		requireCircle(t, "tables", &m)
		id, ok := m.Thing.Words.Get("")
		require.True(t, ok)
		require.EqualValues(t, 2, id)
		word, _ := m.Thing.IDs.Get(3)
		require.Equal(t, "the", word)
		row, _ := m.Thing.Vectors.Row(6)
		require.Equal(t, []float32{3, 4}, row)
		require.Zero(t, m.Thing.Empty.Len())
		v, _ := m.Thing.Dense.Get(9)
		require.EqualValues(t, 90, v)
	})
}

func requireCircle(t *testing.T, name string, model any) {
	t.Helper()
	dir := t.TempDir()
	theirs, ours := filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
	ask[any](t, "circle_writes", arguments{"name": name, "prefix": theirs})
	require.NoError(t, ckpt.LoadWeights(t.Context(), theirs, model, ckpt.Strict()))
	require.NoError(t, ckpt.SaveWeights(t.Context(), ours, model))
	require.Positive(t, ask[int](t, "circle_reads", arguments{"name": name, "theirs": theirs, "ours": ours}))
}
