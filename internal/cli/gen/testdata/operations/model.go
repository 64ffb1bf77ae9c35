// Package operations has the types of the checkpoint shapes-1:
//
//	m := operations.NewModel()
//	err := ckpt.LoadWeights(ctx, path, m, ckpt.At("model/_operations"))
package operations

import (
	"github.com/gockpt/ckpt/layers"
)

// NewModel returns a Model for ckpt.LoadWeights.
func NewModel() *Model {
	return new(Model)
}

// Model is the top-level object.
type Model struct {
	Conv1   layers.Conv2D             `ckpt:"1"`
	Norm1   layers.BatchNormalization `ckpt:"2"`
	Conv2   layers.SeparableConv2D    `ckpt:"5"`
	Norm2   layers.BatchNormalization `ckpt:"6"`
	Conv3   layers.Conv2D             `ckpt:"9"`
	Classes layers.Dense              `ckpt:"12"`
}
