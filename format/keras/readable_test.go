package keras_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format/keras"
)

// Weights have Keras's names, which consist of the names of the layers and of their attributes.
func TestReadableNames(t *testing.T) {
	for file, want := range map[string]map[string]string{
		"keras2.keras":      {"layers/gru/cell/vars/1": "gru.cell.recurrent_kernel"},
		"keras2_weights.h5": {"out/out/kernel:0": "out.kernel"},
		"model.keras":       {},
		"keras2.h5":         {"model_weights/gru/gru/gru_cell/recurrent_kernel:0": "gru.cell.recurrent_kernel"},
		"model.h5": {
			"model_weights/attend/attend/key/bias":                             "attend.key_dense.bias",
			"model_weights/attend/attend/attention_output/kernel":              "attend.output_dense.kernel",
			"model_weights/both_ways/both_ways/backward_lstm/lstm_cell/kernel": "both_ways.backward_layer.cell.kernel",
		},
	} {
		r, err := keras.OpenFile("testdata/" + file)
		require.NoError(t, err)
		names, err := r.ReadableNames()
		require.NoError(t, err)
		require.Len(t, names, r.Len(), "each key has a name")
		var all []string
		for _, name := range names {
			all = append(all, name)
		}
		slices.Sort(all)
		require.Len(t, slices.Compact(all), r.Len(), "the names differ")
		for key, name := range want {
			require.Equal(t, name, names[key], "%s: %v", key, names)
		}
		require.NoError(t, r.Close())
	}
}
