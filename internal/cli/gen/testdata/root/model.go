// Package root has the types of the checkpoint ckpt:
//
//	m := root.NewModel()
//	err := ckpt.LoadWeights(ctx, path, m)
package root

import (
	"github.com/gockpt/ckpt/tensor"
)

// NewModel returns a Model for ckpt.LoadWeights.
func NewModel() *Model {
	return new(Model)
}

// Model is the top-level object.
type Model = tensor.Tensor[float32]
