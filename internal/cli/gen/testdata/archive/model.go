// Package archive has the types of the checkpoint model.keras:
//
//	m := archive.NewModel()
//	err := ckpt.LoadWeights(ctx, path, m)
package archive

import (
	"github.com/gockpt/ckpt/layers"
)

// NewModel returns a Model for ckpt.LoadWeights.
func NewModel() *Model {
	m := new(Model)
	m.BothWays = layers.Bidirectional{ForwardLayer: &layers.LSTM{}, BackwardLayer: &layers.LSTM{GoBackwards: true}}
	m.Each = layers.TimeDistributed{Layer: &layers.Dense{}}
	return m
}

// Model is the top-level object.
type Model struct {
	BothWays layers.Bidirectional      `ckpt:"both_ways,alias=bidirectional,alias=layer_with_weights-0"`
	Dense1   layers.Dense              `ckpt:"dense_1,alias=layer_with_weights-3"`
	Dense    layers.Dense              `ckpt:"dense,alias=layer_with_weights-6"`
	Norm     layers.LayerNormalization `ckpt:"norm,alias=layer_normalization,alias=layer_with_weights-4"`
	Attend   layers.MultiHeadAttention `ckpt:"attend,alias=multi_head_attention,alias=layer_with_weights-1"`
	Inside   Inside                    `ckpt:"inside,alias=sequential,alias=layer_with_weights-5"`
	Each     layers.TimeDistributed    `ckpt:"each,alias=time_distributed,alias=layer_with_weights-2"`
}

// Inside is the object inside.
type Inside struct {
	Norm   layers.BatchNormalization `ckpt:"norm,alias=batch_normalization,alias=layer_with_weights-1"`
	Hidden layers.Dense              `ckpt:"hidden,alias=dense,alias=layer_with_weights-0"`
	Last   layers.Dense              `ckpt:"last,alias=dense_1,alias=layer_with_weights-2"`
}
