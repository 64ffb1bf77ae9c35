package ckpt

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/byname"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/internal/walk"
)

// AssignFromCheckpoint gives variables the values that a checkpoint has under other names (tf.compat.v1.train.
// init_from_checkpoint): weights from another model, or from one whose scopes were called otherwise. The keys of
// assignments are those of the checkpoint. A value is
//
//	"scope/name"             the variable of model with that global name (see [NewSaver])
//	a pointer                that variable, or [Partitioned] one, in model or not
//	"scope/"                 where the key is "other/": each variable of model in scope takes the value that the checkpoint
//	                         has for the rest of its name in other; "/" as either is everything, without a scope
//	[]any                    several of these, which take the same value
//
// Every name must be found on both sides, and every shape and dtype must fit, or the error says which do not and nothing
// is changed. It satisfies errors.Is(err, [ErrNotFound]) where the checkpoint lacks a tensor. model may be nil where values
// are pointers only. path is what [Open] takes. Options: [Parts], [Atomic], [StateFile], [WithFS], [WithLogger], [WithProgress].
func AssignFromCheckpoint(ctx context.Context, path string, model any, assignments map[string]any, opts ...AssignOption) error {
	o, err := with(defaultOptions(), opts)
	if err != nil {
		return err
	}
	f, prefix, err := openPath(ctx, path, o)
	if err != nil {
		return err
	}
	defer f.Close()
	a := &assigner{prefix: prefix, f: f, taken: make(map[object.Identity]string)}
	if err := a.program(model, assignments, o); err != nil {
		return fmt.Errorf("ckpt: assign from %s: %w", prefix, err)
	}
	return assignNamed(ctx, f, prefix, a.w.Graph(), o, func(p *transfer.Plan) error {
		a.plan = p
		for _, key := range slices.Sorted(maps.Keys(assignments)) {
			for _, target := range targetsOf(assignments[key]) {
				a.target(key, target)
			}
		}
		return errors.Join(a.problems...)
	})
}

func targetsOf(v any) []any {
	if several, ok := v.([]any); ok {
		return several
	}
	return []any{v}
}

// An assigner plans the assignments of one call.
type assigner struct {
	prefix   string
	f        format.Reader
	w        *walk.Walker
	byName   map[string][]byname.Variable
	objects  []assignedObject
	plan     *transfer.Plan
	taken    map[object.Identity]string // the key that each variable takes its value from
	problems []error
}

// An assignedObject is a target that is no name, with the variables that it is.
type assignedObject struct {
	target any
	vars   []byname.Variable
}

func (a *assigner) problem(err error, text string, args ...any) {
	a.problems = append(a.problems, fmt.Errorf("ckpt: assign from %s: %s: %w", a.prefix, fmt.Sprintf(text, args...), err))
}

// program finds the variables of the model, and those of targets that may be outside of it.
func (a *assigner) program(model any, assignments map[string]any, o options) (err error) {
	if a.w, err = walkNamed(model, a, make(map[object.Identity]reflect.Value)); err != nil {
		return err
	}
	root, count := a.w.Graph().Root(), len(a.w.Graph().Nodes)
	var nodes []*object.Node
	for _, key := range slices.Sorted(maps.Keys(assignments)) {
		for _, target := range targetsOf(assignments[key]) {
			if _, isName := target.(string); isName {
				continue
			}
			if err := a.w.AddChild(root, key, fmt.Sprintf("[%q]", key), target); err != nil {
				return err
			}
			n := root.Edges[len(root.Edges)-1].Node
			root.Edges = root.Edges[:len(root.Edges)-1] // it is no part of the model's own names
			if n == nil || len(n.Values) == 0 && n.Obj.Type() != partitionedType {
				return fmt.Errorf("%q: a %T is no variable", key, target)
			}
			nodes = append(nodes, n)
			a.objects = append(a.objects, assignedObject{target: target})
		}
	}
	if err := a.w.ExpandAll(); err != nil {
		return err
	}
	vars, err := byname.Variables(a.w.Graph(), byNameOptions(o))
	if err != nil {
		return err
	}
	a.byName = make(map[string][]byname.Variable)
	for _, v := range vars {
		if v.Node.ID < count { // the others are targets outside of the model
			a.byName[v.Name] = append(a.byName[v.Name], v)
		}
	}
	for i, n := range nodes {
		for _, v := range vars {
			if v.Node == n || v.Part != nil && v.Node.Parent != nil && v.Node.Parent.Parent == n {
				a.objects[i].vars = append(a.objects[i].vars, v)
			}
		}
	}
	return nil
}

// target plans what takes the value stored under key, or the values in that scope.
func (a *assigner) target(key string, target any) {
	name, isName := target.(string)
	if !isName {
		i := slices.IndexFunc(a.objects, func(o assignedObject) bool { return object.Same(o.target, target) })
		a.assign(key, key, a.objects[i].vars)
		return
	}
	if vars, ok := a.byName[name]; ok {
		a.assign(key, key, vars)
		return
	}
	if !strings.HasSuffix(key, "/") || !strings.HasSuffix(name, "/") {
		a.problem(ErrMismatch, "the model has no variable %q for %q; where scopes are meant both end with \"/\"", name, key)
		return
	}
	scope, from := strings.TrimPrefix(name, "/"), strings.TrimPrefix(key, "/")
	found := false
	for _, own := range slices.Sorted(maps.Keys(a.byName)) {
		if rest, ok := strings.CutPrefix(own, scope); ok {
			found = true
			a.assign(from+rest, key, a.byName[own])
		}
	}
	if !found {
		a.problem(ErrMismatch, "the model has no variables in %q", name)
	}
}

// assign plans that vars, which are one variable or the parts of one, take the tensor stored under key. given is the key that the
// caller gave.
func (a *assigner) assign(key, given string, vars []byname.Variable) {
	switch _, ok, err := a.f.Lookup(key); {
	case err != nil:
		a.problems = append(a.problems, fmt.Errorf("ckpt: %w", err))
		return
	case !ok:
		a.problem(ErrNotFound, "tensor %q (for %q) is not found in the checkpoint", key, given)
		return
	}
	for i := range vars {
		v := &vars[i]
		if other, twice := a.taken[v.Node.Key]; twice {
			a.problem(ErrMismatch, "%s is to take both %q and %q", v.Node.GoPath(), other, key)
			continue
		}
		a.taken[v.Node.Key] = key
		byname.Assign(a.plan, v, key)
	}
}
