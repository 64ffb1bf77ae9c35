// Command regress restores the Regress model of tf.train.Checkpoint's documentation, which TensorFlow trained
// (testdata/regress/train.py), into plain Go structs, compares its predictions with TensorFlow's, and saves it again.
//
//	go run ./examples/regress
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
)

// Regress is the model. It tracks three layers under the names of its fields in snake case.
type Regress struct {
	InputTransform layers.Dense
	Hidden         layers.Dense
	Prediction     layers.Dense
}

// Predict returns the model's answers for x, of shape [n 2], as a tensor of shape [n 1].
func (m *Regress) Predict(x *tensor.Tensor[float32]) (*tensor.Tensor[float32], error) {
	x, err := m.InputTransform.Call(x)
	if err != nil {
		return nil, err
	}
	if x, err = m.Hidden.Call(x); err != nil {
		return nil, err
	}
	return m.Prediction.Call(x)
}

func newRegress() *Regress {
	return &Regress{
		InputTransform: layers.Dense{Activation: activation.Tanh()},
		Hidden:         layers.Dense{Activation: activation.ReLU()},
	}
}

// array is a tensor in the JSON files next to the checkpoint.
type array struct {
	Shape  []int     `json:"shape"`
	Values []float32 `json:"values"`
}

func main() {
	log.SetFlags(0)
	dir := flag.String("data", filepath.Join("testdata", "regress"), "directory with the checkpoint and TensorFlow's predictions")
	out := flag.String("out", "", "`directory` to save the model to; the default is a temporary one")
	flag.Parse()
	if err := run(context.Background(), *dir, *out); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, dir, out string) error {
	// Restore the directory's latest checkpoint, but only the values below "model".
	model := newRegress()
	train := filepath.Join(dir, "train")
	if err := ckpt.LoadWeights(ctx, train, model, ckpt.At("model")); err != nil {
		return err
	}
	path, err := ckpt.Latest(train)
	if err != nil {
		return err
	}
	fmt.Printf("restored %s: kernels %v, %v, %v; skipped its optimizer\n",
		path, model.InputTransform.Kernel.Shape(), model.Hidden.Kernel.Shape(), model.Prediction.Kernel.Shape())

	// Run, and compare.
	largest, err := compare(model, filepath.Join(dir, "predictions.json"), true)
	if err != nil {
		return err
	}
	if largest > 1e-5 {
		return fmt.Errorf("predictions differ from TensorFlow's by up to %g", largest)
	}
	fmt.Printf("largest difference from TensorFlow: %.1e\n", largest)

	// Save a checkpoint, which TensorFlow can read, and restore it.
	if out == "" {
		if out, err = os.MkdirTemp("", "regress"); err != nil {
			return err
		}
		defer os.RemoveAll(out)
	}
	c, err := ckpt.New(ckpt.Group{"model": model})
	if err != nil {
		return err
	}
	saved, err := c.Save(ctx, filepath.Join(out, "ckpt"))
	if err != nil {
		return err
	}
	again := newRegress()
	if err := ckpt.LoadWeights(ctx, saved, again, ckpt.At("model"), ckpt.Strict()); err != nil {
		return err
	}
	if largest, err = compare(again, filepath.Join(dir, "predictions.json"), false); err != nil {
		return err
	}
	fmt.Printf("saved as %s, loaded again: largest difference %.1e\n", filepath.Base(saved), largest)
	return nil
}

// compare returns the largest difference between the model's predictions and those in the file, relative to the largest
// prediction.
func compare(model *Regress, file string, show bool) (float64, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	var want struct{ Inputs, Predictions array }
	if err := json.Unmarshal(data, &want); err != nil {
		return 0, fmt.Errorf("%s: %w", file, err)
	}
	x, err := tensor.FromSlice(want.Inputs.Values, want.Inputs.Shape...)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", file, err)
	}
	y, err := model.Predict(x)
	if err != nil {
		return 0, err
	}
	if len(y.Data()) != len(want.Predictions.Values) {
		return 0, fmt.Errorf("got %d predictions, TensorFlow has %d", len(y.Data()), len(want.Predictions.Values))
	}
	var difference, largest float64
	for i, w := range want.Predictions.Values {
		if show && i < 3 {
			fmt.Printf("f(%6.3f, %6.3f) = %9.6f, TensorFlow %9.6f\n", x.At(i, 0), x.At(i, 1), y.Data()[i], w)
		}
		difference = max(difference, math.Abs(float64(y.Data()[i]-w)))
		largest = max(largest, math.Abs(float64(w)))
	}
	return difference / largest, nil
}
