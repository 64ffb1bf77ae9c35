package makers

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

// TestRegionsOfTransposedValues restores two columns of kernels that PyTorch stored as rows. The region refers to the layer's layout.
func TestRegionsOfTransposedValues(t *testing.T) {
	for _, file := range []string{"model.safetensors", "model.pt"} {
		t.Run(file, func(t *testing.T) {
			path := filepath.Join("testdata", "pytorch", "linear", file)
			var whole, part struct{ Fc1 layers.Dense }
			require.NoError(t, ckpt.LoadWeights(t.Context(), path, &whole))
			kernel := &whole.Fc1.Kernel // [5 4]

			part.Fc1.Kernel, part.Fc1.Bias = *tensor.New[float32](5, 2), *tensor.New[float32](4)
			c, err := ckpt.New(&part)
			require.NoError(t, err)
			_, err = c.Restore(t.Context(), path, ckpt.Parts(func(path string, shape tensor.Shape) (tensor.Shape, tensor.Slice) {
				if len(shape) != 2 {
					return nil, nil
				}
				return tensor.Shape{5, 4}, tensor.Slice{{Start: 0, Length: 5}, {Start: 1, Length: 2}}
			}))
			require.NoError(t, err)
			for i := range 5 {
				for j := range 2 {
					require.Equal(t, kernel.At(i, 1+j), part.Fc1.Kernel.At(i, j))
				}
			}
			require.Equal(t, whole.Fc1.Bias, part.Fc1.Bias)
		})
	}
}
