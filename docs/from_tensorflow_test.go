package docs_test

import (
	"context"
	"fmt"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
)

// A Regress has the attributes of a Python model as fields: self.input_transform, self.hidden and self.prediction.
type Regress struct {
	InputTransform layers.Dense
	Hidden         layers.Dense
	Prediction     layers.Dense
}

func predictTensorFlow(ctx context.Context) error {
	model := Regress{
		InputTransform: layers.Dense{Activation: activation.Tanh()}, // not in the checkpoint: without them
		Hidden:         layers.Dense{Activation: activation.ReLU()}, // the predictions are wrong
	}
	if err := ckpt.LoadWeights(ctx, "run", &model, ckpt.At("model")); err != nil {
		return err
	}
	predict := layers.NewSequential(&model.InputTransform, &model.Hidden, &model.Prediction)

	x, err := tensor.FromSlice([]float32{-0.2560204, -1.8962951}, 1, 2)
	if err != nil {
		return err
	}
	y, err := predict.Call(x)
	if err != nil {
		return err
	}
	fmt.Printf("%.4f\n", y.Data())
	return nil
}

func Example_fromTensorFlow() {
	fmt.Println(predictTensorFlow(context.Background()))
	// Output:
	// [0.2866]
	// <nil>
}

func lookInside() error {
	r, err := ckpt.Open("run") // the latest checkpoint of the directory
	if err != nil {
		return err
	}
	defer r.Close()
	for _, v := range r.Variables()[1:4] {
		fmt.Println(v.Key, v.DType, v.Shape)
	}
	return nil
}

func Example_lookInside() {
	fmt.Println(lookInside())
	// Output:
	// model/hidden/_kernel/.ATTRIBUTES/VARIABLE_VALUE float32 [10 8]
	// model/hidden/bias/.ATTRIBUTES/VARIABLE_VALUE float32 [8]
	// model/input_transform/_kernel/.ATTRIBUTES/VARIABLE_VALUE float32 [2 10]
	// <nil>
}
