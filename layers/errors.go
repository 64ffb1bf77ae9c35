package layers

import (
	"errors"
	"fmt"

	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/tensor"
)

// ErrNotBuilt is in the error of a call to a layer if its weights were not restored and cannot be made: its options do not
// say how large they are.
var ErrNotBuilt = errors.New("not built: no weights, and nothing says how large to make them")

// ErrUnknownLayer is in the error for a Keras class that this package does not have.
var ErrUnknownLayer = fault.ErrUnknownLayer

// ErrUnknownOption is in the error for an option of a Keras layer that this package does not know. Ignoring the option
// could give other numbers than Keras does.
var ErrUnknownOption = fault.ErrUnknownOption

// A ShapeError says that a tensor does not fit the layer that it was given to or restored into.
type ShapeError struct {
	Layer  string       // the kind of layer and, where it has one, its name: `dense "logits"`
	Tensor string       // which of its tensors: "input", "kernel", …
	Got    tensor.Shape // the tensor's shape, nil where it has none
	Want   string       // what would do, as a shape with … for any axes, and why
}

// Error returns the finding in one line; its wording may change.
func (e *ShapeError) Error() string {
	if e.Got == nil {
		return fmt.Sprintf("layers: %s: %s has no values, want %s", e.Layer, e.Tensor, e.Want)
	}
	return fmt.Sprintf("layers: %s: %s shape %v, want %s", e.Layer, e.Tensor, e.Got, e.Want)
}

// An id is how errors name a layer: its kind and, where it has one, its name.
type id struct{ kind, name string }

func (w id) String() string { return fault.Label(w.kind, w.name) }

// errorf returns an error about the layer who, for a problem that is not about shapes.
func errorf(who id, format string, args ...any) error {
	return fault.Errorf(who, format, args...)
}

// shapeErrorf returns a ShapeError with a formatted Want.
func shapeErrorf(who id, tensor string, got tensor.Shape, format string, args ...any) error {
	return &ShapeError{Layer: who.String(), Tensor: tensor, Got: got, Want: fmt.Sprintf(format, args...)}
}
