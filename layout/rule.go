package layout

import (
	"errors"
	"fmt"

	"github.com/gockpt/ckpt/tensor"
)

// A Maker names a library that arranges values differently.
type Maker string

// The makers of torch.nn's modules, and of Keras 3's layers.
const (
	PyTorch Maker = "pytorch"
	Keras   Maker = "keras"
)

// A Declarer says how other makers store its values. The method may depend on the object's options but not on its values. It
// is called for each object that a file's names may describe.
type Declarer interface {
	CheckpointLayouts() []Rule
}

// A ListDeclarer says how other makers store a list of its type in one object. The method is called on the list's first
// element, or on a zero value if the list does not exist yet. For loading, stored holds the names below the stored object.
// For saving, stored is nil and elements is the length of the list. The paths in Rule.Own begin with an element's index, as
// in "0/cell/kernel".
type ListDeclarer interface {
	CheckpointListLayouts(elements int, stored []string) []Rule
}

// A Rule turns stored tensors into values of an object, and back.
type Rule struct {
	Maker Maker
	// Stored holds the paths of the stored tensors, relative to the object, edges joined by "/".
	Stored []string
	// Own holds the paths of the object's values, in the same form. If it is empty the object does not need the stored
	// tensors: see [Unneeded].
	Own []string
	// Load turns the stored values into the object's; Save does the reverse. A rule without Save cannot be used for writing.
	Load, Save Transform
	// Lossy describes the values that Save cannot restore. It is "" if Save after Load gives the same bytes.
	Lossy string
	// Note is a sentence for the report about each object that the rule applied to, such as an option that the file does not
	// store. It may be "".
	Note string
	// Refusal says why an object cannot use the tensors named in Stored. Loading them is an error: see [Refused].
	Refusal string
	// Square reports whether the shapes fit both the maker's layout and the object's, as for a square matrix of unknown
	// origin. The report then names the value. Square may be nil.
	Square func(stored []tensor.Shape) bool
}

// A Transform turns tensors into other tensors. It does not keep anything between calls, and several goroutines may run it
// at once.
type Transform struct {
	// Shapes returns the shapes of the results, or an error that says which shape was expected. All results have the
	// dtype of the first input.
	Shapes func(from []tensor.Shape) ([]tensor.Shape, error)
	// Move fills to, which has the shapes that Shapes returned.
	Move func(to, from []tensor.Any) error
}

// Check returns an error if the rule cannot be used.
func (r *Rule) Check() error {
	switch {
	case r.Maker == "":
		return errors.New("layout: a rule's Maker must be set")
	case len(r.Stored) == 0:
		return errors.New("layout: a rule's Stored must not be empty")
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

// An Ignorer names values that files store in the object and that the program does not need. Loading weights skips them. Any
// other stored value inside an object is an error if the object's type does not have a field for it.
type Ignorer interface {
	// CheckpointIgnores returns the names of edges. Each name also matches with an underscore in front.
	CheckpointIgnores() []string
}
