package ckpt

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strconv"
	"time"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/state"
	"github.com/gockpt/ckpt/internal/byname"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/prefix"
	"github.com/gockpt/ckpt/internal/retain"
	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/internal/walk"
)

// A Saver saves and restores variables by their global names, without their objects: tf.compat.v1.train.Saver. Use it to exchange
// checkpoints with TensorFlow 1 programs. A [Checkpoint] restores the files of a Saver, and a Saver restores the files of a
// Checkpoint if the global names of variables differ.
//
// A Saver belongs to one goroutine at a time.
type Saver struct {
	root     any
	opts     options
	standIns walk.StandIns

	saved *retain.List // by their paths
}

// NewSaver returns a Saver of root, which is [Vars] or any root that [New] accepts. In the latter case a
// variable, or slot variable, has the name in its tag's fullname=, or its edges joined by "/".
//
// Without [KeepLast] all checkpoints are kept, and the state file lists only the latest. TensorFlow keeps 5 by default.
//
// It is an error if a variable has two names, if two variables have the same name, or if there are no variables (see AllowEmpty).
// Variables may share a name if they are its parts: if Parts returns a region for each, or if they are in a Partitioned.
//
// Options: [KeepLast], [KeepEvery], [PadStep], [RelativePaths], [AllowEmpty], [NoStateFile], [StateFile], [SkipSlots], [Parts],
// [Atomic], [ShardBy], [ShardByTask], [MaxShardSize], [Align], [OnWrite], [FileMode], [AbsolutePaths], [In], [WithFS],
// [WithLogger], [WithProgress].
func NewSaver(root any, opts ...SaverOption) (*Saver, error) {
	o, err := with(defaultOptions(), opts)
	if err == nil {
		err = o.checkSaver()
	}
	s := &Saver{root: root, opts: o, saved: &retain.List{LastPreserved: retain.Seconds(time.Now())}}
	if err == nil {
		_, _, err = s.variables()
	}
	if err != nil {
		return nil, fmt.Errorf("ckpt: NewSaver: %w", err)
	}
	return s, nil
}

// variables returns the program's graph and its variables by name, as they are now.
func (s *Saver) variables() (*object.Graph, []byname.Variable, error) {
	w, err := walkNamed(s.root, s, &s.standIns)
	if err != nil {
		return nil, nil, err
	}
	s.standIns.Sweep()
	if _, ok := s.root.(Vars); ok {
		if err := checkVars(w.Graph()); err != nil {
			return nil, nil, err
		}
	}
	vars, err := byname.Variables(w.Graph(), byNameOptions(s.opts))
	if err != nil {
		return nil, nil, err
	}
	if len(vars) == 0 && !s.opts.allowEmpty {
		return nil, nil, noVariables(w.Graph())
	}
	return w.Graph(), vars, byname.CheckNames(vars)
}

// Save writes the variables to exactly prefix, or prefix-n with [GlobalStep], sorted by name, and names it in the state
// file: by an absolute path if prefix is absolute, unless RelativePaths is given. Then it deletes the checkpoints that
// KeepLast does not keep. It returns the path, or "" if there are no variables.
//
// A variable without values is an error.
//
// Options: [GlobalStep], [NoStateFile], [StateFile], [ShardBy], [ShardByTask], [MaxShardSize], [Align], [OnWrite], [FileMode],
// [In], [WithLogger], [WithProgress].
func (s *Saver) Save(ctx context.Context, prefix string, opts ...SaverSaveOption) (path string, err error) {
	o, err := with(s.opts, opts)
	if err == nil {
		err = o.checkSaver()
	}
	if err != nil {
		return "", err
	}
	o.writer = fsx.WithContext(ctx, o.writer)
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
	sources, err := byname.Sources(g, vars, o.skipSlots)
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

// Restore gives each variable the value that the checkpoint called path has under its name. Everything is checked before the first
// variable is changed. The error satisfies errors.Is(err, [ErrNotFound]) if there is no such checkpoint or it lacks a name.
//
// If a name is missing and a Checkpoint wrote the checkpoint, Restore uses the global names in its object graph, with a warning.
// It is an error if several variables have the name there; TensorFlow would take an arbitrary one.
//
// Options: [Parts], [Atomic], [SkipSlots], [StateFile], [AbsolutePaths], [In], [WithFS], [WithLogger], [WithProgress].
func (s *Saver) Restore(ctx context.Context, path string, opts ...AssignOption) error {
	o, err := with(s.opts, opts)
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
	f, err := openPrefix(ctx, o.fsys, path)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			err = fmt.Errorf("ckpt: The passed save_path is not a valid checkpoint: %s: %w", path, err)
		}
		return err
	}
	defer f.Close()
	lookup := byname.Lookup{Path: path, Program: g, Variables: vars, SkipSlots: o.skipSlots, Logger: o.logger}
	return assignNamed(ctx, f, path, g, o, func(p *transfer.Plan) error { return lookup.Plan(ctx, p) })
}

// AssignFromCheckpoint gives variables the values that a checkpoint has under other names (tf.compat.v1.train.
// init_from_checkpoint). Use it for weights from another model, or with other scopes. The keys of assignments are names in
// the checkpoint. A value is
//
//	"scope/name"             the variable of model with that global name (see [NewSaver])
//	a pointer                that variable, or [Partitioned] one, in model or not
//	"scope/"                 where the key is "other/": each variable of model in scope takes the value that the checkpoint
//	                         has for the rest of its name in other; "/" as either is everything, without a scope
//	[]any                    several of these, which take the same value
//
// Every name must exist on both sides, and every shape and dtype must match. Otherwise nothing is changed and the error
// lists the mismatches. It satisfies errors.Is(err, ErrNotFound) if the checkpoint lacks a tensor. model may be nil if all
// values are pointers. path is what [Open] takes.
//
// Options: [Parts], [Atomic], [SkipSlots], [StateFile], [AbsolutePaths], [In], [WithFS], [WithLogger], [WithProgress].
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
	w, err := walkNamed(model, &assignments, new(walk.StandIns))
	if err != nil {
		return fmt.Errorf("ckpt: assign from %s: %w", prefix, err)
	}
	a, err := byname.NewAssigner(w, prefix, assignments, byNameOptions(o))
	if err != nil {
		return fmt.Errorf("ckpt: assign from %s: %w", prefix, err)
	}
	return assignNamed(ctx, f, prefix, w.Graph(), o, a.Plan)
}

// assignNamed runs a plan for variables of which the program holds the given parts.
func assignNamed(ctx context.Context, f format.Reader, path string, g *object.Graph, o options, plan transfer.PlanFunc) error {
	how := transferOptions(f, path, o)
	how.Parts = nil
	return worded(path, transfer.Do(ctx, f, g, how, plan))
}

// Vars maps names in a checkpoint to variables, for a Saver. Each variable is a pointer to a tensor or to another value that
// is one variable, or a Partitioned.
type Vars map[string]any

// A Partitioned is one variable that the program holds in parts (tf.compat.v1's partitioned variables). A Saver saves the
// parts as slices of one tensor and restores them from it, even if it was cut differently when it was saved. For other functions
// a Partitioned is a struct with a list of variables.
type Partitioned struct {
	Axis  int   // along which the parts follow each other
	Parts []any // pointers to built tensors; their shapes determine where each part begins
}

// Partition returns one variable made of parts that follow each other along an axis.
func Partition(axis int, parts ...any) *Partitioned { return &Partitioned{Axis: axis, Parts: parts} }

var partitionedType = reflect.TypeFor[Partitioned]()

// byNameOptions says which tensors of a program are variables of a Saver.
func byNameOptions(o options) byname.Options {
	return byname.Options{SkipSlots: o.skipSlots, Parts: o.parts, Partitioned: func(n *object.Node) (axis, parts int, ok bool) {
		if n.Obj.Type() != partitionedType || !n.Obj.CanAddr() {
			return 0, 0, false
		}
		p := n.Obj.Addr().Interface().(*Partitioned)
		return p.Axis, len(p.Parts), true
	}}
}

// walkNamed returns the graph of root, which is Vars, a Group or any root that New accepts. stand is a
// pointer that represents the root of the first two.
func walkNamed(root, stand any, standIns *walk.StandIns) (*walk.Walker, error) {
	w := newWalker(standIns, nil)
	children, ok := root.(Group)
	if vars, isVars := root.(Vars); isVars {
		children, ok = Group(vars), true
	}
	if root == nil {
		ok = true
	}
	if ok {
		w.AddVirtualRoot(stand)
		for _, name := range sortedKeys(children) {
			if err := w.AddChild(w.Graph().Root(), name, fmt.Sprintf("[%q]", name), children[name]); err != nil {
				return nil, err
			}
		}
	} else if err := w.AddRoot(root, nil); err != nil {
		return nil, err
	}
	if err := w.ExpandAll(); err != nil {
		return nil, err
	}
	return w, w.AddSlots()
}

// checkVars rejects Vars that are not variables, and variables with two names (saveable_object_util.validate_and_slice_inputs).
func checkVars(g *object.Graph) error {
	names := make(map[*object.Node]string)
	for _, e := range g.Root().Edges {
		switch other, twice := names[e.Node]; {
		case e.Node == nil:
			return fmt.Errorf("%q is nil", e.Name)
		case twice:
			return fmt.Errorf("the same variable is called both %q and %q", other, e.Name)
		case len(e.Node.Values) == 0 && e.Node.Obj.Type() != partitionedType:
			return fmt.Errorf("%q: a %v is not a variable: it holds several objects and does not name their variables", e.Name, e.Node.Obj.Type())
		}
		names[e.Node] = e.Name
	}
	return nil
}

// GlobalStep makes one [Saver.Save] append "-n" to its prefix (global_step).
func GlobalStep(n int64) SaverSaveOption {
	return option(func(o *options) { o.saver.step = &n })
}

// PadStep writes the numbers of [GlobalStep] with eight digits, so that names sort as numbers do (pad_step_number).
func PadStep() SaverOption { return option(func(o *options) { o.saver.pad = true }) }

// RelativePaths makes a [Saver] write the state file with paths relative to its directory, whatever the prefix
// (save_relative_paths), so that the directory can be moved.
func RelativePaths() SaverOption {
	return option(func(o *options) { o.saver.relative = true })
}

// NoStateFile makes a [Saver] write a checkpoint without naming it in the state file, counting it or deleting others
// (write_state=False).
func NoStateFile() StateOption {
	return option(func(o *options) { o.saver.noState = true })
}

// check returns an error if the options of a Saver are wrong.
func (o *options) checkSaver() error {
	switch m := &o.manager; {
	case m.keepLast != nil && *m.keepLast < 0:
		return fmt.Errorf("KeepLast(%d): expected a positive number, or 0 to keep all", *m.keepLast)
	case m.keepEvery != nil && *m.keepEvery <= 0:
		return fmt.Errorf("KeepEvery(%v): expected a positive duration", *m.keepEvery)
	case filepath.Base(o.stateFile) != o.stateFile:
		return errors.New("StateFile: expected a file name, not a path")
	}
	return nil
}

// path returns the path of a save to prefix.
func (o *saverOptions) path(prefix string) string {
	switch {
	case o.step == nil:
		return prefix
	case o.pad:
		return fmt.Sprintf("%s-%08d", prefix, *o.step)
	}
	return prefix + "-" + strconv.FormatInt(*o.step, 10)
}

// Checkpoints returns the paths of the checkpoints that the Saver may delete later, oldest first: none without [KeepLast]
// (last_checkpoints).
func (s *Saver) Checkpoints() []string { return s.saved.Names() }

// Recover adds checkpoints that an earlier program saved, oldest first, to those that the Saver may delete. Their age is that of
// their files. Missing files are left out (recover_last_checkpoints). Without Recover a new Saver deletes only its own checkpoints.
func (s *Saver) Recover(paths ...string) {
	s.saved.Active = nil
	for _, path := range paths {
		if t, err := prefix.ModTime(s.opts.writer, path); err == nil {
			s.saved.Active = append(s.saved.Active, retain.Checkpoint{Name: path, Written: retain.Seconds(t)})
		}
	}
}

// record names path in the state file as the latest and then deletes the checkpoints that are not kept (_RecordLastCheckpoint,
// _MaybeDeleteOldCheckpoints).
func (s *Saver) record(ctx context.Context, path string, o options) error {
	saved := s.saved
	if keep := o.manager.keepLast; keep != nil && *keep > 0 {
		saved = saved.Add(path, retain.Seconds(time.Now()))
		saved.Retire(retain.Rules{Last: keep, Every: o.manager.keepEvery, FixedPeriods: true})
	}
	dir := filepath.Dir(path)
	list := &state.State{Latest: path, All: saved.Names()}
	_, inStore := o.writer.(fsx.Objects) // a store has no absolute paths
	stored, err := list.Stored(dir, o.saver.relative || inStore)
	if err == nil {
		err = state.Write(ctx, o.writer, filepath.Join(dir, o.stateFile), stored)
	}
	if err != nil {
		return fmt.Errorf("ckpt: %s is saved, but writing its name to the state file failed: %w", path, err)
	}
	s.saved = saved
	saved.Sweep(func(paths []string) map[string]error {
		failed := make(map[string]error)
		for _, old := range paths {
			if failed[old] = prefix.Remove(o.writer, old); failed[old] != nil {
				o.logger.Warn("An old checkpoint could not be deleted; the next save tries again", "checkpoint", old, "error", failed[old])
			}
		}
		return failed
	})
	return nil
}
