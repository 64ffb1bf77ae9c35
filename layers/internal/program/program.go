package program

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// A Program is what a Keras model computes: calls of layers and operators, in the order in which they run.
type Program struct {
	Who     fault.Who
	Chain   bool // of a Sequential model
	Inputs  []Spec
	named   bool // a dict is passed on by its names
	nodes   []node
	outputs []place
	dead    [][]int   // behind each node's call, the nodes that later calls do not need
	Results []Spec    // what outputs are
	Callees []*Callee // in the order of the configuration
}

// A Spec says what one of a program's inputs or outputs is. An axis of -1 may be of any length; a nil Shape is not known.
type Spec struct {
	Name  string
	DType tensor.DType
	Shape tensor.Shape
}

// An InputError says that an input does not have the shape that the model wants.
type InputError struct {
	Who  fault.Who
	Name string // the input's
	Got  tensor.Shape
	Want string
}

// Error returns the finding in one line.
func (e *InputError) Error() string {
	return fmt.Sprintf("layers: %v: input %q shape %v, want %s", e.Who, e.Name, e.Got, e.Want)
}

// A Library makes and calls the layers of a program.
type Library interface {
	config.Makers

	// Custom reports whether the caller gave a layer for a name under which Python registered a class.
	Custom(registered string) bool

	// Call calls a layer of a class. Errors name it who.
	Call(who, class string, layer any, a *ops.Arguments) ([]*ops.Value, error)

	// Join reports whether a call of layer may do what calls of others behind it do with its result: [ops.Arguments.Then].
	Join(layer any, others []any) bool

	// Keeps reports whether a layer that was made for class may hold on to what it is called with, or to what it returns.
	Keeps(class string, layer any) bool

	// DType returns the dtype of the layer's output, InvalidDType where that follows from the inputs.
	DType(class string, layer any) tensor.DType

	// Program returns the program of a layer that is a model, nil for any other.
	Program(layer any) *Program
}

// resolveArg returns arg with values for places.
func resolveArg(arg any, at func(place) (*ops.Value, error)) (any, error) {
	switch a := arg.(type) {
	case place:
		return at(a)
	case []any:
		list := make([]any, len(a))
		for i, item := range a {
			given, err := resolveArg(item, at)
			if err != nil {
				return nil, err
			}
			list[i] = given
		}
		return list, nil
	case map[string]any:
		dict := make(map[string]any, len(a))
		for name, item := range a {
			given, err := resolveArg(item, at)
			if err != nil {
				return nil, err
			}
			dict[name] = given
		}
		return dict, nil
	}
	return arg, nil
}

// fit returns v as the input s: Functional._standardize_inputs.
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
	for i := 1; fits && i < rank; i++ { // as in Keras, any batch will do
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

// Steps returns the callee of each node, in the order in which they run.
func (p *Program) Steps() []*Callee {
	steps := make([]*Callee, len(p.nodes))
	for i := range p.nodes {
		steps[i] = p.nodes[i].callee
	}
	return steps
}
