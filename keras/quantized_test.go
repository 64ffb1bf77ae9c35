package keras_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/keras"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

// TestQuantizedFiles loads models after Keras's quantize and enable_lora. For int8 and float8 it compares the outputs with
// Keras's. int4 is rejected.
func TestQuantizedFiles(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "quantized", "io.json"))
	require.NoError(t, err)
	var io map[string]struct {
		Input, Output struct {
			Shape  []int
			Values []float32
		}
	}
	require.NoError(t, json.Unmarshal(text, &io))
	for _, name := range []string{"int8", "float8", "lora"} {
		t.Run(name, func(t *testing.T) {
			m, err := keras.Load(t.Context(), filepath.Join("testdata", "quantized", name+".keras"))
			require.NoError(t, err)
			x, err := tensor.FromSlice(io[name].Input.Values, io[name].Input.Shape...)
			require.NoError(t, err)
			y, err := m.Call(x)
			require.NoError(t, err)
			require.Equal(t, tensor.Shape(io[name].Output.Shape), y.Shape())
			require.InDeltaSlice(t, io[name].Output.Values, y.Data(), 1e-5)
		})
	}
	t.Run("int4", func(t *testing.T) {
		_, err := keras.Load(t.Context(), filepath.Join("testdata", "quantized", "int4.keras"))
		require.ErrorContains(t, err, "Int4QuantizationConfig, which is not supported")
	})
}

// TestScaleOfQuantizedKernel loads an int8 kernel without its scale, and with a scale of another shape.
func TestScaleOfQuantizedKernel(t *testing.T) {
	for _, c := range []struct {
		name   string
		stored ckpt.Group
		want   string
	}{
		{"no scale", ckpt.Group{"_kernel": tensor.New[int8](2, 3)}, "has no scale for them"},
		{"a scale for each input", ckpt.Group{"_kernel": tensor.New[int8](2, 3), "kernel_scale": tensor.New[float32](2)}, "layers.Dense does not support this quantization"},
		{"packed weights", ckpt.Group{"_kernel": tensor.New[int8](2, 2), "kernel_scale": tensor.New[float32](1, 3), "kernel_zero": tensor.New[int8](1, 3)},
			"d.kernel_zero: the weights are quantized by an unsupported policy"},
		{"a scale for each unit", ckpt.Group{"_kernel": tensor.New[int8](2, 3), "kernel_scale": tensor.New[float32](3)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "model.safetensors")
			require.NoError(t, ckpt.SaveWeights(t.Context(), file, ckpt.Group{"d": &c.stored}))
			var m struct{ D layers.Dense }
			if err := ckpt.LoadWeights(t.Context(), file, &m); c.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.want)
				require.False(t, m.D.Kernel.Built())
			}
		})
	}
}
