package ckpt

import (
	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/tensor"
)

// A Variable adapts another library's tensor type: a type that is neither a [tensor.Tensor] nor a plain Go value
// takes part in checkpoints by implementing Variable on its pointer.
type Variable interface {
	// CheckpointTensor returns the values to save, or a tensor that is not built where there are none yet. Its
	// dtype and, where it is built, its shape are also what a restore asks of the checkpoint.
	CheckpointTensor() (tensor.Any, error)
	// SetCheckpointTensor takes the values of a checkpoint: a tensor that is the callee's to keep.
	SetCheckpointTensor(tensor.Any) error
}

// Tensors is implemented, on its pointer, by an object that saves several tensors under names of its own as one
// node: TensorFlow's Trackable with _serialize_to_tensors.
type Tensors interface {
	// CheckpointTensors returns the tensors in the order in which they are saved.
	CheckpointTensors() ([]NamedTensor, error)
	// SetCheckpointTensors takes the values of a checkpoint, all those that CheckpointTensors names at once.
	SetCheckpointTensors(map[string]tensor.Any) error
}

// A NamedTensor is one of the tensors of a [Tensors] object. A Tensor that is not built takes any shape on restore. Names
// with a dot or a slash are for checkpoints that TensorFlow 2.21 need not read: it writes them under a key that it
// does not find again.
type NamedTensor = format.NamedTensor

// SlotOwner is implemented, on its pointer, by an optimizer whose state TensorFlow keeps in slot variables: one tensor per
// slot name and variable, stored under the variable's key (v1 and tf.keras.optimizers.legacy optimizers).
type SlotOwner interface {
	// SlotNames returns the names of the slots in the order in which they are saved.
	SlotNames() []string
	// Slot returns the slot variable called name of a variable, nil if it has none. variable is the pointer by which the
	// model holds the variable, and what is returned is a pointer to something trackable as one variable.
	Slot(name string, variable any) any
	// CreateSlot is Slot for a restore that has values: it makes the slot variable where there is none, nil where it will
	// not have one.
	CreateSlot(name string, variable any) any
}

// SlotNamer is implemented by a [SlotOwner] that says what its slot variables are called globally; without it the
// slot m of dense/kernel is dense/kernel/m. TensorFlow's own optimizers differ: dense/kernel/Adam and dense/kernel/Adam_1 are
// the slots m and v of tf.compat.v1.train.AdamOptimizer, Adam/dense/kernel/m one of tf.keras.optimizers.legacy.Adam.
type SlotNamer interface {
	// SlotFullName returns the global name of a slot variable, given its slot and the global name of its variable.
	SlotFullName(slot, variable string) string
}

// VariableNamer is implemented, on its pointer, by an object that says what variables below it are called globally where no tag
// does: an optimizer, whose variables have names that contain those of the model's.
type VariableNamer interface {
	// VariableName returns the global name of a variable, given the pointer by which the program holds it, or "" to
	// leave that to objects further up and to the default.
	VariableName(variable any) string
}
