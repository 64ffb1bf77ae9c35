package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
)

// kerasNumbers has the values of one input or output in JSON.
type kerasNumbers struct {
	Shape  []int     `json:"shape"`
	Values []float64 `json:"values"`
}

// kerasFile returns the path of a file of the model that Keras saved in all its formats.
func kerasFile(name string) string { return filepath.Join(formats, "keras/testdata", name) }

// kerasExample writes an input of that model to a file in dir, and returns the file and Keras's output.
func kerasExample(t *testing.T, dir string) (in string, output kerasNumbers) {
	t.Helper()
	text, err := os.ReadFile(kerasFile("model.io.json"))
	require.NoError(t, err)
	var of struct{ Input, Output kerasNumbers }
	require.NoError(t, json.Unmarshal(text, &of))
	text, err = json.Marshal(map[string][]kerasNumbers{"inputs": {of.Input}})
	require.NoError(t, err)
	in = filepath.Join(dir, "in.json")
	require.NoError(t, os.WriteFile(in, text, 0o600))
	return in, of.Output
}

// TestConvertKeras converts Keras's weights. The results load into the model given by --config, whatever
// their names are. It also converts them back into Keras's files.
func TestConvertKeras(t *testing.T) {
	dir := t.TempDir()
	in, want := kerasExample(t, dir)
	at := kerasFile
	loads := func(weights string) {
		t.Helper()
		var got struct{ Outputs []kerasNumbers }
		require.NoError(t, json.Unmarshal([]byte(requireRun(t, "run", "--config", at("model.json"), "--weights", weights, "--input", in)), &got))
		require.InDeltaSlice(t, want.Values, got.Outputs[0].Values, 1e-4)
	}
	for _, from := range []string{"model.keras", "model.h5"} {
		for _, to := range []string{"to.safetensors", "to.npz", "to.weights.h5", "to"} {
			for _, readable := range []string{"--readable=true", "--readable=false"} {
				t.Run(from+" "+to+" "+readable, func(t *testing.T) {
					dir := t.TempDir()
					out, weights, archive := filepath.Join(dir, to), filepath.Join(dir, "b.weights.h5"), filepath.Join(dir, "b.keras")
					requireRun(t, "convert", at(from), out, readable)
					loads(out)
					require.Contains(t, requireRun(t, "diff", at(from), out), "all the same")
					requireRun(t, "convert", out, weights, "--config", at("model.keras"))
					require.Equal(t, hashes(t, at("model.keras")), hashes(t, weights))
					requireRun(t, "convert", out, archive, "--config", at("model.keras"))
					loads(archive)
				})
			}
		}
	}
	t.Run("a glob", func(t *testing.T) {
		for _, name := range []string{"attend.key_dense.*", "attend/key_dense/*", "layers/multi_head_attention/key_dense/*"} {
			require.Contains(t, requireRun(t, "list", at("model.keras"), "--only", name), "\n2 tensors,", name)
			require.Contains(t, requireRun(t, "diff", at("model.keras"), at("model.keras"), "--only", name), "2 tensors,", name)
			for _, to := range []string{"some.npz", "some.weights.h5"} {
				require.Contains(t, requireRun(t, "convert", at("model.keras"), filepath.Join(dir, to), "--only", name), "2 tensors", name)
			}
		}
	})
	t.Run("a struct", func(t *testing.T) {
		for _, to := range []string{"s.safetensors", "s.npz", "s"} {
			out := filepath.Join(dir, to)
			requireRun(t, "convert", at("model.keras"), out, "--only", "attend.*")
			var model struct{ Attend layers.MultiHeadAttention }
			require.NoError(t, ckpt.LoadWeights(t.Context(), out, &model, ckpt.Strict()))
		}
	})
	t.Run("names that Keras does not find", func(t *testing.T) {
		out, h5 := filepath.Join(dir, "n.safetensors"), filepath.Join(dir, "n.weights.h5")
		requireRun(t, "convert", at("model.keras"), out)
		require.Contains(t, requireRun(t, "convert", out, h5), "give the model's description with --config")
	})
}
