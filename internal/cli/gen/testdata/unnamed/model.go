// Package unnamed has the types of the checkpoint model:
//
//	m := unnamed.NewTraining()
//	err := ckpt.LoadWeights(ctx, path, m)
package unnamed

import (
	"github.com/gockpt/ckpt/layers"
)

// NewTraining returns a Training for ckpt.LoadWeights.
func NewTraining() *Training {
	m := new(Training)
	m.Model.Functional.Operations.TimeDistributed = layers.TimeDistributed{Layer: &layers.Dense{}}
	return m
}

// Training is the top-level object.
type Training struct {
	Model Model `ckpt:"model"`
}

// Model is the object model.
type Model struct {
	Functional Functional `ckpt:"_functional"`
}

// Functional is the object model._functional.
type Functional struct {
	Operations Operations `ckpt:"_operations"`
}

// Operations is the object model._functional._operations.
type Operations struct {
	Conv1D          layers.Conv1D          `ckpt:"1"`
	TimeDistributed layers.TimeDistributed `ckpt:"2"`
	LSTM            layers.LSTM            `ckpt:"3"`
	Dense1          layers.Dense           `ckpt:"4"`
}
