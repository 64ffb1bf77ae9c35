package ops

import (
	"strings"

	"github.com/gockpt/ckpt/layers/internal/config"
)

// An Operator is an operation of keras.ops in a Functional model. It computes its results from the arguments of the model's
// call.
type Operator func(a *Arguments) ([]*Value, error)

// A Maker makes an operator from its configuration.
type Maker func(c *config.Config) Operator

// IsOperatorModule reports whether a Python module contains operators. Add is an operator there, and a layer elsewhere.
func IsOperatorModule(module string) bool { return strings.HasPrefix(module, "keras.src.ops.") }

// single returns an operator that takes one tensor, x, and returns one tensor.
func single(f func(a *Arguments, x *Value) (*Value, error)) Operator {
	return func(a *Arguments) ([]*Value, error) {
		name := "x"
		for _, other := range []string{"inputs", "variable", "a"} {
			if _, ok := a.Kw[other]; ok {
				name = other
			}
		}
		x, err := a.value(0, name)
		if err != nil {
			return nil, err
		}
		y, err := f(a, x)
		if err != nil {
			return nil, err
		}
		if y == x { // an unchanged tensor keeps its mask
			return []*Value{x}, nil
		}
		return []*Value{y.without()}, nil
	}
}

// plain returns a maker for an operator without options.
func plain(o Operator) Maker { return func(*config.Config) Operator { return o } }
