package layers

import (
	"fmt"
	"strings"

	"github.com/gockpt/ckpt/tensor"
)

// An operator is one of keras.ops's operations, which stand between layers in the description of a Functional model: it computes
// its results from the arguments that the model calls it with.
type operator func(a *arguments) ([]*value, error)

// An operatorMaker makes an operator from its configuration, as a maker makes a layer.
type operatorMaker func(c *config) operator

// isOperatorModule reports the Python modules whose classes are operators: Add is one there, and a layer elsewhere.
func isOperatorModule(module string) bool { return strings.HasPrefix(module, "keras.src.ops.") }

// operatorMakerOf returns what makes the operator of a class of keras.ops, nil where this package does not have it.
func operatorMakerOf(class string) operatorMaker {
	for _, family := range []func(class string) operatorMaker{
		elementwiseOperator,
		binaryOperator,
		activationOperator,
		reductionOperator,
		shapeOperator,
		indexOperator,
		linearOperator,
	} {
		if m := family(class); m != nil {
			return m
		}
	}
	return nil
}

// arguments are what an operator or a layer is called with: values, scalars, bools, strings, slices, nil, and lists and dicts of such.
type arguments struct {
	who  id
	args []any
	kw   map[string]any
	work *Workspace
	used map[string]bool
}

// has reports whether an argument was given and is not None. Arguments are found by their place, from 0, or by name.
func (a *arguments) has(at int, name string) bool { return a.get(at, name) != nil }

func (a *arguments) get(at int, name string) any {
	if at >= 0 && at < len(a.args) {
		return a.args[at]
	}
	a.used[name] = true
	return a.kw[name]
}

// value returns an argument that is a tensor, or a number as a tensor.
func (a *arguments) value(at int, name string) (*value, error) {
	v, _, err := operand(a.get(at, name))
	if err != nil {
		return nil, fmt.Errorf("argument %q: %w", name, err)
	}
	return v, nil
}

// values returns an argument that is a list of tensors.
func (a *arguments) values(at int, name string) ([]*value, error) {
	list, ok := a.get(at, name).([]any)
	if !ok {
		return nil, fmt.Errorf("argument %q is %s, want a list of tensors", name, describeArg(a.get(at, name)))
	}
	vs := make([]*value, len(list))
	for i, item := range list {
		v, _, err := operand(item)
		if err != nil {
			return nil, fmt.Errorf("argument %q: %w", name, err)
		}
		vs[i] = v
	}
	return vs, nil
}

// unused returns an error for an argument that nobody asked for.
func (a *arguments) unused(most int) error {
	if len(a.args) > most {
		return fmt.Errorf("%d arguments, want at most %d", len(a.args), most)
	}
	for name, arg := range a.kw {
		if !a.used[name] && arg != nil && arg != false {
			return fmt.Errorf("argument %q: %w", name, ErrUnknownOption)
		}
	}
	return nil
}

// single returns an operator of one tensor, x, that gives one other.
func single(f func(a *arguments, x *value) (*value, error)) operator {
	return func(a *arguments) ([]*value, error) {
		name := "x"
		for _, other := range []string{"inputs", "variable", "a"} {
			if _, ok := a.kw[other]; ok {
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
			return []*value{x}, nil
		}
		return []*value{y.without()}, nil
	}
}

// plain returns what makes an operator that has no options.
func plain(o operator) operatorMaker { return func(*config) operator { return o } }

// dtype returns an option that names a dtype, InvalidDType where it is not there.
func (c *config) dtype(key string) tensor.DType {
	name := c.text(key, "")
	if name == "" {
		return tensor.InvalidDType
	}
	d, err := tensor.ParseDType(name)
	if err != nil {
		c.fail("option %q: %w", key, err)
	}
	return d
}
