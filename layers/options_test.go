package layers

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// passedOver lists, for each class, the options that do not change inference, and the reasons.
var passedOver = map[string]string{
	"Attention.dropout":                      "trains only",
	"Attention.seed":                         "trains only",
	"AdditiveAttention.dropout":              "trains only",
	"GroupQueryAttention.flash_attention":    "computes the same",
	"MultiHeadAttention.flash_attention":     "computes the same",
	"BatchNormalization.momentum":            "trains only",
	"BatchNormalization.synchronized":        "trains only",
	"BatchNormalization.renorm_clipping":     "trains only",
	"BatchNormalization.renorm_momentum":     "trains only",
	"BatchNormalization.renorm":              "trains only",
	"SpatialDropout2D.data_format":           "trains only",
	"SpatialDropout3D.data_format":           "trains only",
	"MultiHeadAttention.query_shape":         "gives only the shape of the input",
	"MultiHeadAttention.key_shape":           "gives only the shape of the input",
	"MultiHeadAttention.value_shape":         "gives only the shape of the input",
	"Embedding.input_length":                 "gives only the shape of the input",
	"Bidirectional.layer":                    "is a layer, which is read",
	"Discretization.num_bins":                "the boundaries determine it",
	"Discretization.epsilon":                 "trains only",
	"StringLookup.encoding":                  "strings are compared as bytes",
	"StringLookup.vocabulary_size":           "the vocabulary determines it",
	"IntegerLookup.vocabulary_size":          "the vocabulary determines it",
	"SpectralNormalization.power_iterations": "trains only",
}

// trains lists options that classes share and that only matter for training.
var trains = []string{"dropout", "recurrent_dropout", "rate", "stddev", "noise_shape", "implementation", "l1", "l2"}

// TestOptionsAreReadOrNamed sets every option of every class to nonsense. If the layer is still made, it ignored the option,
// which is right only for options that change nothing.
func TestOptionsAreReadOrNamed(t *testing.T) {
	for _, generation := range []struct {
		file    string
		library kerasLibrary
	}{{"options.json", kerasLibrary{}}, {"options_keras2.json", kerasLibrary{keras2: true}}} {
		t.Run(generation.file, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join("testdata", generation.file))
			require.NoError(t, err)
			var classes map[string]map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(raw, &classes))
			known := 0
			for class, config := range classes {
				if makerOf(class) == nil {
					continue
				}
				known++
				t.Run(class, func(t *testing.T) { requireOptionsRead(t, generation.library, class, config) })
			}
			require.Greater(t, known, 80)
		})
	}
}

func requireOptionsRead(t *testing.T, library kerasLibrary, class string, config map[string]json.RawMessage) {
	t.Helper()
	makeWith := func(key, value string) error {
		changed := maps.Clone(config)
		if key != "" {
			changed[key] = json.RawMessage(value)
		}
		raw, err := json.Marshal(changed)
		require.NoError(t, err)
		_, err = library.Make(class, raw)
		return err
	}
	require.NoError(t, makeWith("", ""), "Keras's own configuration")
	for _, key := range slices.Sorted(maps.Keys(config)) {
		if makeWith(key, `{"class_name": "Nonsense", "config": {"value": [[]]}}`) != nil {
			continue
		}
		general := key == "trainable" || key == "batch_input_shape" || key == "dtype" || key == "seed" || key == "activity_regularizer" ||
			strings.HasSuffix(key, "_initializer") || strings.HasSuffix(key, "_regularizer") || strings.HasSuffix(key, "_constraint")
		_, reason := passedOver[class+"."+key]
		reason = reason || augmentationMaker(class) != nil // the whole class only matters for training
		require.True(t, general || reason || slices.Contains(trains, key), "option %q is ignored", key)
	}
	err := makeWith("sharpness", "2")
	require.ErrorIs(t, err, ErrUnknownOption)
	require.ErrorContains(t, err, "sharpness")
}
