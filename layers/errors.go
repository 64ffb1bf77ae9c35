package layers

import (
	"errors"
	"fmt"

	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/tensor"
)

// ErrNotBuilt is in the error of a call to a layer if its weights were not restored and cannot be made, because its options do not
// give their sizes.
var ErrNotBuilt = errors.New("not built: the weights were not loaded, and the options do not give their sizes")

// ErrUnknownLayer is in the error for a Keras class that this package does not have.
var ErrUnknownLayer = fault.ErrUnknownLayer

// ErrUnknownOption is in the error for an option of a Keras layer that this package does not know. If it ignored the option, the
// results could differ from Keras's.
var ErrUnknownOption = fault.ErrUnknownOption

// A ShapeError reports a tensor that does not fit its layer, as an input or as a restored weight.
type ShapeError struct {
	Layer  string       // the kind of layer and, if it has one, its name: `dense "logits"`
	Tensor string       // which tensor: "input", "kernel", …
	Got    tensor.Shape // the tensor's shape, or nil
	Want   string       // the expected shape, with … for any axes, and the reason
}

// Error describes the mismatch in one line. The wording may change.
func (e *ShapeError) Error() string {
	if e.Got == nil {
		return fmt.Sprintf("layers: %s: %s has no values, want %s", e.Layer, e.Tensor, e.Want)
	}
	return fmt.Sprintf("layers: %s: %s shape %v, want %s", e.Layer, e.Tensor, e.Got, e.Want)
}

// An id is the name of a layer in errors: its kind and, if it has one, its name.
type id struct{ kind, name string }

func (w id) String() string { return fault.Label(w.kind, w.name) }

// errorf returns an error about the layer who, for a problem other than shapes.
func errorf(who id, format string, args ...any) error {
	return fault.Errorf(who, format, args...)
}

// shapeErrorf returns a ShapeError with a formatted Want.
func shapeErrorf(who id, tensor string, got tensor.Shape, format string, args ...any) error {
	return &ShapeError{Layer: who.String(), Tensor: tensor, Got: got, Want: fmt.Sprintf(format, args...)}
}
