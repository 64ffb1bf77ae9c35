// Package saver has the types of the checkpoint model.ckpt-3:
//
//	m := saver.NewTraining()
//	err := ckpt.LoadWeights(ctx, path, m)
package saver

import (
	"github.com/gockpt/ckpt/tensor"
)

// NewTraining returns a Training for ckpt.LoadWeights.
func NewTraining() *Training {
	return new(Training)
}

// Training is the top-level object.
type Training struct {
	Beta1Power tensor.Tensor[float32] `ckpt:"beta1_power"` // []
	Beta2Power tensor.Tensor[float32] `ckpt:"beta2_power"` // []
	GlobalStep tensor.Tensor[int64]   `ckpt:"global_step"` // []
	Model      Model                  `ckpt:"model"`
}

// Model is the object model.
type Model struct {
	Bias         tensor.Tensor[float32] `ckpt:"bias"`           // [2]
	BiasAdam     tensor.Tensor[float32] `ckpt:"bias/Adam"`      // [2]
	BiasAdam1    tensor.Tensor[float32] `ckpt:"bias/Adam_1"`    // [2]
	Weights      tensor.Tensor[float32] `ckpt:"weights"`        // [7 2]
	WeightsAdam  tensor.Tensor[float32] `ckpt:"weights/Adam"`   // [7 2]
	WeightsAdam1 tensor.Tensor[float32] `ckpt:"weights/Adam_1"` // [7 2]
}
