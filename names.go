package ckpt

import (
	"maps"
	"reflect"
)

// VariableNamer is implemented, on its pointer, by an object that says what variables below it are called globally where no tag
// does: an optimizer, whose variables have names that contain those of the model's.
type VariableNamer interface {
	// VariableName returns the global name of a variable, given the pointer by which the program holds it, or "" to
	// leave that to objects further up and to the default.
	VariableName(variable any) string
}

// FullName says what a variable is called globally that no field holds, and so no tag can name: the one that a [Group], [With] or
// [Checkpoint.Track] calls name, or for "" the root itself. tf.train.Checkpoint(step=tf.Variable(0)) has
// FullName("step", "Variable"). [New] only.
func FullName(name, fullname string) Option {
	return Option{"FullName", onNew, func(o *options) {
		o.fullNames = maps.Clone(o.fullNames)
		if o.fullNames == nil {
			o.fullNames = make(map[string]string)
		}
		o.fullNames[name] = fullname
	}}
}

var variableNamerType = reflect.TypeFor[VariableNamer]()
