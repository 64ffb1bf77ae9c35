package layout

import (
	"errors"
	"fmt"

	"github.com/gockpt/ckpt/tensor"
)

// A Maker names who arranges values in a way of its own.
type Maker string

// The makers of torch.nn's modules, and of Keras 3's layers.
const (
	PyTorch Maker = "pytorch"
	Keras   Maker = "keras"
)

// A Declarer says how other makers store its values. The method may depend on the options of the object, never on its
// values. It is called for each object that a file's names may describe.
type Declarer interface {
	CheckpointLayouts() []Rule
}

// A ListDeclarer says how other makers store a list of its type in one object. The method is called on the list's first element, or on a
// zero value where the list is to be made. To load it is given the names below the stored object; to save, stored is nil and elements
// is the length of the list. The paths in Own begin with an element's index, as in "0/cell/kernel".
type ListDeclarer interface {
	CheckpointListLayouts(elements int, stored []string) []Rule
}

// A Rule makes values of an object from stored tensors, and back.
type Rule struct {
	Maker Maker
	// Stored holds the paths of the stored tensors, relative to the object, edges joined by "/".
	Stored []string
	// Own holds the paths of the object's values, likewise. A rule without any says that the object needs
	// nothing of the stored tensors: see [Unneeded].
	Own []string
	// Load makes the object's values of the stored ones, Save does the reverse. A rule without Save cannot be written.
	Load, Save Transform
	// Lossy says what Save cannot give back: "" where it gives back the same bytes.
	Lossy string
	// Note says what the report should say of an object that the rule applied to, such as an option that the file does not
	// hold; "" for nothing.
	Note string
	// Refusal says why an object cannot take what is stored under Stored, which makes loading it an error: see [Refused].
	Refusal string
	// Square is set where the shape alone does not tell the maker's layout from the object's: a square matrix of
	// unknown origin. The report then names the value.
	Square func(stored []tensor.Shape) bool
}

// A Transform turns tensors into others. It keeps nothing between calls and may run in several goroutines at once.
type Transform struct {
	// Shapes returns the shapes of the results, or an error that says which shape was expected. All results have the
	// dtype of the first input.
	Shapes func(from []tensor.Shape) ([]tensor.Shape, error)
	// Move fills to, which has the shapes that Shapes returned.
	Move func(to, from []tensor.Any) error
}

// Check returns an error where the rule cannot be used.
func (r *Rule) Check() error {
	switch {
	case r.Maker == "":
		return errors.New("layout: a rule without a maker")
	case len(r.Stored) == 0:
		return errors.New("layout: a rule without stored names")
	case len(r.Own) > 0 && (r.Load.Shapes == nil || r.Load.Move == nil):
		return fmt.Errorf("layout: the rule for %v has no Load", r.Own)
	}
	return nil
}

// Apply runs a transform on tensors in memory and returns the results.
func (t Transform) Apply(from ...tensor.Any) ([]tensor.Any, error) {
	shapes := make([]tensor.Shape, len(from))
	for i, f := range from {
		shapes[i] = f.Shape()
	}
	results, err := t.Shapes(shapes)
	if err != nil {
		return nil, err
	}
	to := make([]tensor.Any, len(results))
	for i, s := range results {
		if to[i], err = tensor.NewAny(from[0].DType(), s...); err != nil {
			return nil, err
		}
	}
	return to, t.Move(to, from)
}

// An Ignorer names values that files hold beside its own and that it does not need. Loading weights passes over them; any other
// value inside an object for which its type has no field is an error.
type Ignorer interface {
	// CheckpointIgnores returns the names of edges. Each stands for the name with an underscore in front, too.
	CheckpointIgnores() []string
}
