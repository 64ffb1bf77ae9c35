package ops

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/kernel"
)

// First returns the layer's first argument, whatever its name.
func (a *Arguments) First() any {
	if len(a.Args) > 0 {
		return a.Args[0]
	}
	for _, name := range []string{"inputs", "sequences", "x", "input", "sequence"} {
		if v := a.Get(-1, name); v != nil {
			return v
		}
	}
	return nil
}

// Flattened returns the values in nested lists and dicts; the values of a dict are sorted by name.
func Flattened(arg any) ([]*Value, error) {
	var all []*Value
	for leaf := range Leaves(arg) {
		switch v := leaf.(type) {
		case nil:
		case *Value:
			all = append(all, v)
		default:
			return nil, fmt.Errorf("argument %s, want tensors", DescribeArg(leaf))
		}
	}
	return all, nil
}

// MaskList returns an argument that is a mask, or a list of masks and None, as n masks.
func MaskList(arg any, n int) ([]*kernel.Mask, error) {
	list, ok := arg.([]any)
	if dict, named := arg.(map[string]any); named {
		for _, name := range slices.Sorted(maps.Keys(dict)) {
			list = append(list, dict[name])
		}
	} else if !ok {
		list = []any{arg}
	}
	if len(list) > n {
		return nil, fmt.Errorf("%d masks for %d tensors", len(list), n)
	}
	masks := make([]*kernel.Mask, n)
	for i, item := range list {
		if item == nil {
			continue
		}
		v, ok := item.(*Value)
		if !ok {
			return nil, fmt.Errorf("mask %s, want a tensor", DescribeArg(item))
		}
		var err error
		if masks[i], err = v.Bools(); err != nil {
			return nil, err
		}
	}
	return masks, nil
}

// MasksOf returns the masks of vs.
func MasksOf(vs []*Value) []*kernel.Mask {
	masks := make([]*kernel.Mask, len(vs))
	for i, v := range vs {
		masks[i] = v.Mask
	}
	return masks
}

// Arguments holds the arguments of a call: values, scalars, bools, strings, slices, nil, and lists and dicts of these.
type Arguments struct {
	Args []any
	Kw   map[string]any
	Work *kernel.Scratch
	Used map[string]bool

	Passing bool  // results are used only within the run, so that Work may own their memory
	Then    []any // layers that the same call applies to the result
}

// has reports whether an argument was given and is not None. It looks for the argument by position, from 0, or by name.
func (a *Arguments) has(at int, name string) bool { return a.Get(at, name) != nil }

func (a *Arguments) Get(at int, name string) any {
	if at >= 0 && at < len(a.Args) {
		return a.Args[at]
	}
	a.ignore(name)
	return a.Kw[name]
}

// ignore marks arguments as used, because their values do not matter.
func (a *Arguments) ignore(names ...string) {
	if len(a.Kw) == 0 {
		return
	}
	if a.Used == nil {
		a.Used = make(map[string]bool, len(a.Kw))
	}
	for _, name := range names {
		a.Used[name] = true
	}
}

// value returns an argument that is a tensor, or a number as a tensor.
func (a *Arguments) value(at int, name string) (*Value, error) {
	v, _, err := Operand(a.Get(at, name))
	if err != nil {
		return nil, fmt.Errorf("argument %q: %w", name, err)
	}
	return v, nil
}

// values returns an argument that is a list of tensors.
func (a *Arguments) values(at int, name string) ([]*Value, error) {
	list, ok := a.Get(at, name).([]any)
	if !ok {
		return nil, fmt.Errorf("argument %q is %s, want a list of tensors", name, DescribeArg(a.Get(at, name)))
	}
	vs := make([]*Value, len(list))
	for i, item := range list {
		v, _, err := Operand(item)
		if err != nil {
			return nil, fmt.Errorf("argument %q: %w", name, err)
		}
		vs[i] = v
	}
	return vs, nil
}

// Unused returns an error for an argument that the operator did not read.
func (a *Arguments) Unused(most int) error {
	if len(a.Args) > most {
		return fmt.Errorf("%d arguments, want at most %d", len(a.Args), most)
	}
	for name, arg := range a.Kw {
		if !a.Used[name] && arg != nil && arg != false {
			return fmt.Errorf("argument %q: %w", name, fault.ErrUnknownOption)
		}
	}
	return nil
}
