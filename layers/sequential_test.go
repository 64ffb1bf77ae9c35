package layers

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
)

// kinds names the types of a chain's operations. "-" means that there is nothing to save.
func kinds(operations []any) []string {
	names := make([]string, len(operations))
	for i, o := range operations {
		names[i] = "-"
		if o != nil {
			names[i] = classOf(o)
		}
	}
	return names
}

// The expected values are from model._functional._operations of Keras 3.15.1.
func TestSequentialHoldsLayersWhereKerasDoes(t *testing.T) {
	inner := NewSequential(NewDense(3))
	for _, tt := range []struct {
		name   string
		layers []any
		want   []string
	}{
		{"an input layer first", []any{NewDense(3), new(ReLU), NewDense(2)}, []string{"-", "Dense", "ReLU", "Dense"}},
		{"NotEqual follows the layer before the one that takes the mask", []any{&Embedding{MaskZero: true}, new(Dropout), &LSTM{ReturnSequences: true}, new(Dropout), new(GRU)},
			[]string{"-", "Embedding", "Dropout", "-", "LSTM", "Dropout", "GRU"}},
		{"a later mask replaces an earlier one", []any{&Embedding{MaskZero: true}, new(Masking), NewDense(3), new(GRU)}, []string{"-", "Embedding", "Masking", "-", "Dense", "-", "GRU"}},
		{"no operators if no layer takes the mask", []any{new(Masking), NewDense(3), new(Flatten)}, []string{"-", "Masking", "Dense", "Flatten"}},
		{"an inner model takes the mask and ends it", []any{&Embedding{MaskZero: true}, &inner, new(GRU)}, []string{"-", "Embedding", "-", "Sequential", "GRU"}},
		{"two masks", []any{new(Masking), &GRU{ReturnSequences: true}, &Masking{MaskValue: 1}, new(GRU)}, []string{"-", "-", "Masking", "-", "GRU", "-", "Masking", "-", "GRU"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := NewSequential(tt.layers...)
			require.Equal(t, tt.want, kinds(s.Functional.Operations))
			require.Equal(t, tt.layers, s.Layers())
		})
	}
}

func TestSequentialUnderTheNamesOfTF2(t *testing.T) {
	first, last, within := NewDense(3), NewDense(1), NewDense(2)
	inner := NewSequential(new(Dropout), within)
	s := NewSequential(first, new(ReLU), &inner, new(Dropout), last)
	edges := s.TF2()
	require.Equal(t, []string{"layer_with_weights-0", "layer_with_weights-1", "layer_with_weights-2"}, slices.Sorted(maps.Keys(edges)))
	require.Same(t, first, edges["layer_with_weights-0"])
	require.Equal(t, map[string]any{"layer_with_weights-0": within}, edges["layer_with_weights-1"])
	require.Same(t, last, edges["layer_with_weights-2"])
}

// Layers that have no weights because of their options are not numbered.
func TestNamesOfTF2PassByLayersWithoutWeights(t *testing.T) {
	last := NewDense(1)
	s := NewSequential(&LayerNormalization{NoScale: true, NoCenter: true}, new(Attention), &AdditiveAttention{NoScale: true}, last)
	require.Equal(t, map[string]any{"layer_with_weights-0": last}, s.TF2())
	scaled := &Attention{UseScale: true}
	s = NewSequential(scaled, last)
	require.Equal(t, map[string]any{"layer_with_weights-0": scaled, "layer_with_weights-1": last}, s.TF2())
}

func TestSequentialCall(t *testing.T) {
	t.Run("masks go from layer to layer", func(t *testing.T) {
		table := *newTensor(t, []float32{100, 1, 2}, 3, 1)
		s := NewSequential(&Embedding{Embeddings: table, MaskZero: true}, new(Dropout), new(GlobalAveragePooling1D))
		y, err := s.Call(newTensor(t, []float32{1, 2, 0, 1, 0, 0}, 2, 3))
		require.NoError(t, err)
		require.Equal(t, []float32{1.5, 1}, y.Data())
	})
	t.Run("a value that is not a layer is an error", func(t *testing.T) {
		s := NewSequential(NewDense(2), 7)
		_, err := s.Call(tensor.New[float32](1, 2))
		require.EqualError(t, err, "layers: sequential: layer 1: cannot call a value of type int: want a Layer or a MultiLayer")
	})
	t.Run("an error names the layer", func(t *testing.T) {
		s := NewSequential(NewDense(2), &Dense{Kernel: *tensor.New[float32](3, 1)})
		s.Name = "scorer"
		_, err := s.Call(tensor.New[float32](1, 2))
		require.EqualError(t, err, `layers: sequential "scorer": layer 1: layers: dense: input shape [1 2], want [… 3] for kernel shape [3 1]`)
	})
	t.Run("an empty model returns its input", func(t *testing.T) {
		x := tensor.New[float32](1, 2)
		s := NewSequential()
		y, err := s.Call(x)
		require.NoError(t, err)
		require.Same(t, x, y)
	})
}

func ExampleSequential() {
	s := NewSequential(
		&Dense{Units: 4, Activation: activation.ReLU()},
		NewDense(2),
		&Softmax{},
	)
	y, err := s.Call(tensor.New[float32](3, 5))
	fmt.Println(y.Shape(), y.Data()[:2], err)
	// Output: [3 2] [0.5 0.5] <nil>
}
