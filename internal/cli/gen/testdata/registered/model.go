// Package registered has the types of the checkpoint ckpt:
//
//	m := registered.NewModel()
//	err := ckpt.LoadWeights(ctx, path, m)
package registered

import (
	"github.com/gockpt/ckpt/tensor"
)

// NewModel returns a Model for ckpt.LoadWeights.
func NewModel() *Model {
	return new(Model)
}

// Model is the top-level object.
type Model struct {
	V tensor.Tensor[float32] `ckpt:"v"` // []
}
