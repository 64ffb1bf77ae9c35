package ops

import (
	"iter"
	"maps"
	"slices"
)

// An argument of a call may be a list or a dict of arguments. The functions here see what is in these, from left to right. The
// contents of a dict are in the order of their names.

// mapArg returns arg with each leaf replaced by f's result. It stops at f's first error.
func mapArg(arg any, f func(leaf any) (any, error)) (any, error) {
	switch a := arg.(type) {
	case []any:
		return MapArgs(a, f)
	case map[string]any:
		return MapKwargs(a, f)
	}
	return f(arg)
}

// MapArgs returns args with each leaf replaced by f's result. It stops at f's first error.
func MapArgs(args []any, f func(leaf any) (any, error)) ([]any, error) {
	list := make([]any, len(args))
	for i, arg := range args {
		var err error
		if list[i], err = mapArg(arg, f); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// MapKwargs is like MapArgs for arguments with names. It returns nil if there are none.
func MapKwargs(kwargs map[string]any, f func(leaf any) (any, error)) (map[string]any, error) {
	if len(kwargs) == 0 {
		return nil, nil
	}
	dict := make(map[string]any, len(kwargs))
	for _, name := range slices.Sorted(maps.Keys(kwargs)) {
		var err error
		if dict[name], err = mapArg(kwargs[name], f); err != nil {
			return nil, err
		}
	}
	return dict, nil
}

// Leaves yields the leaves of args.
func Leaves(args ...any) iter.Seq[any] {
	return func(yield func(any) bool) { eachLeaf(args, yield) }
}

// eachLeaf yields the leaves of args, and reports whether to go on.
func eachLeaf(args []any, yield func(any) bool) bool {
	for _, arg := range args {
		switch a := arg.(type) {
		case []any:
			if !eachLeaf(a, yield) {
				return false
			}
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(a)) {
				if !eachLeaf([]any{a[name]}, yield) {
					return false
				}
			}
		default:
			if !yield(arg) {
				return false
			}
		}
	}
	return true
}
