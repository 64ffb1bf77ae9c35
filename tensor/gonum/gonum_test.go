package gonum_test

import (
	"fmt"
	"log"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gockpt/ckpt/tensor"
	"github.com/gockpt/ckpt/tensor/gonum"
)

func Example() {
	kernel, err := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 3, 2) // the type of a checkpoint's value
	if err != nil {
		log.Fatal(err)
	}
	w, err := gonum.ToDense(kernel)
	if err != nil {
		log.Fatal(err)
	}
	var y mat.VecDense
	y.MulVec(w.T(), mat.NewVecDense(3, []float64{1, 1, 1}))
	fmt.Println(gonum.FromVec[float32](&y))
	// Output:
	// float32[2] [9 12]
}

func TestMatrices(t *testing.T) {
	whole := mat.NewDense(3, 4, []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	part := whole.Slice(1, 3, 1, 3) // its rows are not contiguous
	for name, c := range map[string]struct {
		m     mat.Matrix
		shape tensor.Shape
		want  []float64
	}{
		"a matrix":    {whole, tensor.Shape{3, 4}, []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
		"a view":      {part, tensor.Shape{2, 2}, []float64{6, 7, 10, 11}},
		"a transpose": {part.T(), tensor.Shape{2, 2}, []float64{6, 10, 7, 11}},
	} {
		t.Run(name, func(t *testing.T) {
			got := gonum.FromDense[float64](c.m)
			require.Equal(t, c.shape, got.Shape())
			require.Equal(t, c.want, got.Data())
			back, err := gonum.ToDense(got)
			require.NoError(t, err)
			require.True(t, mat.Equal(c.m, back))
			single, err := gonum.ToDense(gonum.FromDense[float32](c.m))
			require.NoError(t, err)
			require.True(t, mat.Equal(c.m, single))
		})
	}
	t.Run("a copy has its own memory, a view the tensor's", func(t *testing.T) {
		w := gonum.FromDense[float64](whole)
		dense, err := gonum.ToDense(w)
		require.NoError(t, err)
		view, err := gonum.View(w)
		require.NoError(t, err)
		w.Set(-1, 2, 3)
		require.Equal(t, 12.0, dense.At(2, 3))
		require.Equal(t, -1.0, view.At(2, 3))
		view.Set(0, 0, 100)
		require.Equal(t, 100.0, w.At(0, 0))
	})
	t.Run("vectors", func(t *testing.T) {
		v := gonum.FromVec[float64](whole.ColView(1))
		require.Equal(t, []float64{2, 6, 10}, v.Data())
		dense, err := gonum.ToVec(v)
		require.NoError(t, err)
		view, err := gonum.ViewVec(v)
		require.NoError(t, err)
		v.Set(0, 1)
		require.Equal(t, 6.0, dense.AtVec(1))
		require.Equal(t, 0.0, view.AtVec(1))
	})
}

func TestMatricesRefuse(t *testing.T) {
	for name, c := range map[string]struct {
		t    *tensor.Tensor[float64]
		want string
	}{
		"a scalar":  {tensor.Scalar(1.0), "expected a tensor of 2 axes, got float64[]"},
		"a vector":  {tensor.New[float64](3), "expected a tensor of 2 axes, got float64[3]"},
		"not built": {new(tensor.Tensor[float64]), "expected a tensor of 2 axes, got float64 (not built)"},
		"empty":     {tensor.New[float64](3, 0), "float64[3 0] has no elements"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := gonum.ToDense(c.t)
			require.ErrorContains(t, err, c.want)
			_, err = gonum.View(c.t)
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err := gonum.ToVec(tensor.New[float32](3, 1))
	require.ErrorContains(t, err, "expected a tensor of 1 axes, got float32[3 1]")
	_, err = gonum.ViewVec(tensor.New[float64](0))
	require.ErrorContains(t, err, "no elements")
}
