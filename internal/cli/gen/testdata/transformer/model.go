// Package transformer has the types of the checkpoint sorter-1:
//
//	m := transformer.NewTraining()
//	err := ckpt.LoadWeights(ctx, path, m)
package transformer

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
	Model     Model     `ckpt:"model"`
	Optimizer Optimizer `ckpt:"optimizer"`
}

// Model is the object model.
type Model struct {
	Tokens layers.Embedding          `ckpt:"tokens"`
	Places layers.Embedding          `ckpt:"places"`
	First  First                     `ckpt:"first"`
	Second First                     `ckpt:"second"`
	Norm   layers.LayerNormalization `ckpt:"norm"`
	Logits layers.Dense              `ckpt:"logits"`
}

// Optimizer is the object optimizer.
type Optimizer struct {
	Iterations tensor.Tensor[int64]     `ckpt:"_iterations"` // []
	Momentums  []tensor.Tensor[float32] `ckpt:"_momentums"`
	Velocities []tensor.Tensor[float32] `ckpt:"_velocities"`
}

// First is the type of model.first and others like it.
type First struct {
	Norm1     layers.LayerNormalization `ckpt:"norm1"`
	Attention layers.MultiHeadAttention `ckpt:"attention"`
	Norm2     layers.LayerNormalization `ckpt:"norm2"`
	Widen     layers.Dense              `ckpt:"widen"`
	Narrow    layers.Dense              `ckpt:"narrow"`
}
