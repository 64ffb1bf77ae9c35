// Package build makes the lists of variables that optimizers keep, and their names.
package build

import "github.com/gockpt/ckpt/tensor"

// A List is a list with an element for each variable that is trained.
type List struct {
	To   *[]tensor.Any
	What string // they are called by: "momentum"
}

// A Builder makes an optimizer's variables.
type Builder struct {
	Trained []tensor.Any
	All     *[]tensor.Any                   // every variable of the optimizer, in the order in which they are made
	Name    func(i int, what string) string // of what is kept for the i-th trained variable
	Names   map[any]string                  // of every variable made
	err     error
}

// Err returns the first error of what was done.
func (b *Builder) Err() error { return b.err }

// PerVariable makes, for one trained variable after the other, an element of each list, like the variable itself.
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

// Make makes a variable of the optimizer. It has zeros for values, or is not built where shape is nil.
func (b *Builder) Make(d tensor.DType, shape tensor.Shape, name string) tensor.Any {
	t := b.Apart(d, shape, name)
	*b.All = append(*b.All, t)
	return t
}

// Apart is Make for a variable that is not among All.
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

// Reduced returns a shape without one of its last two axes, the rank-th from the end: what Adafactor keeps of a matrix's
// rows (1) and columns (2). It is nil where the shape is.
func Reduced(shape tensor.Shape, fromEnd int) tensor.Shape {
	if shape == nil {
		return nil
	}
	at := len(shape) - fromEnd
	return append(append(tensor.Shape{}, shape[:at]...), shape[at+1:]...)
}
