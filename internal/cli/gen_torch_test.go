package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGenOfPyTorch generates structs for files that PyTorch wrote, compiles them and loads the files strictly.
func TestGenOfPyTorch(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles a program")
	}
	dirs, err := os.ReadDir("../../testdata/pytorch")
	require.NoError(t, err)
	var cases []genCase
	for _, d := range dirs {
		if !d.IsDir() {
			continue
		}
		for _, file := range []string{"model.safetensors", "model.pt"} {
			cases = append(cases, genCase{name: d.Name() + "/" + file, path: filepath.Join("../../testdata/pytorch", d.Name(), file)})
		}
	}
	require.NotEmpty(t, cases)
	generateAndRestore(t, sampled(cases))
}

func TestGenRecognisesPyTorch(t *testing.T) {
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
			r := runCkpt(t, "gen", filepath.Join("../../testdata/pytorch", dir, "model.safetensors"))
			require.Zero(t, r.status, r.stderr)
			for _, text := range want {
				require.Contains(t, r.stdout, text)
			}
		})
	}
}
