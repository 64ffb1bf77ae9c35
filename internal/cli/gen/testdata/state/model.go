// Package state has the types of the checkpoint ckpt:
//
//	m := state.NewModel()
//	err := ckpt.LoadWeights(ctx, path, m)
package state

import (
	"github.com/gockpt/ckpt/tensor"
)

// NewModel returns a Model for ckpt.LoadWeights.
func NewModel() *Model {
	return new(Model)
}

// Model is the top-level object.
type Model struct {
	Rng   State                  `ckpt:"rng"`
	V     tensor.Tensor[float32] `ckpt:"v"` // [2]
	Empty State                  `ckpt:"empty"`
	Raw   State                  `ckpt:"raw"`
	Last  tensor.Tensor[int32]   `ckpt:"last"` // []
}

// State is the state of a Python object, as Python wrote it.
type State struct {
	Data []byte `ckpt:"-"`
}

// MarshalBinary returns the state.
func (s *State) MarshalBinary() ([]byte, error) { return s.Data, nil }

// UnmarshalBinary sets the state.
func (s *State) UnmarshalBinary(data []byte) error {
	s.Data = append([]byte{}, data...)
	return nil
}
