package ops

import (
	"strings"

	"github.com/gockpt/ckpt/layers/internal/config"
)

// An Operator is one of keras.ops's operations, which stand between layers in the description of a Functional model: it computes
// its results from the arguments that the model calls it with.
type Operator func(a *Arguments) ([]*Value, error)

// An Maker makes an operator from its configuration, as a maker makes a layer.
type Maker func(c *config.Config) Operator

// IsOperatorModule reports whether a Python module is one of operators: Add is an operator there, and a layer elsewhere.
func IsOperatorModule(module string) bool { return strings.HasPrefix(module, "keras.src.ops.") }

// single returns an operator of one tensor, x, that gives one other.
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
		if y == x { // the same tensor, mask and all
			return []*Value{x}, nil
		}
		return []*Value{y.without()}, nil
	}
}

// plain returns what makes an operator that has no options.
func plain(o Operator) Maker { return func(*config.Config) Operator { return o } }
