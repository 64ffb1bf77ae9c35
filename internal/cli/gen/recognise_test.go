package gen

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Layers that Keras numbers in a file are recognized like the layers of its checkpoints.
func TestRecognisesKeras(t *testing.T) {
	source, _ := generate(t, "../../../format/keras/testdata/model.keras", Options{Package: "model"})
	for field, goType := range map[string]string{
		"Attend": "MultiHeadAttention", "BothWays": "Bidirectional", "Each": "TimeDistributed", "Norm": "LayerNormalization", "Dense": "Dense",
	} {
		require.Regexp(t, `\b`+field+` +layers\.`+goType+" ", source)
	}
}

func TestRecognisesPyTorch(t *testing.T) {
	for dir, want := range map[string][]string{
		"encoder_layer":      {"SelfAttn layers.MultiHeadAttention", "Linear1  layers.Dense", "Norm1    layers.LayerNormalization", "NumHeads is not in the file"},
		"norms":              {"layers.BatchNormalization", "layers.GroupNormalization", "layers.LayerNormalization", "layers.RMSNormalization"},
		"lstm_bidirectional": {"[]layers.Bidirectional", "&layers.LSTM{ReturnSequences: true, GoBackwards: true}"},
		"gru_stacked":        {"[]layers.GRU", "{ReturnSequences: true}, {ReturnSequences: true}"},
		"rnn":                {"layers.SimpleRNN"},
		"lstm_cell":          {"layers.LSTMCell"},
		"conv3d":             {"layers.Conv3D", "Strides, Padding, DilationRate, Groups and Activation are not in the file"},
		"conv_transpose2d":   {"layers.Conv2DTranspose"},
		"embedding":          {"layers.Embedding"},
	} {
		t.Run(dir, func(t *testing.T) {
			source, _ := generate(t, filepath.Join("../../../testdata/pytorch", dir, "model.safetensors"), Options{Package: "model"})
			for _, text := range want {
				require.Contains(t, source, text)
			}
		})
	}
}
