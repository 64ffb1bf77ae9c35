// Package slots has the types of the checkpoint ckpt-1:
//
//	m := slots.NewTraining()
//	err := ckpt.LoadWeights(ctx, path, m)
package slots

import (
	"github.com/gockpt/ckpt/tensor"
)

// NewTraining returns a Training for ckpt.LoadWeights.
func NewTraining() *Training {
	return new(Training)
}

// Training is the top-level object.
type Training struct {
	Model     Model     `ckpt:"model"`
	Optimizer Optimizer `ckpt:"optimizer"`
}

// Model is the object model.
type Model struct {
	W tensor.Tensor[float32] `ckpt:"w"` // [2 2]
	B tensor.Tensor[float32] `ckpt:"b"` // [2]
}

// Optimizer is the object optimizer.
type Optimizer struct {
	Beta1Power tensor.Tensor[float32] `ckpt:"beta1_power"` // []
	Beta2Power tensor.Tensor[float32] `ckpt:"beta2_power"` // []

	Slots `ckpt:"-"`
}

// SlotNames returns the names of the slots of each variable.
func (*Optimizer) SlotNames() []string { return []string{"m", "v"} }

// Slots are the slot variables of an optimizer: tensors by name and by the pointer to the variable. Together with the
// optimizer's SlotNames it implements ckpt.SlotOwner.
type Slots map[any]map[string]tensor.Any

// Slot returns the slot variable name of a variable, or nil.
func (s Slots) Slot(name string, variable any) any {
	if t, ok := s[variable][name]; ok {
		return t
	}
	return nil
}

// CreateSlot is Slot, but makes the slot variable if there is none.
func (s *Slots) CreateSlot(name string, variable any) any {
	if t := s.Slot(name, variable); t != nil {
		return t
	}
	v, ok := variable.(tensor.Any)
	if !ok {
		return nil
	}
	t, err := tensor.Zero(v.DType())
	if err != nil {
		return nil
	}
	if *s == nil {
		*s = make(Slots)
	}
	if (*s)[variable] == nil {
		(*s)[variable] = make(map[string]tensor.Any)
	}
	(*s)[variable][name] = t
	return t
}
