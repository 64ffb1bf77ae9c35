package program

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// A Program holds the calls of a Keras model's layers and operators, in the order in which they run.
type Program struct {
	Who     fault.Who
	Chain   bool // the model is Sequential
	Inputs  []Spec
	named   bool // inputs are a dict
	nodes   []node
	outputs []place
	dead    [][]int   // for each node, the nodes that are not needed after its call
	Results []Spec    // descriptions of the outputs
	Callees []*Callee // in the order of the configuration
}

// A Spec describes an input or an output of a program. An axis of -1 may have any length. A nil Shape is unknown.
type Spec struct {
	Name  string
	DType tensor.DType
	Shape tensor.Shape
}

// An InputError reports an input with a shape that the model does not accept.
type InputError struct {
	Who  fault.Who
	Name string // of the input
	Got  tensor.Shape
	Want string
}

// Error returns a one-line message.
func (e *InputError) Error() string {
	return fmt.Sprintf("layers: %v: input %q shape %v, want %s", e.Who, e.Name, e.Got, e.Want)
}

// A Library makes and calls the layers of a program.
type Library interface {
	config.Makers

	// Custom reports whether the caller provided a layer for a class by the name that Python registered.
	Custom(registered string) bool

	// Call calls a layer of a class. Errors begin with who.
	Call(who, class string, layer any, a *ops.Arguments) ([]*ops.Value, error)

	// Join reports whether a call of layer can also apply the layers others to its result: see [ops.Arguments.Then].
	Join(layer any, others []any) bool

	// Keeps reports whether a layer of class may keep its arguments or results after the call.
	Keeps(class string, layer any) bool

	// DType returns the dtype of the layer's output, or InvalidDType if it depends on the inputs.
	DType(class string, layer any) tensor.DType

	// Program returns the program of a layer that is a model; nil for other layers.
	Program(layer any) *Program
}

// fit converts v to the dtype and rank of the input s, as Keras's Functional._standardize_inputs does.
func (s Spec) fit(who fault.Who, v *ops.Value) (*ops.Value, error) {
	x, err := v.Cast(s.DType)
	if err != nil {
		return nil, fault.Errorf(who, "input %q: %w", s.Name, err)
	}
	if s.Shape == nil {
		return x.Masked(v.Mask), nil
	}
	got, rank := x.Shape(), len(s.Shape)
	switch {
	case len(got) == rank+1 && got[rank] == 1:
		x, err = ops.ReshapeValue(x, got[:rank]...)
	case len(got) == rank-1 && s.Shape[rank-1] == 1:
		x, err = ops.ReshapeValue(x, append(slices.Clone(got), 1)...)
	}
	if err != nil {
		return nil, fault.Errorf(who, "input %q: %w", s.Name, err)
	}
	got = x.Shape()
	fits := len(got) == rank
	for i := 1; fits && i < rank; i++ { // as in Keras, any batch size fits
		fits = s.Shape[i] < 0 || s.Shape[i] == got[i]
	}
	if !fits {
		return nil, &InputError{Who: who, Name: s.Name, Got: v.Shape(), Want: fault.Pattern(s.Shape)}
	}
	return x.Masked(v.Mask), nil
}

// InputNames returns the names of the inputs.
func (p *Program) InputNames() []string {
	names := make([]string, len(p.Inputs))
	for i, s := range p.Inputs {
		names[i] = s.Name
	}
	return names
}

// Steps returns the callee of each node, in the order of the calls.
func (p *Program) Steps() []*Callee {
	steps := make([]*Callee, len(p.nodes))
	for i := range p.nodes {
		steps[i] = p.nodes[i].callee
	}
	return steps
}
