// Package cnn has the types of the checkpoint shapes-1:
//
//	m := cnn.NewTraining()
//	err := ckpt.LoadWeights(ctx, path, m)
package cnn

import (
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

// NewTraining returns a Training for ckpt.LoadWeights.
func NewTraining() *Training {
	return new(Training)
}

// Training is the top-level object.
type Training struct {
	Model Model `ckpt:"model"`
}

// Model is the object model.
type Model struct {
	Operations Operations `ckpt:"_operations"`
	Optimizer  Optimizer  `ckpt:"optimizer"`
}

// Operations is the object model._operations.
type Operations struct {
	Conv1   layers.Conv2D             `ckpt:"1"`
	Norm1   layers.BatchNormalization `ckpt:"2"`
	Conv2   layers.SeparableConv2D    `ckpt:"5"`
	Norm2   layers.BatchNormalization `ckpt:"6"`
	Conv3   layers.Conv2D             `ckpt:"9"`
	Classes layers.Dense              `ckpt:"12"`
}

// Optimizer is the object model.optimizer.
type Optimizer struct {
	Iterations   tensor.Tensor[int64]     `ckpt:"_iterations"`    // []
	LearningRate tensor.Tensor[float32]   `ckpt:"_learning_rate"` // []
	Momentums    []tensor.Tensor[float32] `ckpt:"momentums"`
}
