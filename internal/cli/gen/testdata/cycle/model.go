// Package cycle has the types of the checkpoint ckpt:
//
//	m := cycle.NewModel()
//	err := ckpt.LoadWeights(ctx, path, m)
package cycle

import (
	"github.com/gockpt/ckpt/tensor"
)

// NewModel returns a Model for ckpt.LoadWeights.
func NewModel() *Model {
	return new(Model)
}

// Model is the top-level object.
type Model struct {
	A *A `ckpt:"a"`
	B *B `ckpt:"b"`
}

// A is the object a.
type A struct {
	V     tensor.Tensor[float32] `ckpt:"v"` // []
	Next  *B                     `ckpt:"next"`
	Owner *Model                 `ckpt:"owner"`
}

// B is the object b.
type B struct {
	V    tensor.Tensor[float32] `ckpt:"v"` // []
	Next *A                     `ckpt:"next"`
	Me   *B                     `ckpt:"me"`
}
