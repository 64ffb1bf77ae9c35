package ckpt

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/format/savedv1"
	"github.com/gockpt/ckpt/internal/byname"
	"github.com/gockpt/ckpt/internal/derived"
	"github.com/gockpt/ckpt/internal/kerasexport"
	"github.com/gockpt/ckpt/internal/kerasnames"
	"github.com/gockpt/ckpt/internal/match"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/internal/walk"
)

// A restoration matches a checkpoint with the program: by objects (package match) or by variables' names (package byname).
type restoration interface {
	// Match plans a restore. FollowUp plans the values for objects that were attached since then.
	Match(object.Walk, *transfer.History) transfer.Planner
	FollowUp(object.Walk, *transfer.History) transfer.Planner
	// Waits reports whether values wait for objects. CanFollowUp reports whether the program has such an object.
	Waits() bool
	CanFollowUp(*object.Graph) bool
	// Forget drops objects that the program no longer has. The graph must be that of the whole program.
	Forget(*object.Graph)
	// The assertions of Status.
	Consumed(*object.Graph, *transfer.History) *transfer.Mismatch
	ExistingMatched(*object.Graph, *transfer.History) *transfer.Mismatch
	Nontrivial(*object.Graph, *transfer.History) *transfer.Mismatch
	// The items of a report.
	Outcomes(*object.Graph, func(transfer.Outcome, transfer.Item))
	RootChildren() []string
	// Warning returns a function that logs the values that were not restored. Silence stops it.
	Warning() (log func(), due bool)
	Silence()
}

// A restore is one restore of a Checkpoint, or one load of weights.
type restore struct {
	restoration
	path    string
	opts    options
	byName  bool
	planned bool              // RunRestoreOps has not moved the bytes yet
	names   [sha256.Size]byte // a hash of the keys of a name-based checkpoint

	collected runtime.Cleanup // logs the warning if the Checkpoint is collected

	note       string             // a report's note about how values were matched
	mismatched []transfer.Problem // of the last transfer: values with another shape or dtype

	derived *derived.Reader // the file with other makers' layouts converted; nil if it cannot have any
	objects int             // the number of stored objects
}

// newRestore returns a restore of c from the open checkpoint prefix. If c is nil, it is a load of weights into model.
func newRestore(ctx context.Context, f format.Reader, prefix string, model any, o options, c *Checkpoint) (*restore, error) {
	r := &restore{path: prefix, opts: o}
	id, load, exempt := uint64(1), true, func(any) bool { return false }
	if c != nil {
		id, load, exempt = c.history.Next(), false, c.isCounter
	}
	g, err := readGraphFor(ctx, f, prefix, model)
	if errors.Is(err, ErrNoObjectGraph) {
		if len(o.renames) > 0 {
			return nil, fmt.Errorf("ckpt: %s is name-based: Rename changes the paths of objects; AssignFromCheckpoint maps names: %w", prefix, err)
		}
		r.byName = true
		if r.names, err = byname.SumOfKeys(f); err != nil {
			return nil, err
		}
		r.restoration = byname.New(id, byname.RestoreOptions{
			SkipSlots: o.skipSlots, Exempt: exempt, Load: load, Partial: o.partial, Strict: o.strict, Scope: o.at,
			IgnoreUnknown: o.ignoreUnknown, Ignores: func(v reflect.Value, name string) bool { return goTypes.Undeclared(v, name).Ignored },
		})
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	hint := ""
	if c == nil && model != nil && o.at == "" {
		g, r.note, hint = kerasexport.Graph(f, g, model, func() *walk.Walker { return walkerOf(model) })
	}
	if g, err = match.RenameAll(g, o.renames); err != nil {
		return nil, err
	}
	start, err := match.At(g, o.at)
	if err != nil {
		return nil, worded(prefix, err)
	}
	r.planned, r.objects = o.planned, len(g.Nodes)
	var layouts *match.Layouts
	if foreign(f) {
		r.derived = derived.NewReader(f)
		extended := derived.NewGraph(g, r.derived)
		layouts, g = &match.Layouts{Graph: extended, Rules: goTypes.LayoutRules}, extended.Graph
	}
	r.restoration = match.New(id, prefix, g, start, match.Options{
		Savers: o.savers, SkipSlots: o.skipSlots, Logger: o.logger, Load: load, Partial: o.partial, Strict: o.strict, Layouts: layouts,
		IgnoreUnknown: o.ignoreUnknown, Undeclared: goTypes.Undeclared, Hint: hint,
	})
	return r, nil
}

// readGraphFor is readGraph for a model to load weights into. A reader may know which names such a model has for the values in the
// checkpoint.
func readGraphFor(ctx context.Context, r format.Reader, path string, model any) (*objectgraph.Graph, error) {
	if _, told := model.(interface {
		KerasLayers(func(edges []string, class, name string, model bool))
	}); !told {
		program := model
		model = kerasnames.Program{Graph: func() *object.Graph {
			w := walkerOf(program)
			if w == nil || w.ExpandAll() != nil {
				return nil
			}
			return w.Graph()
		}}
	}
	if f, ok := r.(interface {
		GraphFor(model any) (*objectgraph.Graph, error)
	}); ok {
		return f.GraphFor(model)
	}
	g, err := readGraph(ctx, r, path)
	if err != nil {
		return nil, err
	}
	return keras.NamedGraph(g, model, r.Lookup), nil
}

// walkerOf returns a walker with model as its root, or nil if model cannot be a root.
func walkerOf(model any) *walk.Walker {
	w := newWalker(new(walk.StandIns), nil)
	if _, group := model.(Group); group || model == nil || w.AddRoot(model, nil) != nil {
		return nil
	}
	return w
}

// foreign reports whether f may hold another maker's layouts: TensorFlow's formats do not.
func foreign(f format.Reader) bool {
	switch f.(type) {
	case *bundle.Reader, *savedv1.Reader:
		return false
	}
	return true
}

// do makes and runs planner's plan for the program g from the open checkpoint f. With checkOnly it does not move bytes.
func (r *restore) do(ctx context.Context, f format.Reader, g *object.Graph, planner transfer.Planner, checkOnly bool) error {
	if r.derived != nil {
		r.derived.Reopen(f)
		f = r.derived
	}
	o := transferOptions(f, r.path, r.opts)
	o.CheckOnly = checkOnly
	r.mismatched = nil
	if r.opts.skipMismatched {
		o.SkipMismatched = func(problems []transfer.Problem) { r.mismatched = problems }
	}
	err := transfer.Do(ctx, f, g, o, planner)
	if e := (*transfer.PlanError)(nil); errors.As(err, &e) {
		r.mismatched = slices.DeleteFunc(slices.Clone(e.Problems), func(p transfer.Problem) bool { return p.Err != nil })
	}
	return worded(r.path, err)
}

// transferOptions returns the options for assigning values from the open checkpoint f.
func transferOptions(f format.Reader, prefix string, o options) transfer.Options {
	return transfer.Options{
		Atomic: o.atomic, Parts: o.parts, Progress: progressOf(o.progress),
		Custom: func(ctx context.Context, b *object.Batch) error {
			err := b.Saver.Of.(*ObjectSaver).Restore(ctx, b.Objects, &Reader{f: keptOpen{f}, prefix: prefix, format: "tensorflow", opts: o})
			if err != nil {
				err = fmt.Errorf("saver %s: %w", b.Saver.Name, err)
			}
			return err
		},
	}
}

// keptOpen is a reader with a Close that does nothing.
type keptOpen struct{ format.Reader }

func (keptOpen) Close() error { return nil }

// Restore assigns the values of a checkpoint that Save wrote to the objects that match, at once. Values for objects that do not
// exist yet wait for them. path is a path from Save, or anything else that [Open] accepts. If path is "", Restore restores
// nothing, and the assertions of its Status fail with [ErrNoCheckpoint]. The shapes, dtypes and offsets of all matched values are
// checked before the first byte is assigned. An error after that is a *[RestoreError].
//
// Options: [Planned], [Rename], [Atomic], [Parts], [SkipSlots], [StateFile], [AbsolutePaths], [In], [WithFS], [WithLogger],
// [WithProgress].
func (c *Checkpoint) Restore(ctx context.Context, path string, opts ...RestoreOption) (*Status, error) {
	return c.restoreFrom(ctx, path, opts, true)
}

// Read is Restore for files that Write wrote: it does not expect a save counter, and path is exactly the prefix.
//
// Options: [Planned], [Rename], [Atomic], [Parts], [SkipSlots], [In], [WithFS], [WithLogger], [WithProgress].
func (c *Checkpoint) Read(ctx context.Context, path string, opts ...RestoreOption) (*Status, error) {
	return c.restoreFrom(ctx, path, opts, false)
}

// restoreFrom is Restore if saved is true, and Read otherwise.
func (c *Checkpoint) restoreFrom(ctx context.Context, path string, opts []RestoreOption, saved bool) (*Status, error) {
	end, err := c.turns.Begin("Restore")
	if err != nil {
		return nil, err
	}
	defer end()
	o, err := with(c.opts, opts)
	if err != nil {
		return nil, err
	}
	return c.restore(ctx, path, o, saved)
}

func (c *Checkpoint) restore(ctx context.Context, path string, o options, saved bool) (s *Status, err error) {
	if err := c.sync(ctx); err != nil {
		return nil, err
	}
	s = &Status{c: c}
	if path == "" {
		c.history.Next()
		if saved {
			_, err = c.makeCounter(ctx)
		}
		return s, err
	}
	c.restoring = true
	defer func() { c.restoring = false }()
	open := prefixOnly
	if saved {
		open = openPath
	}
	f, prefix, err := open(ctx, path, o)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if s.r, err = newRestore(ctx, f, prefix, nil, o, c); err != nil {
		return nil, err
	}
	if s.r.byName {
		o.logger.Warn("Restoring a name-based tf.train.Saver checkpoint using the object-based restore: names are matched, which is fragile. Save it again to re-encode it.", "checkpoint", prefix)
	}
	if saved {
		err = c.restoreWithCounter(ctx, s.r, f)
	} else {
		err = c.match(ctx, s.r, f)
	}
	if err != nil {
		return nil, err
	}
	if c.counter != nil {
		c.count(c.counter, 0)
	}
	return s, nil
}

// restoreWithCounter restores r and the save counter, which it makes if there is none. If the restore fails, it removes the
// counter again.
func (c *Checkpoint) restoreWithCounter(ctx context.Context, r *restore, f format.Reader) error {
	_, made, err := c.addCounter()
	if err != nil {
		return err
	}
	c.lateCounter = made
	err = c.match(ctx, r, f)
	c.lateCounter = false
	switch {
	case err != nil && made:
		c.counter = nil
		return err
	case err != nil || !made:
		return err
	}
	return c.update(ctx) // an earlier restore may have a value for the counter
}

// match restores r from its open checkpoint f and keeps it for objects that are attached later.
func (c *Checkpoint) match(ctx context.Context, r *restore, f format.Reader) error {
	w, err := c.startRestore(r, f)
	if err != nil {
		return err
	}
	if err := r.do(ctx, f, w.Graph(), r.Match(w, &c.history), r.planned); err != nil {
		return err
	}
	c.follow(r)
	return nil
}

func (c *Checkpoint) isCounter(object any) bool { return c.counter != nil && object == any(c.counter) }

// follow keeps r while values are pending or a warning is due. It drops completed restores.
func (c *Checkpoint) follow(r *restore) {
	c.restorations = slices.DeleteFunc(c.restorations, func(old *restore) bool {
		replaced := !r.planned && !old.planned && r.replaces(old)
		if replaced {
			old.collected.Stop() // the warning of r says the same
		}
		return replaced || !old.Waits()
	})
	warn, due := r.Warning()
	if !r.Waits() && !r.planned && !due {
		return
	}
	r.collected = runtime.AddCleanup(c, func(warn func()) { warn() }, warn)
	c.restorations = append(c.restorations, r)
	c.replaceOwners()
}

// replaces reports whether r, the later restore, has a value for everything that waits in old, so old is no longer needed.
func (r *restore) replaces(old *restore) bool {
	if r.byName && old.byName {
		return r.names == old.names && r.opts.skipSlots == old.opts.skipSlots
	}
	later, ok := r.restoration.(*match.Restoration)
	earlier, both := old.restoration.(*match.Restoration)
	return ok && both && later.Replaces(earlier)
}

// runPlanned matches a planned restore again, because the program may have changed, and moves its bytes. If it fails, the restore
// is still planned.
func (c *Checkpoint) runPlanned(ctx context.Context, r *restore) error {
	f, err := openPrefix(ctx, r.opts.fsys, r.path)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := c.startRestore(r, f)
	if err != nil {
		return err
	}
	if err := r.do(ctx, f, w.Graph(), r.Match(w, &c.history), false); err != nil {
		return err
	}
	r.planned = false
	return nil
}

// update makes every restore look for objects that were attached since: the newest first, so that an older one does not read
// values that it must not assign. If update fails, waiting values still wait.
func (c *Checkpoint) update(ctx context.Context) error {
	for _, r := range slices.Backward(c.restorations) {
		if err := c.updateOne(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (c *Checkpoint) updateOne(ctx context.Context, r *restore) error {
	if !r.Waits() {
		return nil
	}
	g, err := c.look()
	if err != nil {
		return err
	}
	if !r.CanFollowUp(g) {
		return nil
	}
	f, err := openPrefix(ctx, r.opts.fsys, r.path)
	if err != nil {
		return fmt.Errorf("ckpt: values that wait for an object attached since the restore: %w", err)
	}
	defer f.Close()
	w, err := c.startRestore(r, f)
	if err != nil {
		return err
	}
	return r.do(ctx, f, w.Graph(), r.FollowUp(w, &c.history), r.planned)
}

// waits reports whether a restore has values for objects that the program may still attach.
func (c *Checkpoint) waits() bool {
	return slices.ContainsFunc(c.restorations, func(r *restore) bool { return r.Waits() })
}

// replaceOwners makes the Modules that c knows forget other Checkpoints of the same program if c has a value for everything that
// waits there.
func (c *Checkpoint) replaceOwners() {
	for _, m := range c.modules {
		if m := m.Value(); m != nil {
			for _, other := range m.otherOwners(c) {
				if c.replaces(other) {
					m.disown(other)
				}
			}
		}
	}
}

// replaces reports whether everything that waits in another Checkpoint of the same program also waits in c.
func (c *Checkpoint) replaces(other *Checkpoint) bool {
	end, err := other.turns.Begin("")
	if err != nil {
		return false
	}
	defer end()
	same := func(a, b namedObject) bool { return a.name == b.name && object.Same(a.object, b.object) }
	if c.grouped != other.grouped || !c.grouped && !object.Same(c.root, other.root) || !slices.EqualFunc(c.objects, other.objects, same) {
		return false
	}
	for _, old := range other.restorations {
		if old.Waits() && !slices.ContainsFunc(c.restorations, func(r *restore) bool { return r.replaces(old) }) {
			return false
		}
	}
	return true
}
