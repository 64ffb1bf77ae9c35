package docs_test

import (
	"context"
	"fmt"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// A Linear keeps its weights in a tensor and in a flat slice.
type Linear struct {
	Kernel tensor.Tensor[float32] `ckpt:"kernel,alias=_kernel"` // saved as "kernel"; Keras 3 has "_kernel"
	Bias   []float32              `ckpt:"bias"`                 // plain values need a tag
	Calls  int                    // not tracked
}

// A Model is a struct with other structs in it: ckpt follows pointers, slices and maps.
type Model struct {
	InputTransform *Linear // "input_transform"; LoadWeights allocates nil pointers
	Hidden         Linear
	Last           Linear `ckpt:"prediction"`
}

func loadOwn(ctx context.Context) error {
	var model Model
	if err := ckpt.LoadWeights(ctx, "run", &model, ckpt.At("model")); err != nil {
		return err
	}

	fmt.Println(model.InputTransform.Kernel.Shape(), len(model.Hidden.Bias), model.Last.Kernel.Shape())
	return nil
}

func Example_ownStruct() {
	fmt.Println(loadOwn(context.Background()))
	// Output:
	// [2 10] 8 [8 1]
	// <nil>
}

// A Kernel is saved as a tensor. A Scaled is an object with two tensors, because its embedded tensor has a tag.
type Kernel tensor.Tensor[float32]

type Scaled struct {
	tensor.Tensor[float32] `ckpt:"kernel"`
	Scale                  *tensor.Tensor[float32]
}

func Example_typesThatAreTensors() {
	ctx := context.Background()
	saved := struct {
		A Kernel
		B Scaled
	}{Kernel(*tensor.Scalar[float32](1)), Scaled{*tensor.Scalar[float32](2), tensor.Scalar[float32](3)}}
	fmt.Println(ckpt.SaveWeights(ctx, "export/types", &saved))
	var loaded struct {
		A Kernel
		B Scaled
	}
	fmt.Println(ckpt.LoadWeights(ctx, "export/types", &loaded), loaded.B.At(), loaded.B.Scale.At())
	// Output:
	// <nil>
	// <nil> 2 3
}

// A Matrix can be loaded from PyTorch's files: the tag gives the name there and the order of the stored axes.
type Matrix struct {
	W tensor.Tensor[float32] `ckpt:"kernel,pytorch=weight:10"` // [in out], PyTorch has [out in]
}

func loadTransposed(ctx context.Context) error {
	var net struct{ Fc2 Matrix }
	if err := ckpt.LoadWeights(ctx, "model.pt", &net); err != nil {
		return err
	}
	fmt.Println(net.Fc2.W.Shape())
	return nil
}

func Example_transposed() {
	fmt.Println(loadTransposed(context.Background()))
	// Output:
	// [4 4]
	// <nil>
}

func explainMismatch(ctx context.Context) error {
	var model struct{ InputTransfrom, Hidden Linear }
	return ckpt.LoadWeights(ctx, "run", &model, ckpt.At("model"))
}

func Example_mismatch() {
	fmt.Println(explainMismatch(context.Background()))
	// Output:
	// ckpt: run/regress-2: 2 of 4 values of the model are not in the checkpoint
	//   input_transfrom.kernel: missing from the checkpoint
	//   input_transfrom.bias: missing from the checkpoint
	//   hint: for input_transfrom (InputTransfrom) the checkpoint has "input_transform": an alias in the tag would match it
}
