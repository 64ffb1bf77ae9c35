package keras_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format/keras"
)

// Weights are called as in Keras: by the names of the layers and of their attributes.
func TestReadableNames(t *testing.T) {
	for file, want := range map[string]map[string]string{
		"keras2.keras":      {"layers/gru/cell/vars/1": "gru.cell.recurrent_kernel"},
		"keras2_weights.h5": {"out/out/kernel:0": "out.kernel"},
		"model.keras":       {},
	} {
		r, err := keras.OpenFile("testdata/" + file)
		require.NoError(t, err)
		names, err := r.ReadableNames()
		require.NoError(t, err)
		require.Len(t, names, r.Len(), "a name for each")
		var all []string
		for _, name := range names {
			all = append(all, name)
		}
		slices.Sort(all)
		require.Len(t, slices.Compact(all), r.Len(), "each another")
		for key, name := range want {
			require.Equal(t, name, names[key], "%s: %v", key, names)
		}
		require.NoError(t, r.Close())
	}
}
