// Package bothways has the types of the checkpoint model.safetensors:
//
//	m := bothways.NewModel()
//	err := ckpt.LoadWeights(ctx, path, m)
package bothways

import (
	"github.com/gockpt/ckpt/layers"
)

// NewModel returns a Model for ckpt.LoadWeights.
func NewModel() *Model {
	m := new(Model)
	m.RNN = []layers.Bidirectional{{ForwardLayer: &layers.LSTM{ReturnSequences: true}, BackwardLayer: &layers.LSTM{ReturnSequences: true, GoBackwards: true}}, {ForwardLayer: &layers.LSTM{ReturnSequences: true}, BackwardLayer: &layers.LSTM{ReturnSequences: true, GoBackwards: true}}}
	return m
}

// Model is the top-level object.
type Model struct {
	RNN []layers.Bidirectional `ckpt:"rnn"` // all steps, as PyTorch returns them
}
