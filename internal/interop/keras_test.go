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

// answers are a Keras model's inputs [5 4] and outputs.
type answers struct{ Inputs, Outputs []float32 }

// tf_keras uses the name `kernel`, which layers.Dense reads and writes as an additional name.
type (
	tfDense  struct{ Kernel, Bias tensor.Tensor[float32] }
	tfDenses struct {
		Hidden tfDense `ckpt:"layer_with_weights-0"`
		Scores tfDense `ckpt:"layer_with_weights-1"`
	}
)

func TestKerasModels(t *testing.T) {
	tests := []struct {
		name, model, how string
		train            bool
		path             string // from which the model is loaded, below the directory
		into             predictor
		opts             []ckpt.LoadOption
	}{
		{name: "Keras 3, the model is the root", model: "keras3_mlp", how: "root", path: "model", into: &keras3MLP{}},
		{name: "Keras 3, from within the model", model: "keras3_mlp", how: "root", path: "model", into: &keras3Operations{}, opts: []ckpt.LoadOption{ckpt.At("_functional/_operations")}},
		{name: "Keras 3, next to its optimizer, which has lists nearer to the root", model: "keras3_mlp", how: "keyword", train: true, path: "model-1", into: &keras3MLP{}, opts: []ckpt.LoadOption{ckpt.At("model")}},
		{name: "Keras 3, a subclass", model: "keras3_subclassed", how: "root", path: "model", into: &subclassed{}},
		{name: "Keras 3, a subclass next to its optimizer, by the directory's latest checkpoint", model: "keras3_subclassed", how: "keyword", train: true, path: "", into: &subclassed{}, opts: []ckpt.LoadOption{ckpt.At("model")}},
		{name: "tf_keras, save_weights", model: "tf_keras_mlp", how: "weights", path: "model", into: &tfKerasMLP{}},
		{name: "tf_keras, Checkpoint(model=…)", model: "tf_keras_mlp", how: "keyword", path: "model-1.index", into: &tfKerasMLP{}, opts: []ckpt.LoadOption{ckpt.At("model")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			want := ask[answers](t, "model_writes", arguments{"model": tt.model, "prefix": filepath.Join(dir, "model"), "how": tt.how, "train": tt.train})
			require.NoError(t, ckpt.LoadWeights(t.Context(), filepath.Join(dir, tt.path), tt.into, tt.opts...))
			require.InDeltaSlice(t, want.Outputs, tt.into.predict(t, input(t, want.Inputs, 5, 4)), closeEnough)
		})
	}
}

// TestModelsBack restores checkpoints of this package with Keras.
func TestModelsBack(t *testing.T) {
	tests := []struct {
		name, model, how string
		into             any
	}{
		{"Keras 3", "keras3_mlp", "root", &keras3MLP{}},
		{"Keras 3, a subclass", "keras3_subclassed", "root", &subclassed{}},
		{"tf_keras, load_weights", "tf_keras_mlp", "weights", &tfDenses{}},
		{"tf_keras, load_weights, from layers with a kernel named _kernel", "tf_keras_mlp", "weights", &tfKerasMLP{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			theirs, ours := filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
			want := ask[answers](t, "model_writes", arguments{"model": tt.model, "prefix": theirs, "how": tt.how})
			require.NoError(t, ckpt.LoadWeights(t.Context(), theirs, tt.into))
			require.NoError(t, ckpt.SaveWeights(t.Context(), ours, tt.into))
			got := ask[answers](t, "model_reads", arguments{"model": tt.model, "prefix": ours, "how": tt.how})
			require.Equal(t, want, got)
		})
	}
}

func TestSavedModels(t *testing.T) {
	t.Run("M-01 M-03 a SavedModel's directory is restored", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "saved")
		ask[any](t, "saved_model", arguments{"directory": dir})
		var net struct {
			W     tensor.Tensor[float32]
			Parts struct {
				Bias tensor.Tensor[float32]  `ckpt:"0"`
				Deep []*tensor.Tensor[int64] `ckpt:"1"`
			}
		}
		require.NoError(t, ckpt.LoadWeights(t.Context(), dir, &net))
		require.Equal(t, []float32{1, 2, 3, 4}, net.W.Data())
		require.Equal(t, []float32{0.5}, net.Parts.Bias.Data())
		require.EqualValues(t, 2, net.Parts.Deep[0].At())

		again := struct{ W tensor.Tensor[float32] }{*tensor.New[float32](2, 2)}
		c, err := ckpt.New(&again)
		require.NoError(t, err)
		status, err := c.Restore(t.Context(), dir)
		require.NoError(t, err)
		status.ExpectPartial()
		require.Equal(t, net.W.Data(), again.W.Data())
		_, err = c.Read(t.Context(), dir)
		require.Error(t, err, "Read knows no SavedModels")
	})
	t.Run("an export of Keras 3 is a list of variables", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "saved")
		want := ask[answers](t, "model_writes", arguments{"model": "keras3_mlp", "prefix": dir, "how": "export"})
		var exported struct {
			Variables []tensor.Tensor[float32] `ckpt:"variables"`
		}
		require.NoError(t, ckpt.LoadWeights(t.Context(), dir, &exported))
		v := exported.Variables
		require.Len(t, v, 4)
		got := predictMLP(t, input(t, want.Inputs, 5, 4), &layers.Dense{Kernel: v[0], Bias: v[1]}, &layers.Dense{Kernel: v[2], Bias: v[3]})
		require.InDeltaSlice(t, want.Outputs, got, closeEnough)
	})
}
