// Package wide has the types of the checkpoint model:
//
//	m := wide.NewTraining()
//	err := ckpt.LoadWeights(ctx, path, m)
package wide

import (
	"github.com/gockpt/ckpt/layers"
)

// NewTraining returns a Training for ckpt.LoadWeights.
func NewTraining() *Training {
	m := new(Training)
	m.Model.Operations.Bidirectional = layers.Bidirectional{ForwardLayer: &layers.LSTM{}, BackwardLayer: &layers.LSTM{GoBackwards: true}}
	m.Model.Operations.GRU1 = layers.GRU{Cell: layers.GRUCell{ResetBefore: true}}
	return m
}

// Training is the top-level object.
type Training struct {
	Model Model `ckpt:"model"`
}

// Model is the object model.
type Model struct {
	Operations Operations `ckpt:"_operations"`
}

// Operations is the object model._operations.
type Operations struct {
	Entry                 layers.Conv2D              `ckpt:"2"`
	BatchNormalization    layers.BatchNormalization  `ckpt:"3"`
	PReLU                 layers.PReLU               `ckpt:"4"`
	DepthwiseConv2D       layers.DepthwiseConv2D     `ckpt:"5"`
	GroupNormalization    layers.GroupNormalization  `ckpt:"6"`
	SeparableConv2D       layers.SeparableConv2D     `ckpt:"7"`
	Conv2DTranspose       layers.Conv2DTranspose     `ckpt:"8"`
	RMSNormalization      layers.RMSNormalization    `ckpt:"10"`
	SeparableConv1D       layers.SeparableConv1D     `ckpt:"11"`
	DepthwiseConv1D       layers.DepthwiseConv1D     `ckpt:"12"`
	EinsumDense           layers.EinsumDense         `ckpt:"13"`
	MultiHeadAttention    layers.MultiHeadAttention  `ckpt:"15"`
	GroupedQueryAttention layers.GroupQueryAttention `ckpt:"17"`
	LayerNormalization    layers.LayerNormalization  `ckpt:"19"`
	SimpleRNN             layers.SimpleRNN           `ckpt:"20"`
	RNN                   layers.LSTM                `ckpt:"21"`
	Bidirectional         layers.Bidirectional       `ckpt:"22"`
	GRU1                  layers.GRU                 `ckpt:"23"`
	Item24                Operation                  `ckpt:"24"`
}

// Operation is the object model._operations.24.
type Operation struct {
	Functional Functional `ckpt:"_functional"`
}

// Functional is the object model._operations.24._functional.
type Functional struct {
	Operations Operations2 `ckpt:"_operations"`
}

// Operations2 is the object model._operations.24._functional._operations.
type Operations2 struct {
	Last layers.Dense `ckpt:"1"`
}
