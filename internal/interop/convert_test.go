//go:build interop

package interop

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// TestConverted reads the output of ckpt convert with the library that defines each format.
func TestConverted(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "ckpt")
	out, err := exec.Command("go", "build", "-o", program, "../../cmd/ckpt").CombinedOutput()
	require.NoError(t, err, "%s", out)
	convert := func(args ...string) {
		t.Helper()
		out, err := exec.Command(program, append([]string{"convert"}, args...)...).CombinedOutput()
		require.NoError(t, err, "%v: %s", args, out)
	}
	type described [3]any
	read := func(path, format string) map[string]described {
		return ask[map[string]described](t, "file_tensors", arguments{"path": path, "format": format})
	}

	weights, err := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	require.NoError(t, err)
	model := struct {
		Dense struct{ Kernel, Bias *tensor.Tensor[float32] }
		Scale *tensor.Tensor[float32]
	}{Scale: tensor.Scalar(float32(7))}
	model.Dense.Kernel, model.Dense.Bias = weights, tensor.New[float32](3)
	first := filepath.Join(dir, "first.safetensors")
	require.NoError(t, ckpt.SaveWeights(t.Context(), first, &model))
	want := read(first, "safetensors")
	require.Len(t, want, 3)

	for format, c := range map[string]struct{ name, separator, suffix string }{
		"npz":        {"out.npz", ".", ""},
		"hdf5":       {"out.weights.h5", ".", ""},
		"tensorflow": {"out", "/", "/.ATTRIBUTES/VARIABLE_VALUE"},
	} {
		to, back := filepath.Join(dir, c.name), filepath.Join(dir, format+".safetensors")
		convert(first, to)
		got := read(to, format)
		require.Len(t, got, len(want), format)
		for name, d := range want {
			require.Equal(t, d, got[strings.ReplaceAll(name, ".", c.separator)+c.suffix], "%s: %s", format, name)
		}
		convert(to, back)
		require.Equal(t, want, read(back, "safetensors"), format)
	}
	ask[any](t, "object_graph_restores", arguments{"path": filepath.Join(dir, "out"), "values": map[string]any{
		"dense": map[string]any{"kernel": [][]int{{1, 2, 3}, {4, 5, 6}}, "bias": []int{0, 0, 0}}, "scale": 7,
	}})
}
