// Package several has the types of the checkpoint ckpt:
//
//	m := several.NewModel()
//	err := ckpt.LoadWeights(ctx, path, m)
package several

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
	Stats Stats                  `ckpt:"stats"`
	V     tensor.Tensor[float32] `ckpt:"v"` // []
}

// Stats is the object stats.
type Stats struct {
	Mean     tensor.Tensor[float32] `ckpt:"-"` // [2]
	Count    tensor.Tensor[int64]   `ckpt:"-"` // []
	PerClass tensor.Tensor[int32]   `ckpt:"-"` // [1]
}

// CheckpointTensors implements ckpt.Tensors.
func (x *Stats) CheckpointTensors() ([]ckpt.NamedTensor, error) {
	return []ckpt.NamedTensor{
		{Name: "mean", Tensor: &x.Mean},
		{Name: "count", Tensor: &x.Count},
		{Name: "per.class", Tensor: &x.PerClass},
	}, nil
}

// SetCheckpointTensors implements ckpt.Tensors.
func (x *Stats) SetCheckpointTensors(values map[string]tensor.Any) error {
	if t, ok := values["mean"].(*tensor.Tensor[float32]); ok {
		x.Mean = *t
	}
	if t, ok := values["count"].(*tensor.Tensor[int64]); ok {
		x.Count = *t
	}
	if t, ok := values["per.class"].(*tensor.Tensor[int32]); ok {
		x.PerClass = *t
	}
	return nil
}
