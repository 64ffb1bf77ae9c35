// Package encoder has the types of the checkpoint model.pt:
//
//	m := encoder.NewModel()
//	err := ckpt.LoadWeights(ctx, path, m)
package encoder

import (
	"github.com/gockpt/ckpt/layers"
)

// NewModel returns a Model for ckpt.LoadWeights.
func NewModel() *Model {
	m := new(Model)
	m.Enc.Layers = make([]Layer, 2)
	m.Enc.Layers[0].Norm1 = layers.RMSNormalization{Epsilon: 1e-6}
	m.Enc.Layers[0].Norm2 = layers.RMSNormalization{Epsilon: 1e-6}
	m.Enc.Layers[0].SelfAttn = layers.MultiHeadAttention{NumHeads: 1}
	m.Enc.Layers[1].Norm1 = layers.RMSNormalization{Epsilon: 1e-6}
	m.Enc.Layers[1].Norm2 = layers.RMSNormalization{Epsilon: 1e-6}
	m.Enc.Layers[1].SelfAttn = layers.MultiHeadAttention{NumHeads: 1}
	m.Enc.Norm = layers.LayerNormalization{Epsilon: 1e-5}
	return m
}

// Model is the top-level object.
type Model struct {
	Enc Enc `ckpt:"enc"`
}

// Enc is the object enc.
type Enc struct {
	Layers []Layer                   `ckpt:"layers"`
	Norm   layers.LayerNormalization `ckpt:"norm"` // or a GroupNormalization; Epsilon is PyTorch's default: the file has none
}

// Layer is the type of enc.layers.0 and others like it.
type Layer struct {
	Linear1  layers.Dense              `ckpt:"linear1"`   // Activation is not in the file, nor FlattenedFrom, which is needed after nn.Flatten
	Linear2  layers.Dense              `ckpt:"linear2"`   // Activation is not in the file, nor FlattenedFrom, which is needed after nn.Flatten
	Norm1    layers.RMSNormalization   `ckpt:"norm1"`     // or a PReLU; Epsilon is a guess: the file has none
	Norm2    layers.RMSNormalization   `ckpt:"norm2"`     // or a PReLU; Epsilon is a guess: the file has none
	SelfAttn layers.MultiHeadAttention `ckpt:"self_attn"` // NumHeads is not in the file: set it, because the weights are split by it
}
