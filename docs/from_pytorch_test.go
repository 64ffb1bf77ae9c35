package docs_test

import (
	"context"
	"fmt"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
)

// A Net has PyTorch's submodules as fields: self.fc1 and self.fc2.
type Net struct {
	Fc1 layers.Dense
	Fc2 layers.Dense
}

func predictPyTorch(ctx context.Context) error {
	net := Net{Fc1: layers.Dense{Activation: activation.Tanh()}} // no weights file says which activation
	if err := ckpt.LoadWeights(ctx, "model.safetensors", &net); err != nil {
		return err
	}

	x, err := tensor.FromSlice([]float32{-2.16707397, 1.73588288, -0.354379445, -1.29049444, -0.0745711476}, 1, 5)
	if err != nil {
		return err
	}
	hidden, err := net.Fc1.Call(x)
	if err != nil {
		return err
	}
	y, err := net.Fc2.Call(hidden)
	if err != nil {
		return err
	}
	fmt.Printf("%.3f\n", y.Data())
	return nil
}

func Example_fromPyTorch() {
	fmt.Println(predictPyTorch(context.Background()))
	// Output:
	// [0.354 -0.172 -0.718 -0.084]
	// <nil>
}

// A Classifier is nn.Sequential(Conv2d, ReLU, Flatten, Linear): PyTorch numbers its layers, and those without weights count.
type Classifier struct {
	Conv layers.Conv2D `ckpt:"0"`
	Fc   layers.Dense  `ckpt:"3"`
}

func loadImages(ctx context.Context) error {
	var net Classifier
	net.Conv.Activation = activation.ReLU()
	net.Fc.FlattenedFrom = []int{3, 3, 4} // the shape that PyTorch flattened, channels first
	if err := ckpt.LoadWeights(ctx, "images.pt", &net); err != nil {
		return err
	}

	fmt.Println(net.Conv.Kernel.Shape(), net.Fc.Kernel.Shape())
	return nil
}

func Example_fromPyTorchImages() {
	fmt.Println(loadImages(context.Background()))
	// Output:
	// [2 2 1 3] [36 5]
	// <nil>
}

func renamed(ctx context.Context) error {
	var net struct{ Hidden, Output layers.Dense }
	err := ckpt.LoadWeights(ctx, "model.pt", &net, ckpt.Rename("fc1", "hidden"), ckpt.Rename("fc2", "output"))
	if err != nil {
		return err
	}

	fmt.Println(net.Hidden.Kernel.Shape(), net.Output.Kernel.Shape())
	return nil
}

func Example_renamed() {
	fmt.Println(renamed(context.Background()))
	// Output:
	// [5 4] [4 4]
	// <nil>
}
