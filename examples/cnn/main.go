// Command cnn restores a convolutional network that Keras trained to distinguish drawn shapes (testdata/cnn/train.py) into
// a hand-written struct, classifies pictures with it, and compares its predictions with Keras's.
//
//	go run ./examples/cnn
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
)

// Shapes is the model. Keras holds the layers of a Functional model in one list, which also numbers layers without weights.
// Operations has the layers with weights under their numbers (`ckpt graph testdata/cnn/train` shows them).
type Shapes struct {
	Operations struct {
		Conv1   layers.Conv2D             `ckpt:"1"`
		Norm1   layers.BatchNormalization `ckpt:"2"`
		Conv2   layers.SeparableConv2D    `ckpt:"5"`
		Norm2   layers.BatchNormalization `ckpt:"6"`
		Conv3   layers.Conv2D             `ckpt:"9"`
		Classes layers.Dense              `ckpt:"12"`
	} `ckpt:"_operations"`
}

// newShapes returns the model with the options that its weights do not determine.
func newShapes() *Shapes {
	var m Shapes
	o := &m.Operations
	o.Conv1.Padding = layers.Same
	o.Conv2.Padding = layers.Same
	o.Conv3.Strides = []int{2, 2}
	o.Conv3.Activation = activation.ReLU()
	o.Classes.Activation = activation.Softmax()
	return &m
}

// Predict returns the probability of each class for each picture of x, of shape [n 18 22 1].
func (m *Shapes) Predict(x *tensor.Tensor[float32]) (*tensor.Tensor[float32], error) {
	o := &m.Operations
	for _, layer := range []layers.Layer{
		&o.Conv1, &o.Norm1, &layers.ReLU{}, &layers.MaxPooling2D{},
		&o.Conv2, &o.Norm2, &layers.ReLU{}, &layers.MaxPooling2D{},
		&o.Conv3, &layers.GlobalAveragePooling2D{}, &o.Classes,
	} {
		var err error
		if x, err = layer.Call(x); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// predictions is the file that testdata/cnn/train.py writes.
type predictions struct {
	Inputs, Outputs []struct {
		Shape  []int
		Values []float32
	}
	Labels  []int
	Classes []string
}

func main() {
	log.SetFlags(0)
	dir := flag.String("data", filepath.Join("testdata", "cnn"), "directory with the checkpoint and Keras's predictions")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *dir); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer, dir string) error {
	model := newShapes()
	if err := ckpt.LoadWeights(ctx, filepath.Join(dir, "train"), model, ckpt.At("model")); err != nil {
		return err
	}
	file := filepath.Join(dir, "predictions.json")
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var want predictions
	if err := json.Unmarshal(data, &want); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if len(want.Inputs) != 1 || len(want.Outputs) != 1 {
		return fmt.Errorf("%s: got %d inputs and %d outputs, want one of each", file, len(want.Inputs), len(want.Outputs))
	}
	x, err := tensor.FromSlice(want.Inputs[0].Values, want.Inputs[0].Shape...)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	y, err := model.Predict(x)
	if err != nil {
		return err
	}
	if !y.Shape().Equal(want.Outputs[0].Shape) || len(want.Labels) != y.Shape()[0] || len(want.Classes) != y.Shape()[1] {
		return fmt.Errorf("%s: Keras's predictions have shape %v, the model's %v", file, want.Outputs[0].Shape, y.Shape())
	}

	show(out, x)
	var difference, largest float64
	for i, w := range want.Outputs[0].Values {
		difference = max(difference, math.Abs(float64(y.Data()[i]-w)))
		largest = max(largest, math.Abs(float64(w)))
	}
	classes := len(want.Classes)
	for i, label := range want.Labels {
		row := y.Data()[i*classes:][:classes]
		best := slices.Index(row, slices.Max(row))
		fmt.Fprintf(out, "picture %d: %-8s %5.1f%%  (drawn: %s)\n", i, want.Classes[best], 100*row[best], want.Classes[label])
	}
	fmt.Fprintf(out, "largest difference from Keras: %.1e\n", difference/largest)
	if difference > 1e-5*largest {
		return fmt.Errorf("predictions differ from Keras's by up to %g", difference)
	}
	return nil
}

// show prints the first picture.
func show(out io.Writer, x *tensor.Tensor[float32]) {
	const shades = " .:-=+*#%@"
	for row := range x.Shape()[1] {
		line := make([]byte, x.Shape()[2])
		for column := range line {
			shade := int(x.At(0, row, column, 0) * float32(len(shades)))
			line[column] = shades[min(max(shade, 0), len(shades)-1)]
		}
		fmt.Fprintf(out, "%s\n", line)
	}
}
