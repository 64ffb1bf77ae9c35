package makers

import (
	"cmp"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// ofEveryFormat has a file of each format, a tensor in it, and the edges to that tensor if they are not the parts of its key. The
// scripts next to the files wrote them.
var ofEveryFormat = map[string]struct{ file, format, key, path string }{
	"TensorFlow":            {"testdata/golden/keras3-mlp/ckpt", "tensorflow", "_functional/_operations/1/_kernel/.ATTRIBUTES/VARIABLE_VALUE", "_functional/_operations/1/_kernel"},
	"safetensors":           {"format/safetensors/testdata/linear.safetensors", "safetensors", "w", ""},
	"sharded safetensors":   {"format/safetensors/testdata/sharded", "safetensors", "layers.0.w", ""},
	"safetensors index":     {"format/safetensors/testdata/sharded/model.safetensors.index.json", "safetensors", "large", ""},
	"Keras archive":         {"format/keras/testdata/model.keras", "keras", "layers/dense/vars/0", ""},
	"Keras weights":         {"format/keras/testdata/bfloat16.weights.h5", "keras", "layers/dense/vars/1", ""},
	"sharded Keras weights": {"format/keras/testdata/sharded.weights.json", "keras", "layers/dense/vars/0", ""},
	"legacy Keras model":    {"format/keras/testdata/model.h5", "hdf5", "model_weights/attend/attend/key/bias", "attend/key/bias"},
	"NumPy archive":         {"format/npz/testdata/plain.npz", "npz", "f4", ""},
	"NumPy array":           {"format/npz/testdata/array.npy", "npz", "array", ""},
	"PyTorch":               {"format/torch/testdata/zip.pt", "pytorch", "0.weight", ""},
	"legacy PyTorch":        {"format/torch/testdata/legacy.pth", "pytorch", "0.weight", ""},
	"sharded PyTorch":       {"format/torch/testdata/sharded", "pytorch", "a.weight", ""},
	"GGUF":                  {"format/gguf/testdata/plain.gguf", "gguf", "blk.0.f4", ""},
}

// TestEveryFormat opens a file of each format, and loads one of its tensors by its edges.
func TestEveryFormat(t *testing.T) {
	for name, c := range ofEveryFormat {
		t.Run(name, func(t *testing.T) {
			r, err := ckpt.Open(c.file)
			require.NoError(t, err)
			defer r.Close()
			require.Equal(t, c.format, r.Format())
			require.NoError(t, r.Verify(t.Context(), func(p ckpt.Problem) { t.Error(p) }))
			want, err := r.Tensor(c.key)
			require.NoError(t, err)
			got, err := tensor.NewAny(want.DType(), want.Shape()...)
			require.NoError(t, err)
			at, name := path.Split(cmp.Or(c.path, strings.ReplaceAll(c.key, ".", "/")))
			require.NoError(t, ckpt.LoadWeights(t.Context(), c.file, ckpt.Group{name: got}, ckpt.At(strings.TrimSuffix(at, "/"))))
			require.Equal(t, want.Values(), got.Values())
		})
	}
}
