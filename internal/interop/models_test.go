package interop

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
)

// closeEnough is the allowed difference of two float32 sums of the same values in different orders.
const closeEnough = 1e-5

// These are sequences of Dense layers with the edges of each generation of Keras.
type (
	keras3MLP struct {
		Functional struct {
			Operations keras3Operations `ckpt:"_operations"`
		} `ckpt:"_functional"`
	}
	keras3Operations struct {
		Hidden layers.Dense `ckpt:"1"`
		Scores layers.Dense `ckpt:"2"`
	}
	tfKerasMLP struct {
		Hidden layers.Dense `ckpt:"layer_with_weights-0,alias=layer-0"`
		Scores layers.Dense `ckpt:"layer_with_weights-1,alias=layer-1"`
	}
	subclassed struct {
		InputTransform layers.Dense
		Head           layers.Dense
	}
)

func input(t *testing.T, values []float32, shape ...int) *layers.Tensor {
	x, err := tensor.FromSlice(values, shape...)
	require.NoError(t, err)
	return x
}

func forward(t *testing.T, x *layers.Tensor, stack ...*layers.Dense) []float32 {
	for _, layer := range stack {
		y, err := layer.Call(x)
		require.NoError(t, err)
		x = y
	}
	return x.Data()
}

func (m *keras3MLP) predict(t *testing.T, x *layers.Tensor) []float32 {
	return m.Functional.Operations.predict(t, x)
}

func (o *keras3Operations) predict(t *testing.T, x *layers.Tensor) []float32 {
	return predictMLP(t, x, &o.Hidden, &o.Scores)
}

func (m *tfKerasMLP) predict(t *testing.T, x *layers.Tensor) []float32 {
	return predictMLP(t, x, &m.Hidden, &m.Scores)
}

func (m *subclassed) predict(t *testing.T, x *layers.Tensor) []float32 {
	m.InputTransform.Activation = activation.Tanh()
	return forward(t, x, &m.InputTransform, &m.Head)
}

func predictMLP(t *testing.T, x *layers.Tensor, hidden, scores *layers.Dense) []float32 {
	hidden.Activation, scores.Activation = activation.ReLU(), activation.Softmax()
	return forward(t, x, hidden, scores)
}

type predictor interface {
	predict(t *testing.T, x *layers.Tensor) []float32
}

// TestGoldenModels loads models that TensorFlow saved, and compares their outputs.
func TestGoldenModels(t *testing.T) {
	tests := []struct {
		name string
		path string // "": the case's prefix
		into predictor
		opts []ckpt.LoadOption
	}{
		{name: "keras3-mlp", into: &keras3MLP{}},
		{name: "keras3-mlp-trained", path: "train", into: &keras3MLP{}, opts: []ckpt.LoadOption{ckpt.At("model")}},
		{name: "keras3-mlp-trained", into: &keras3Operations{}, opts: []ckpt.LoadOption{ckpt.At("model/_functional/_operations")}},
		{name: "keras3-subclass", into: &subclassed{}, opts: []ckpt.LoadOption{ckpt.At("model")}},
		{name: "tf-keras-mlp", into: &tfKerasMLP{}},
		{name: "tf-keras-mlp", path: "train/ckpt-1", into: &tfKerasMLP{}, opts: []ckpt.LoadOption{ckpt.At("model")}},
	}
	cases := goldens(t, "")
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.path, func(t *testing.T) {
			g := cases[tt.name]
			path := g.path(g.Prefix)
			if tt.path != "" {
				path = g.path(tt.path)
			}
			require.NoError(t, ckpt.LoadWeights(t.Context(), path, tt.into, tt.opts...))
			require.InDeltaSlice(t, g.IO.Outputs.Values, tt.into.predict(t, input(t, g.IO.Inputs.Values, g.IO.Inputs.Shape...)), closeEnough)
		})
	}
}
