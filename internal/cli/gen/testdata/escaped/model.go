// Package escaped has the types of the checkpoint ckpt:
//
//	m := escaped.NewModel()
//	err := ckpt.LoadWeights(ctx, path, m)
package escaped

import (
	"github.com/gockpt/ckpt/tensor"
)

// NewModel returns a Model for ckpt.LoadWeights.
func NewModel() *Model {
	return new(Model)
}

// Model is the top-level object.
type Model struct {
	Flat   map[string]*tensor.Tensor[float32]                       `ckpt:"flat"`
	Nested map[string]map[string]map[string]*tensor.Tensor[float32] `ckpt:"nested"`
}
