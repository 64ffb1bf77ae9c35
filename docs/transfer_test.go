package docs_test

import (
	"context"
	"fmt"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
)

// A Trunk is the part of a trained model that is kept.
type Trunk struct {
	InputTransform layers.Dense
	Hidden         layers.Dense
}

// A Tagger is the trunk with a new head.
type Tagger struct {
	Trunk // embedded: its fields are fields of Tagger
	Tags  layers.Dense
}

func newHead(ctx context.Context) error {
	tagger := Tagger{Tags: layers.Dense{Units: 3, Activation: activation.Softmax()}}
	tagger.InputTransform.Activation = activation.Tanh()
	tagger.Hidden.Activation = activation.ReLU()
	if err := ckpt.LoadWeights(ctx, "run", &tagger.Trunk, ckpt.At("model")); err != nil {
		return err // a missing value of the trunk is an error; the old head is ignored
	}
	predict := layers.NewSequential(&tagger.InputTransform, &tagger.Hidden, &tagger.Tags)
	y, err := predict.Call(tensor.New[float32](1, 2)) // the first call makes the head's weights
	if err != nil {
		return err
	}
	// … train tagger.Tags …
	err = ckpt.SaveWeights(ctx, "tagger/weights", &tagger) // trunk and head

	fmt.Println(y.Shape(), tagger.Tags.Kernel.Shape())
	return err
}

func Example_newHead() {
	fmt.Println(newHead(context.Background()))
	// Output:
	// [1 3] [8 3]
	// <nil>
}

func replacedHead(ctx context.Context) error {
	model := Regress{Prediction: layers.Dense{Units: 3}} // the trained head has one unit
	var report ckpt.Report
	if err := ckpt.LoadWeights(ctx, "run", &model, ckpt.At("model"), ckpt.SkipMismatched(), ckpt.ReportTo(&report)); err != nil {
		return err
	}
	for _, item := range report.Mismatched {
		fmt.Println(item.GoPath, "is new:", item.Problem)
	}
	return nil
}

func Example_replacedHead() {
	fmt.Println(replacedHead(context.Background()))
	// Output:
	// Prediction.Kernel is new: shape [8 1] in the checkpoint, [? 3] by the options of Prediction (layers.Dense)
	// Prediction.Bias is new: shape [1] in the checkpoint, [3] by the options of Prediction (layers.Dense)
	// <nil>
}
