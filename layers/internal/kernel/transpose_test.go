package kernel

import (
	"testing"

	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTranspose(t *testing.T) {
	t.Run("a matrix", func(t *testing.T) {
		got := make([]float32, 6)
		Transpose(got, []float32{1, 2, 3, 4, 5, 6}, tensor.Shape{2, 3}, []int{1, 0})
		require.Equal(t, []float32{1, 4, 2, 5, 3, 6}, got)
	})
	t.Run("values move like their indices, and the inverse moves them back", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			shape := tensor.Shape(rapid.SliceOfN(rapid.IntRange(0, 5), 0, 5).Draw(t, "shape"))
			axes := make([]int, len(shape))
			for i := range axes {
				axes[i] = i
			}
			perm := rapid.Permutation(axes).Draw(t, "perm")
			x := tensor.New[float32](shape...)
			for i := range x.Data() {
				x.Data()[i] = float32(i)
			}
			y := tensor.New[float32](Permuted(shape, perm)...)
			Transpose(y.Data(), x.Data(), shape, perm)
			index, moved := make([]int, len(shape)), make([]int, len(shape))
			for i := range x.Data() {
				for axis, rest := len(shape)-1, i; axis >= 0; axis-- {
					index[axis], rest = rest%shape[axis], rest/shape[axis]
				}
				for axis, from := range perm {
					moved[axis] = index[from]
				}
				require.Equal(t, x.Data()[i], y.At(moved...))
			}
			back := make([]float32, x.Len())
			Transpose(back, y.Data(), y.Shape(), Inverse(perm))
			require.Equal(t, x.Data(), back)
		})
	})
}
