package layers

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
)

// TestNumbersOfADescriptionAreLimited makes models from short descriptions that request gigabytes, or sizes
// that overflow an int.
func TestNumbersOfADescriptionAreLimited(t *testing.T) {
	for _, tt := range []struct{ class, config, dtype string }{
		{"IntegerLookup", `"vocabulary": [1, 2], "num_oov_indices": 4611686018427387904`, "int64"},
		{"IntegerLookup", `"vocabulary": [1, 2], "num_oov_indices": -5`, "int64"},
		{"IntegerLookup", `"vocabulary": [1, 2], "output_mode": "one_hot", "max_tokens": 4294967296, "pad_to_max_tokens": true`, "int64"},
		{"CategoryEncoding", `"num_tokens": 4294967296`, "float32"},
		{"RepeatVector", `"n": 2000000000`, "float32"},
		{"Dense", `"units": 2000000000`, "float32"},
		{"Embedding", `"input_dim": 4294967296, "output_dim": 4`, "int64"},
	} {
		t.Run(tt.class+" "+tt.config, func(t *testing.T) {
			m, err := FromKeras(strings.NewReader(fmt.Sprintf(`{"class_name": "Sequential", "config": {"name": "s", "layers": [
				{"class_name": "InputLayer", "config": {"batch_shape": [null, 3], "dtype": %q, "name": "in"}}, {"class_name": %q, "config": {%s}}]}}`, tt.dtype, tt.class, tt.config)))
			if err == nil {
				var x tensor.Any = tensor.New[float32](1, 3)
				if tt.dtype == "int64" {
					x = tensor.New[int64](1, 3)
				}
				_, err = m.Run(nil, x)
			}
			require.Error(t, err)
		})
	}
	t.Run("a description without an end", func(t *testing.T) {
		_, err := readDescription(endless{}, 1<<20)
		require.EqualError(t, err, "layers: model: the JSON has more than 1 MiB, which is too long for the description of a model")
	})
	t.Run("deeply nested layers", func(t *testing.T) {
		deep := `{"class_name": "Dense", "config": {"units": 1}}`
		for range 100 {
			deep = `{"class_name": "TimeDistributed", "config": {"layer": ` + deep + `}}`
		}
		_, err := FromKeras(strings.NewReader(`{"class_name": "Sequential", "config": {"layers": [` + deep + `]}}`))
		require.ErrorContains(t, err, "more than 32 deep")
	})
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

var _ io.Reader = endless{}

func TestStatefulIsRefused(t *testing.T) {
	_, err := FromKeras(strings.NewReader(functional(layerJSON("LSTM", "l", `, "units": 2, "stateful": true`, tensorJSON("x")), `["l", 0, 0]`)))
	require.ErrorIs(t, err, ErrUnknownOption)
	require.ErrorContains(t, err, `option "stateful" is true`)
}
