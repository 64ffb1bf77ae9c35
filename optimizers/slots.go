// Package optimizers holds the state of TensorFlow's optimizers as data: structs that hold an optimizer's part of a
// checkpoint and write it back unchanged, so that training can continue elsewhere. They do not compute anything.
//
// There are four generations, each in its own package, because they keep their state in different ways:
//
//	keras3     keras.optimizers of Keras 3: lists of variables; the list _variables repeats all of them
//	tfkeras    tf.keras.optimizers of TensorFlow 2.11 to 2.15, and of tf_keras: the same kind of lists
//	legacy     tf.keras.optimizers.legacy, tf.keras.optimizers before 2.11: slot variables, hyper-parameters as variables
//	compatv1   tf.compat.v1.train: slot variables
//
// Lists have one element per trained variable. Before you restore an optimizer of the first two packages, call Build with
// the model's variables, as Keras does. In the other two packages the restore makes the slot variables: there is no Build.
//
// Save and restore an optimizer like any other struct:
//
//	optimizer := new(legacy.Adam)
//	c, err := ckpt.New(ckpt.Group{"model": model, "optimizer": optimizer})
package optimizers

import (
	"reflect"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// Slots are the slot variables of an optimizer: one tensor per slot name and variable. A struct that embeds Slots is an
// optimizer to a checkpoint (ckpt.SlotOwner). The zero value is ready.
//
// A restore makes every slot that the checkpoint has, in the checkpoint's order. A save writes them in that order.
type Slots struct {
	names []string
	of    map[string]map[any]tensor.Any
}

// SlotNames returns the names of all slots, in the order in which they were first made.
func (s *Slots) SlotNames() []string { return slices.Clone(s.names) }

// Slot returns the slot variable called name of a variable, or nil if there is none. variable is the pointer that the model
// holds. The result is a tensor.Any.
func (s *Slots) Slot(name string, variable any) any {
	if t := s.Get(name, variable); t != nil {
		return t
	}
	return nil
}

// Get returns the result of Slot as a tensor.Any.
func (s *Slots) Get(name string, variable any) tensor.Any { return s.of[name][variable] }

// CreateSlot returns the slot variable called name of a variable. If there is none, CreateSlot makes one of the variable's
// dtype that is not built. It returns nil if variable has no dtype.
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
