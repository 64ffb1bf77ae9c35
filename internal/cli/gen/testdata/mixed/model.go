// Package mixed has the types of the checkpoint model:
//
//	m := mixed.NewTraining()
//	err := ckpt.LoadWeights(ctx, path, m)
package mixed

import (
	"github.com/gockpt/ckpt/layers"
)

// NewTraining returns a Training for ckpt.LoadWeights.
func NewTraining() *Training {
	m := new(Training)
	m.Model.Operations.Reader = layers.Bidirectional{ForwardLayer: &layers.GRU{}, BackwardLayer: &layers.GRU{GoBackwards: true}}
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
	Embedding layers.Embedding     `ckpt:"1"`
	Reader    layers.Bidirectional `ckpt:"4"`
	Widen     layers.Dense         `ckpt:"5"`
	Shared    layers.Dense         `ckpt:"6"`
	Scores    layers.Dense         `ckpt:"8"`
}
