package ckpttest

import (
	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// A Node is an object with children that are tracked while the program runs.
type Node struct{ ckpt.Module }

// NodeOf returns a Node with children given as name, object, name, object, …
func NodeOf(children ...any) *Node {
	n := new(Node)
	for i := 0; i < len(children); i += 2 {
		if err := n.Track(children[i].(string), children[i+1]); err != nil {
			panic(err)
		}
	}
	return n
}

// A Variable is a tensor of a program.
type Variable = *tensor.Tensor[float32]

// Scalar returns a variable without axes.
func Scalar(v float32) Variable { return tensor.Scalar(v) }

// Vector returns a variable of one axis.
func Vector(values ...float32) Variable { return Must(tensor.FromSlice(values, len(values))) }

// Value returns the first value of v.
func Value(v Variable) float32 { return v.Data()[0] }

type (
	// A Block has one variable.
	Block struct{ W tensor.Tensor[float32] }
	// A Layer is one of several types.
	Layer interface{ Call() }
	// A Dense is a Layer with variables.
	Dense struct{ Kernel, Bias tensor.Tensor[float32] }
	// A Dropout is a Layer without variables.
	Dropout struct{ Rate float64 }
)

// Call implements [Layer].
func (*Dense) Call() {}

// Call implements [Layer].
func (*Dropout) Call() {}

// Must returns v. It panics if there is an error.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
