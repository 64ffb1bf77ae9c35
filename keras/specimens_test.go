package keras_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/keras"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

// This test loads many models that Keras saved, which are not in the repository. CKPT_KERAS_FILES names a directory of NAME/ with
// the model in all forms, and its inputs and outputs in io.json.
func TestSpecimens(t *testing.T) {
	root := os.Getenv("CKPT_KERAS_FILES")
	if root == "" {
		t.Skip("CKPT_KERAS_FILES does not name a directory of models")
	}
	dirs, err := filepath.Glob(filepath.Join(root, "*", "io.json"))
	require.NoError(t, err)
	require.NotEmpty(t, dirs)
	for _, file := range dirs {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			for _, name := range []string{"model.keras", "legacy.h5"} {
				m, err := keras.Load(t.Context(), filepath.Join(dir, name))
				if errors.Is(err, fs.ErrNotExist) {
					continue
				}
				require.NoError(t, err, name)
				requireSpecimen(t, file, m)
			}
			for _, name := range []string{"model.weights.h5", "sharded.weights.json"} {
				m := fromKeras(t, filepath.Join(dir, "model.json"))
				err := ckpt.LoadWeights(t.Context(), filepath.Join(dir, name), m)
				if errors.Is(err, fs.ErrNotExist) {
					continue
				}
				require.NoError(t, err, name)
				requireSpecimen(t, file, m)
				again := filepath.Join(t.TempDir(), "again.keras")
				require.NoError(t, keras.Save(t.Context(), again, m))
				m, err = keras.Load(t.Context(), again)
				require.NoError(t, err)
				requireSpecimen(t, file, m)
			}
		})
	}
}

// requireSpecimen compares a model's outputs with the recorded ones.
func requireSpecimen(t *testing.T, path string, m *layers.Model) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	type array struct {
		Name, DType string
		Shape       []int
		Values      json.RawMessage
	}
	var io struct{ Inputs, Outputs []array }
	require.NoError(t, json.Unmarshal(text, &io))
	inputs := make(map[string]tensor.Any)
	for _, a := range io.Inputs {
		text, err := json.Marshal(map[string]any{"dtype": a.DType, "shape": a.Shape, "values": a.Values})
		require.NoError(t, err)
		d, err := tensor.ParseDType(a.DType)
		require.NoError(t, err)
		x, err := tensor.Zero(d)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, x))
		inputs[a.Name] = x
	}
	xs, err := m.Arrange(inputs)
	require.NoError(t, err)
	ys, err := m.Run(nil, xs...)
	require.NoError(t, err)
	require.Len(t, ys, len(io.Outputs))
	for i, a := range io.Outputs {
		var want []float64
		require.NoError(t, json.Unmarshal(a.Values, &want))
		got := ys[i].(*tensor.Tensor[float32]).Data()
		require.Len(t, got, len(want))
		most := 1.0
		for _, w := range want {
			most = math.Max(most, math.Abs(w))
		}
		for j, w := range want {
			require.InDelta(t, w, got[j], 1e-5*most, "%s[%d]", a.Name, j)
		}
	}
}
