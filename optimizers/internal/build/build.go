// Package build makes the lists of variables that optimizers keep, and names the variables.
package build

import "github.com/gockpt/ckpt/tensor"

// A List is a list with an element for each trained variable.
type List struct {
	To   *[]tensor.Any
	What string // the name of its variables: "momentum"
}

// A Builder makes an optimizer's variables.
type Builder struct {
	Trained []tensor.Any
	All     *[]tensor.Any                   // every variable of the optimizer, in the order of creation
	Name    func(i int, what string) string // names a variable that belongs to the i-th trained variable
	Names   map[any]string                  // the name of every variable
	err     error
}

// Err returns the first error of all calls.
func (b *Builder) Err() error { return b.err }

// PerVariable makes an element of each list for each trained variable, with the variable's dtype and shape.
func (b *Builder) PerVariable(lists ...List) {
	for _, l := range lists {
		*l.To = []tensor.Any{}
	}
	for i, v := range b.Trained {
		for _, l := range lists {
			t := b.Make(v.DType(), v.Shape(), b.Name(i, l.What))
			*l.To = append(*l.To, t)
		}
	}
}

// Make makes a variable of the optimizer. Its values are zeros; if shape is nil it is not built.
func (b *Builder) Make(d tensor.DType, shape tensor.Shape, name string) tensor.Any {
	t := b.Apart(d, shape, name)
	*b.All = append(*b.All, t)
	return t
}

// Apart is like Make, but does not add the variable to All.
func (b *Builder) Apart(d tensor.DType, shape tensor.Shape, name string) tensor.Any {
	t, err := tensor.Zero(d)
	if err == nil && shape != nil {
		err = t.Build(shape...)
	}
	if err != nil && b.err == nil {
		b.err = err
	}
	b.Names[t] = name
	return t
}

// Reduced returns a shape without the axis at fromEnd, counted from the end: 1 gives Adafactor's means of a matrix's rows,
// and 2 those of its columns. It returns nil if shape is nil.
func Reduced(shape tensor.Shape, fromEnd int) tensor.Shape {
	if shape == nil {
		return nil
	}
	at := len(shape) - fromEnd
	return append(append(tensor.Shape{}, shape[:at]...), shape[at+1:]...)
}
