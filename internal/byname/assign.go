package byname

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/internal/walk"
)

// Assignments assign values of a checkpoint to variables with other names. The keys are names in the checkpoint. A value is the
// name of a variable, a pointer to one, a scope that ends with "/" if the key is also a scope, or a slice of these.
type Assignments map[string]any

// all calls f for each key, in order, and each of the key's targets.
func (as Assignments) all(f func(key string, target any) error) error {
	for _, key := range slices.Sorted(maps.Keys(as)) {
		targets, several := as[key].([]any)
		if !several {
			targets = []any{as[key]}
		}
		for _, target := range targets {
			if err := f(key, target); err != nil {
				return err
			}
		}
	}
	return nil
}

// An Assigner plans the assignments of one call.
type Assigner struct {
	assignments Assignments
	prefix      string // of the checkpoint
	byName      map[string][]Variable
	objects     []target
	plan        *transfer.Plan
	taken       map[object.Identity]string // the key that each variable takes its value from
	problems    []error
}

// A target is an object that an assignment gives as a pointer, with its variables.
type target struct {
	object any
	node   *object.Node
	vars   []Variable
}

// NewAssigner finds the variables of the model that w has walked. It adds targets outside of the model to the walk. prefix is the
// prefix of the checkpoint.
func NewAssigner(w *walk.Walker, prefix string, assignments Assignments, o Options) (*Assigner, error) {
	a := &Assigner{assignments: assignments, prefix: prefix, byName: make(map[string][]Variable), taken: make(map[object.Identity]string)}
	root, inModel := w.Graph().Root(), len(w.Graph().Nodes)
	err := assignments.all(func(key string, to any) error {
		if _, isName := to.(string); isName {
			return nil
		}
		if err := w.AddChild(root, key, fmt.Sprintf("[%q]", key), to); err != nil {
			return err
		}
		n := root.Edges[len(root.Edges)-1].Node
		root.Edges = root.Edges[:len(root.Edges)-1] // it is not one of the model's own names
		if n != nil {
			if _, _, partitioned := o.Partitioned(n); !partitioned && len(n.Values) == 0 {
				n = nil
			}
		}
		if n == nil {
			return fmt.Errorf("%q: a %T is not a variable", key, to)
		}
		a.objects = append(a.objects, target{object: to, node: n})
		return nil
	})
	if err == nil {
		err = w.ExpandAll()
	}
	if err != nil {
		return nil, err
	}
	vars, err := Variables(w.Graph(), o)
	if err != nil {
		return nil, err
	}
	for _, v := range vars {
		if v.Node.ID < inModel {
			a.byName[v.Name] = append(a.byName[v.Name], v)
		}
		for i := range a.objects {
			if t := &a.objects[i]; v.Node == t.node || v.Part != nil && v.Node.Parent != nil && v.Node.Parent.Parent == t.node {
				t.vars = append(t.vars, v)
			}
		}
	}
	return a, nil
}

// Plan plans all assignments. Its error lists every one that is impossible.
func (a *Assigner) Plan(p *transfer.Plan) error {
	a.plan = p
	_ = a.assignments.all(func(key string, target any) error { a.assignTo(key, target); return nil })
	return errors.Join(a.problems...)
}

func (a *Assigner) problem(err error, text string, args ...any) {
	a.problems = append(a.problems, fmt.Errorf("ckpt: assign from %s: %s: %w", a.prefix, fmt.Sprintf(text, args...), err))
}

// assignTo plans that target takes the value stored under key or, if both are scopes, the values in that scope.
func (a *Assigner) assignTo(key string, to any) {
	name, isName := to.(string)
	if !isName {
		i := slices.IndexFunc(a.objects, func(t target) bool { return object.Same(t.object, to) })
		a.assign(key, key, a.objects[i].vars)
		return
	}
	if vars, ok := a.byName[name]; ok {
		a.assign(key, key, vars)
		return
	}
	if !strings.HasSuffix(key, "/") || !strings.HasSuffix(name, "/") {
		a.problem(transfer.ErrMismatch, "the model has no variable %q for %q; scopes must both end with \"/\"", name, key)
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
		a.problem(transfer.ErrMismatch, "the model has no variables in %q", name)
	}
}

// assign plans that vars, which are one variable or its parts, take the tensor stored under key. given is the caller's key.
func (a *Assigner) assign(key, given string, vars []Variable) {
	switch _, ok, err := a.plan.Reader().Lookup(key); {
	case err != nil:
		a.problems = append(a.problems, fmt.Errorf("ckpt: %w", err))
		return
	case !ok:
		a.problem(format.ErrNotFound, "the checkpoint has no tensor %q (for %q)", key, given)
		return
	}
	for i := range vars {
		v := &vars[i]
		if other, twice := a.taken[v.Node.Key()]; twice {
			a.problem(transfer.ErrMismatch, "%s cannot take both %q and %q", v.Node.GoPath(), other, key)
			continue
		}
		a.taken[v.Node.Key()] = key
		assign(a.plan, v, key)
	}
}
