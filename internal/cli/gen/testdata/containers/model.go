// Package containers has the types of the checkpoint ckpt:
//
//	m := containers.NewModel()
//	err := ckpt.LoadWeights(ctx, path, m)
package containers

import (
	"github.com/gockpt/ckpt/tensor"
)

// NewModel returns a Model for ckpt.LoadWeights.
func NewModel() *Model {
	return new(Model)
}

// Model is the top-level object.
type Model struct {
	Many  []tensor.Tensor[float32] `ckpt:"many"`
	Mixed Mixed                    `ckpt:"mixed"`
	Fixed []tensor.Tensor[float32] `ckpt:"fixed"`
	Pair  Pair                     `ckpt:"pair"`
	Table Table                    `ckpt:"table"`
}

// Mixed is the object mixed.
type Mixed struct {
	Item1 tensor.Tensor[float32] `ckpt:"1"` // []
	Item4 Mixed2                 `ckpt:"4"`
}

// Pair is the object pair.
type Pair struct {
	Left  tensor.Tensor[float32] `ckpt:"left,alias=0"`  // []
	Right tensor.Tensor[float32] `ckpt:"right,alias=1"` // []
}

// Table is the object table.
type Table struct {
	B tensor.Tensor[float32]   `ckpt:"b"` // []
	A []tensor.Tensor[float32] `ckpt:"a"`
}

// Mixed2 is the object mixed.4.
type Mixed2 struct {
	Item0 tensor.Tensor[float32] `ckpt:"0"` // []
}
