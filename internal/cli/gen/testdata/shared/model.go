// Package shared has the types of the checkpoint ckpt:
//
//	m := shared.NewModel()
//	err := ckpt.LoadWeights(ctx, path, m)
package shared

import (
	"github.com/gockpt/ckpt/tensor"
)

// NewModel returns a Model for ckpt.LoadWeights.
func NewModel() *Model {
	return new(Model)
}

// Model is the top-level object.
type Model struct {
	Decoder Decoder `ckpt:"decoder"`
	Encoder Encoder `ckpt:"encoder"`
	Twice   Twice   `ckpt:"twice"`
}

// Decoder is the object decoder.
type Decoder struct {
	Output Output `ckpt:"output"`
}

// Encoder is the object encoder.
type Encoder struct {
	Embedding *tensor.Tensor[float32] `ckpt:"embedding"` // [1 2]
	Scale     tensor.Tensor[float32]  `ckpt:"scale"`     // []
}

// Twice is the object twice.
type Twice struct {
	Item0 *tensor.Tensor[float32] `ckpt:"0,alias=1"` // [1 2]
}

// Output is the object decoder.output.
type Output struct {
	Weights *tensor.Tensor[float32] `ckpt:"weights"` // [1 2]
}
