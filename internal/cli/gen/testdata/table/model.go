// Package table has the types of the checkpoint ckpt:
//
//	m := table.NewModel()
//	err := ckpt.LoadWeights(ctx, path, m)
package table

import (
	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// NewModel returns a Model for ckpt.LoadWeights.
func NewModel() *Model {
	return new(Model)
}

// Model is the top-level object.
type Model struct {
	Table ckpt.Table[string, int64] `ckpt:"table"`
	V     tensor.Tensor[float32]    `ckpt:"v"` // []
}
