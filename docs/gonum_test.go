package docs_test

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
	"github.com/gockpt/ckpt/tensor/gonum"
)

func multiply(ctx context.Context) error {
	var layer struct {
		Kernel tensor.Tensor[float32] `ckpt:"_kernel"` // as Keras 3 names it
	}
	if err := ckpt.LoadWeights(ctx, "run", &layer, ckpt.At("model/input_transform"), ckpt.IgnoreUnknown()); err != nil {
		return err
	}
	w, err := gonum.ToDense(&layer.Kernel) // a copy in float64
	if err != nil {
		return err
	}
	var y mat.Dense
	y.Mul(mat.NewDense(1, 2, []float64{1, 2}), w)

	fmt.Println(y.Dims())
	return nil
}

func Example_gonum() {
	fmt.Println(multiply(context.Background()))
	// Output:
	// 1 10
	// <nil>
}
