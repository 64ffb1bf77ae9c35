package ckpt

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

// A Variable adapts another library's tensor type: if a pointer type implements Variable, checkpoints save its values although the
// type is neither a [tensor.Tensor] nor a plain Go value.
type Variable interface {
	// CheckpointTensor returns the values to save, or a tensor that is not built if there are none yet. A restore compares the
	// tensor's dtype and, if it is built, its shape with the checkpoint. A save calls the method once, or twice for strings and for
	// values of more than 32 MiB in total: first for the shapes, then for one tensor after another. Each call must return memory
	// that later calls do not change, because a save may keep several tensors until it has written them.
	CheckpointTensor() (tensor.Any, error)
	// SetCheckpointTensor takes the values of a checkpoint. The callee may keep the tensor.
	SetCheckpointTensor(tensor.Any) error
}

// Tensors is implemented, on its pointer, by an object that names several tensors itself and saves them as one
// node: TensorFlow's Trackable with _serialize_to_tensors.
type Tensors interface {
	// CheckpointTensors returns the tensors in the order in which they are saved.
	CheckpointTensors() ([]NamedTensor, error)
	// SetCheckpointTensors takes the values of a checkpoint for all names that CheckpointTensors returns.
	SetCheckpointTensors(map[string]tensor.Any) error
}

// A NamedTensor is one of the tensors of a [Tensors] object. A Tensor that is not built takes any shape on restore.
// TensorFlow 2.21 cannot restore names with a dot or a slash: it writes them under a key that it does not find again.
type NamedTensor = format.NamedTensor

// SlotOwner is implemented, on its pointer, by an optimizer that TensorFlow gives slot variables: one tensor per
// slot name and variable, stored under the variable's key (v1 and tf.keras.optimizers.legacy optimizers).
type SlotOwner interface {
	// SlotNames returns the names of the slots in the order in which they are saved.
	SlotNames() []string
	// Slot returns the slot variable called name of a variable, or nil if there is none. variable is the model's pointer to the
	// variable. The result is a pointer to a value that can be tracked as one variable.
	Slot(name string, variable any) any
	// CreateSlot is called by a restore that has values. It is like Slot, but makes the slot variable if
	// there is none. It returns nil to refuse.
	CreateSlot(name string, variable any) any
}

// SlotNamer is implemented by a SlotOwner that chooses the global names of its slot variables. Without it the slot m of
// dense/kernel is dense/kernel/m. TensorFlow's own optimizers differ: dense/kernel/Adam and dense/kernel/Adam_1 are the
// slots m and v of tf.compat.v1.train.AdamOptimizer, Adam/dense/kernel/m one of tf.keras.optimizers.legacy.Adam.
type SlotNamer interface {
	// SlotFullName returns the global name of a slot variable, given its slot and the global name of its variable.
	SlotFullName(slot, variable string) string
}

// VariableNamer is implemented, on its pointer, by an object that chooses the global names of variables below it that do not
// have a tag. An optimizer does so, because the names of its variables contain those of the model's variables.
type VariableNamer interface {
	// VariableName returns the global name of a variable, given the program's pointer to it. It returns "" to leave the
	// choice to objects further up or to the default.
	VariableName(variable any) string
}

// An ObjectSaver saves and restores all objects of one kind together, in its own form, for tensors or objects that depend on each
// other (register_checkpoint_saver in tensorflow/python/saved_model/registration). [WithSaver] gives it to a Checkpoint. The object
// graph records its name with each object that it saved; a program without a saver of that name restores the rest, with a warning.
type ObjectSaver struct {
	// Name is the saver's name in a checkpoint: "package.Name" in TensorFlow.
	Name string
	// Match reports whether the saver handles the object, a pointer. It is called for every object in every walk.
	Match func(object any) bool
	// Save returns the tensors of objects. The keys of objects are their paths, escaped as in keys of tensors. Names of
	// tensors are whole keys and must differ from those of other objects; they usually begin with the object's path. The
	// tensors are written to a separate data file in the returned order. An object's tracked fields are saved as usual, too.
	Save func(ctx context.Context, objects map[string]any) ([]NamedTensor, error)
	// Restore gives objects their values, after all other values of the restore have been assigned. The keys of objects are the
	// paths under which they were saved. For an object that was saved without a custom saver, it is the key of its first tensor.
	Restore func(ctx context.Context, objects map[string]any, from *Reader) error
	// Lenient leaves an object unchanged if the checkpoint names this saver for it and Match returns false. Without it that is an
	// error of the restore.
	Lenient bool
}

// WithSaver lets s save and restore the objects that it matches. If several savers match an object, the last one given is used.
func WithSaver(s ObjectSaver) ObjectOption {
	return option(func(o *options) {
		if err := s.check(o.savers); err != nil && o.err == nil {
			o.err = err
		}
		o.savers = append(o.savers, &object.Saver{Name: s.Name, Match: s.Match, Save: s.Save, Lenient: s.Lenient, Of: &s})
	})
}

// check returns an error if a saver is wrong or has the name of one of others.
func (s *ObjectSaver) check(others []*object.Saver) error {
	switch {
	case s.Name == "":
		return errors.New("ckpt: WithSaver: the saver has no name")
	case s.Match == nil || s.Save == nil || s.Restore == nil:
		return fmt.Errorf("ckpt: WithSaver: %s must have Match, Save and Restore", s.Name)
	case slices.ContainsFunc(others, func(other *object.Saver) bool { return other.Name == s.Name }):
		return fmt.Errorf("ckpt: WithSaver: two savers are called %s", s.Name)
	}
	return nil
}
