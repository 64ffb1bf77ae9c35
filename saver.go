package ckpt

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/stored"
	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/internal/wording"
)

// A Saver saves and restores variables by their global names, without their objects: tf.compat.v1.train.Saver. It is for
// exchanging checkpoints with programs of TensorFlow 1; [Checkpoint] restores what it writes, and it restores what
// Checkpoint writes where global names tell variables apart.
//
// A Saver belongs to one goroutine at a time.
type Saver struct {
	root   any
	opts   options
	copies map[object.Identity]reflect.Value

	last     []timed   // oldest first; those that KeepLast may yet delete
	nextKeep time.Time // a checkpoint that is to be deleted and was written after it is kept by KeepEvery
}

// NewSaver returns a Saver of root: [Vars], or what [New] takes, whose variables are then called by their tags' fullname=,
// by default by their edges joined by "/", slot variables included.
//
// Options: [KeepLast] (without it all are kept, and the state file lists the latest only; TensorFlow's default is 5),
// [KeepEvery], [PadStep], [RelativePaths], [AllowEmpty], [NoStateFile], [StateFile], [SkipSlots], [ShardBy], [MaxShardSize],
// [Parts], [OnWrite], [Atomic], [WithFS], [WithLogger], [WithProgress].
//
// The error says which variable has two names, which name two variables, or that there are none ([AllowEmpty]). Variables of
// one name are parts of it where [Parts] says of each which part it is, or where they are in a [Partitioned].
func NewSaver(root any, opts ...Option) (*Saver, error) {
	o, err := defaultOptions().with(onSaver, opts)
	if err == nil {
		err = o.checkSaver()
	}
	s := &Saver{root: root, opts: o, copies: make(map[object.Identity]reflect.Value)}
	if err == nil {
		_, _, err = s.variables()
	}
	if err != nil {
		return nil, fmt.Errorf("ckpt: NewSaver: %w", err)
	}
	if every := o.manager.keepEvery; every != nil {
		s.nextKeep = time.Now().Add(*every)
	}
	return s, nil
}

// variables returns the program's graph and its variables by name, as they are now.
func (s *Saver) variables() (*object.Graph, []namedVariable, error) {
	w, err := walkNamed(s.root, s, s.copies)
	if err != nil {
		return nil, nil, err
	}
	if _, ok := s.root.(Vars); ok {
		if err := checkVars(w.graph); err != nil {
			return nil, nil, err
		}
	}
	vars, err := namedVariables(w.graph, s.opts)
	if err != nil {
		return nil, nil, err
	}
	if len(vars) == 0 && !s.opts.saver.allowEmpty {
		return nil, nil, errors.New("no variables to save")
	}
	return w.graph, vars, checkNames(vars)
}

// Save writes the variables to exactly prefix, or prefix-n with [GlobalStep], sorted by name, and names it in the state
// file: by an absolute path where prefix is absolute, unless [RelativePaths] is given. Then it deletes what [KeepLast] does
// not keep. It returns the path, "" where there are no variables.
//
// A variable that has no values yet is an error. Options: [GlobalStep], [NoStateFile], [StateFile], [ShardBy],
// [MaxShardSize], [OnWrite], [WithLogger], [WithProgress].
func (s *Saver) Save(ctx context.Context, prefix string, opts ...Option) (path string, err error) {
	o, err := s.opts.with(onSaverSave, opts)
	if err == nil {
		err = o.checkSaver()
	}
	if err != nil {
		return "", err
	}
	path = o.saver.path(prefix)
	if err := checkSavePath(path, o); err != nil {
		return "", err
	}
	g, vars, err := s.variables()
	if err != nil {
		return "", fmt.Errorf("ckpt: save %s: %w", path, err)
	}
	if len(vars) == 0 {
		return "", nil
	}
	sources, err := sourcesByName(g, vars, o)
	if err != nil {
		return "", fmt.Errorf("ckpt: save %s: %w", path, err)
	}
	if err := writeTensors(ctx, sources, path, o); err != nil {
		return "", err
	}
	if o.saver.noState {
		return path, nil
	}
	return path, s.record(ctx, path, o)
}

// sourcesByName returns what is written of the variables. Those that nobody needs are left out where they have no values.
func sourcesByName(g *object.Graph, vars []namedVariable, o options) ([]stored.Tensor, error) {
	built := make(map[object.Identity]bool)
	for _, v := range vars {
		built[v.node.Key] = v.node.Saved()
	}
	for _, n := range g.Required(built, o.skipSlots, false) {
		return nil, fmt.Errorf("attempting to use uninitialized value %s (%s)", n.GlobalName(), n.GoPath())
	}
	var sources []stored.Tensor
	for _, v := range vars {
		if !built[v.node.Key] {
			continue
		}
		src, err := v.source()
		if err != nil {
			return nil, err
		}
		sources = append(sources, src)
	}
	return sources, nil
}

// Restore gives the variables the values that the checkpoint called path has under their names. Everything is checked
// before the first variable is changed. The error satisfies errors.Is(err, [ErrNotFound]) where there is no such
// checkpoint or it lacks a name.
//
// Where a name is missing and the checkpoint is a [Checkpoint]'s, values are found by the global names that its object graph
// has, with a warning. Unlike TensorFlow, which takes any of them, Restore refuses a name that several variables have there.
func (s *Saver) Restore(ctx context.Context, path string, opts ...Option) error {
	o, err := s.opts.with(onAssign, opts)
	if err != nil {
		return err
	}
	g, vars, err := s.variables()
	if err != nil {
		return fmt.Errorf("ckpt: restore %s: %w", path, err)
	}
	if len(vars) == 0 {
		return nil
	}
	f, err := openPrefix(o.fsys, path)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			err = fmt.Errorf("ckpt: The passed save_path is not a valid checkpoint: %s: %w", path, err)
		}
		return err
	}
	defer f.Close()
	keys, err := keysByName(ctx, f, g, vars, path, o)
	if err != nil {
		return err
	}
	return assignNamed(ctx, f, path, g, o, func(p *transfer.Plan) error {
		for i := range vars {
			if key, ok := keys[vars[i].name]; ok {
				assign(p, &vars[i], key)
			}
		}
		return nil
	})
}

// assignNamed carries out a plan that says of each variable which part of it the program holds.
func assignNamed(ctx context.Context, f format.Reader, path string, g *object.Graph, o options, plan transfer.PlanFunc) error {
	how := transferOptions(f, path, o)
	how.Parts = nil
	return worded(path, transfer.Do(ctx, f, g, how, plan))
}

// assign plans that v takes the tensor stored under key, or its part of that.
func assign(p *transfer.Plan, v *namedVariable, key string) {
	a := &transfer.Assignment{Node: v.node, Value: v.value, Key: key}
	if v.part != nil {
		a.Part = &object.Part{Full: v.full, Region: v.part}
	}
	p.Assign(a)
}

// keysByName returns the key of each variable's name that the checkpoint has.
func keysByName(ctx context.Context, f format.Reader, g *object.Graph, vars []namedVariable, path string, o options) (map[string]string, error) {
	keys := make(map[string]string)
	for _, v := range vars {
		_, ok, err := f.Lookup(v.name)
		if err != nil {
			return nil, fmt.Errorf("ckpt: %w", err)
		}
		if ok {
			keys[v.name] = v.name
		}
	}
	missing := missingNames(g, vars, keys, o)
	if len(missing) == 0 {
		return keys, nil
	}
	stored, err := readGraph(ctx, f, path)
	if errors.Is(err, ErrNoObjectGraph) {
		return nil, fmt.Errorf("ckpt: restore %s: Key %s not found in checkpoint (%s): %w", path, missing[0], strings.Join(missing, ", "), ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	o.logger.Warn("Restoring an object-based checkpoint using a name-based saver. This may be somewhat fragile. Consider restoring it with a Checkpoint.", "checkpoint", path)
	byName := make(map[string][]string)
	for _, n := range stored.Nodes {
		for _, a := range n.Attributes {
			if !slices.Contains(byName[a.FullName], a.Key) {
				byName[a.FullName] = append(byName[a.FullName], a.Key)
			}
		}
	}
	clear(keys)
	for _, v := range vars {
		switch found := byName[v.name]; len(found) {
		case 0:
		case 1:
			keys[v.name] = found[0]
		default:
			return nil, fmt.Errorf("ckpt: restore %s: %d variables of the object graph are called %q: %s: restore them with a Checkpoint",
				path, len(found), v.name, strings.Join(found, ", "))
		}
	}
	if missing := missingNames(g, vars, keys, o); len(missing) > 0 {
		return nil, fmt.Errorf("ckpt: restore %s: Could not find some variables in the checkpoint: %s; variables of the object graph are called %s: %w",
			path, strings.Join(missing, ", "), strings.Join(wording.First(slices.Sorted(maps.Keys(byName)), 10), ", "), ErrNotFound)
	}
	return keys, nil
}

// missingNames returns the names of the variables that must be found and are not.
func missingNames(g *object.Graph, vars []namedVariable, keys map[string]string, o options) []string {
	found := make(map[object.Identity]bool)
	names := make(map[*object.Node]string)
	for _, v := range vars {
		if _, ok := keys[v.name]; ok {
			found[v.node.Key] = true
		} else {
			names[v.node] = v.name
		}
	}
	var missing []string
	for _, n := range g.Required(found, o.skipSlots, false) {
		if !slices.Contains(missing, names[n]) {
			missing = append(missing, names[n])
		}
	}
	slices.Sort(missing)
	return missing
}
