package keras_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/keras"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

// In archives, Keras 2 stores layers under the names of private attributes. Keras 3 uses the names of public properties.
func TestSaveAttentionOfKeras2(t *testing.T) {
	for _, tt := range []struct{ module, shape, want string }{
		{"tf_keras.src.engine.functional", "batch_input_shape", "layers/multi_head_attention/_query_dense/vars/0"},
		{"keras.src.models.functional", "batch_shape", "layers/multi_head_attention/query_dense/vars/0"},
	} {
		t.Run(tt.module, func(t *testing.T) {
			inputs := `[[["x", 0, 0, {"value": ["x", 0, 0]}]]]`
			if tt.shape == "batch_shape" {
				x := `{"class_name": "__keras_tensor__", "config": {"shape": [null, 5, 8], "dtype": "float32", "keras_history": ["x", 0, 0]}}`
				inputs = `[{"args": [` + x + `, ` + x + `], "kwargs": {}}]`
			}
			model, err := layers.FromKeras(strings.NewReader(`{"module": "` + tt.module + `", "class_name": "Functional", "config": {"name": "m", "layers": [
				{"module": "keras.layers", "class_name": "InputLayer", "config": {"` + tt.shape + `": [null, 5, 8], "dtype": "float32", "name": "x"}, "name": "x", "inbound_nodes": []},
				{"module": "keras.layers", "class_name": "MultiHeadAttention", "config": {"name": "attend", "num_heads": 2, "key_dim": 4}, "name": "attend", "inbound_nodes": ` + inputs + `}],
				"input_layers": [["x", 0, 0]], "output_layers": [["attend", 0, 0]]}}`))
			require.NoError(t, err)
			_, err = model.Call(tensor.New[float32](1, 5, 8))
			require.NoError(t, err)
			path := filepath.Join(t.TempDir(), "m.keras")
			require.NoError(t, keras.Save(t.Context(), path, model))
			r, err := ckpt.Open(path)
			require.NoError(t, err)
			defer r.Close()
			require.True(t, r.Has(tt.want))
			require.NoError(t, ckpt.LoadWeights(t.Context(), path, model, ckpt.Strict()))
		})
	}
}
