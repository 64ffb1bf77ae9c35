// Package optimizers holds the state of TensorFlow's optimizers as data: structs that take what a checkpoint has of an
// optimizer and write it again unchanged, so that training goes on elsewhere from where it was. They compute nothing.
//
// There are four generations, each in a package of its own, since they keep their state in different ways:
//
//	keras3     keras.optimizers of Keras 3: lists of variables, all of them once more in the list _variables
//	tfkeras    tf.keras.optimizers of TensorFlow 2.11 to 2.15, and of tf_keras: such lists too
//	legacy     tf.keras.optimizers.legacy, tf.keras.optimizers before 2.11: slot variables, hyper-parameters as variables
//	compatv1   tf.compat.v1.train: slot variables
//
// Lists have one element per variable that is trained, so an optimizer of the first two is built for the model's variables
// before it is restored, as Keras does it (Build). Slot variables are made by the restore; nothing needs to be built.
//
// The optimizers take part in a checkpoint as any struct does:
//
//	optimizer := new(legacy.Adam)
//	c, err := ckpt.New(ckpt.Group{"model": model, "optimizer": optimizer})
package optimizers

import (
	"reflect"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// Slots are the slot variables of an optimizer: one tensor per slot name and variable. Embedded in a struct they make
// that an optimizer to a checkpoint (ckpt.SlotOwner). The zero value is ready.
//
// Whatever slots a checkpoint has are made, in the order of the checkpoint, so that they are written again in that order.
type Slots struct {
	names []string
	of    map[string]map[any]tensor.Any
}

// SlotNames returns the names of the slots that there are, in the order in which they were first made.
func (s *Slots) SlotNames() []string { return slices.Clone(s.names) }

// Slot returns the slot variable called name of a variable, given by the pointer by which the model holds it; nil if there
// is none. It is a tensor.Any.
func (s *Slots) Slot(name string, variable any) any {
	if t := s.Get(name, variable); t != nil {
		return t
	}
	return nil
}

// Get is Slot, typed.
func (s *Slots) Get(name string, variable any) tensor.Any { return s.of[name][variable] }

// CreateSlot returns the slot variable called name of a variable, made if there is none: of the variable's dtype, and
// not built. It is nil if variable has no dtype.
func (s *Slots) CreateSlot(name string, variable any) any {
	if t := s.Get(name, variable); t != nil {
		return t
	}
	t, err := tensor.Zero(dtypeOf(variable))
	if err != nil {
		return nil
	}
	s.Set(name, variable, t)
	return t
}

// Set makes t the slot variable called name of a variable.
func (s *Slots) Set(name string, variable any, t tensor.Any) {
	if s.of == nil {
		s.of = make(map[string]map[any]tensor.Any)
	}
	if s.of[name] == nil {
		s.of[name] = make(map[any]tensor.Any)
	}
	if !slices.Contains(s.names, name) {
		s.names = append(s.names, name)
	}
	s.of[name][variable] = t
}

// Has reports whether any variable has a slot variable called name.
func (s *Slots) Has(name string) bool { return len(s.of[name]) > 0 }

// dtypeOf returns the dtype of a variable: a tensor, a ckpt.Variable, or a pointer to a plain Go value.
func dtypeOf(variable any) tensor.DType {
	switch v := variable.(type) {
	case tensor.Any:
		return v.DType()
	case interface{ CheckpointTensor() (tensor.Any, error) }:
		if t, err := v.CheckpointTensor(); err == nil && t != nil {
			return t.DType()
		}
		return tensor.InvalidDType
	}
	t := reflect.TypeOf(variable)
	for t != nil && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
		t = t.Elem()
	}
	if t == nil {
		return tensor.InvalidDType
	}
	return tensor.DTypeOfType(t)
}
