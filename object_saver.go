package ckpt

import (
	"context"
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/internal/object"
)

// An ObjectSaver saves and restores the objects of one kind in a way of its own, all of them at once, where several tensors
// or objects hang together (register_checkpoint_saver in tensorflow/python/saved_model/registration). [WithSaver] gives it
// to a Checkpoint. The object graph records its name with each object that it saved; a program that knows none of
// that name restores the rest, with a warning.
type ObjectSaver struct {
	// Name is how a checkpoint knows it: "package.Name" in TensorFlow.
	Name string
	// Match reports whether the object, a pointer, is one of its kind. It is asked for every object in every walk.
	Match func(object any) bool
	// Save returns the tensors to save for objects, which are given by their paths, escaped as in keys. Names are whole keys,
	// which other objects' should not be: those of an object usually begin with its path. They go, in this order, into
	// a data file of their own. An object's tracked fields are saved as any object's besides.
	Save func(ctx context.Context, objects map[string]any) ([]NamedTensor, error)
	// Restore gives objects their values, after all other values of the restore have been assigned. Paths are
	// those under which the objects were saved; the one of an object that was saved as usual is its first tensor's key.
	Restore func(ctx context.Context, objects map[string]any, from *Reader) error
	// Lenient leaves an object as it is where the checkpoint names this saver for it and Match is false of it. Otherwise
	// that is an error of the restore.
	Lenient bool
}

// WithSaver lets s save and restore the objects that it matches. Where several match, the one given last does.
func WithSaver(s ObjectSaver) ObjectOption {
	return option(func(o *options) {
		o.savers = append(o.savers, &object.Saver{Name: s.Name, Match: s.Match, Save: s.Save, Lenient: s.Lenient, Of: &s})
	})
}

// checkSavers says what is wrong with the savers of a call.
func checkSavers(savers []*object.Saver) error {
	for i, s := range savers {
		switch {
		case s.Name == "":
			return fmt.Errorf("ckpt: WithSaver: the saver has no name")
		case s.Match == nil || s.Save == nil || s.Of.(*ObjectSaver).Restore == nil:
			return fmt.Errorf("ckpt: WithSaver: %s lacks one of Match, Save and Restore", s.Name)
		case slices.ContainsFunc(savers[:i], func(other *object.Saver) bool { return other.Name == s.Name }):
			return fmt.Errorf("ckpt: WithSaver: two savers are called %s", s.Name)
		}
	}
	return nil
}
