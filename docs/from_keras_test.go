package docs_test

import (
	"context"
	"fmt"

	"github.com/gockpt/ckpt/keras"
	"github.com/gockpt/ckpt/tensor"
)

func predictKeras(ctx context.Context) error {
	model, err := keras.Load(ctx, "model.keras")
	if err != nil {
		return err
	}
	x := tensor.New[float32](1, 4, 3) // the batch first; fill it with your input
	y, err := model.Call(x)
	if err != nil {
		return err
	}

	fmt.Println(model.Name(), y.Shape())
	return nil
}

func Example_fromKeras() {
	fmt.Println(predictKeras(context.Background()))
	// Output:
	// everything [1 2]
	// <nil>
}

func inspectKeras(ctx context.Context) error {
	model, err := keras.Load(ctx, "model.keras")
	if err != nil {
		return err
	}
	for _, in := range model.Inputs() {
		fmt.Println(in.Name, in.Shape)
	}
	features, err := model.Tap("pool") // a model that ends at the layer "pool"
	if err != nil {
		return err
	}
	y, err := features.Call(tensor.New[float32](1, 4, 3))
	if err != nil {
		return err
	}
	fmt.Println(y.Shape())
	return nil
}

func Example_inspectKeras() {
	fmt.Println(inspectKeras(context.Background()))
	// Output:
	// steps [-1 4 3]
	// [1 3]
	// <nil>
}
