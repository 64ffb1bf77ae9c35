package docs_test

import (
	"context"
	"fmt"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/keras"
)

func saveForKeras(ctx context.Context) error {
	model, err := keras.Load(ctx, "model.keras")
	if err != nil {
		return err
	}
	// … train it, or change its weights …
	if err := keras.Save(ctx, "changed.keras", model); err != nil {
		return err
	}
	err = keras.Save(ctx, "changed.weights.h5", model) // only the weights

	if err != nil {
		return err
	}
	again, err := keras.Load(ctx, "changed.keras")
	if err != nil {
		return err
	}
	fmt.Println(again.Name())
	return nil
}

func Example_savingForKeras() {
	fmt.Println(saveForKeras(context.Background()))
	// Output:
	// everything
	// <nil>
}

func saveForTensorFlow(ctx context.Context) error {
	var model Regress
	if err := ckpt.LoadWeights(ctx, "run", &model, ckpt.At("model")); err != nil {
		return err
	}
	if err := ckpt.SaveWeights(ctx, "export/weights", &model); err != nil { // the model is the root
		return err
	}
	c, err := ckpt.New(ckpt.Group{"model": &model}) // the model is the root's "model"
	if err != nil {
		return err
	}
	path, err := c.Save(ctx, "export/ckpt")

	fmt.Println(path)
	return err
}

func Example_savingForTensorFlow() {
	fmt.Println(saveForTensorFlow(context.Background()))
	// Output:
	// export/ckpt-1
	// <nil>
}

func saveForPyTorch(ctx context.Context) error {
	var model Regress
	if err := ckpt.LoadWeights(ctx, "run", &model, ckpt.At("model")); err != nil {
		return err
	}
	// The ending selects the format, or As does. PyTorch writes the names and layouts of torch.nn.
	if err := ckpt.SaveWeights(ctx, "export.safetensors", &model, ckpt.PyTorch()); err != nil {
		return err
	}
	if err := ckpt.SaveWeights(ctx, "export.weights", &model, ckpt.As("npz")); err != nil {
		return err
	}

	r, err := ckpt.Open("export.safetensors")
	if err != nil {
		return err
	}
	defer r.Close()
	for _, v := range r.Variables() {
		fmt.Println(v.Key, v.Shape)
	}
	return nil
}

func Example_savingForPyTorch() {
	fmt.Println(saveForPyTorch(context.Background()))
	// Output:
	// hidden.bias [8]
	// hidden.weight [8 10]
	// input_transform.bias [10]
	// input_transform.weight [10 2]
	// prediction.bias [1]
	// prediction.weight [1 8]
	// <nil>
}
