package ckpt

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
)

// A nameRestoration is a restore of a name-based checkpoint, which TensorFlow 1's Saver writes: no object graph, values
// under the global names of variables.
type nameRestoration struct {
	id   uint64
	path string
	opts options
	// seen are the variables that were looked up, and whether the checkpoint has their name.
	seen map[object.Identity]bool
}

// VariableNamer is implemented, on its pointer, by an object that says what variables below it are called globally where no tag
// does: an optimizer, whose variables have names that contain those of the model's.
type VariableNamer interface {
	// VariableName returns the global name of a variable, given the pointer by which the program holds it, or "" to
	// leave that to objects further up and to the default.
	VariableName(variable any) string
}

// FullName says what a variable is called globally that no field holds, and so no tag can name: the one that a [Group], [With] or
// [Checkpoint.Track] calls name, or for "" the root itself. tf.train.Checkpoint(step=tf.Variable(0)) has
// FullName("step", "Variable"). [New] only.
func FullName(name, fullname string) Option {
	return Option{"FullName", onNew, func(o *options) {
		o.fullNames = maps.Clone(o.fullNames)
		if o.fullNames == nil {
			o.fullNames = make(map[string]string)
		}
		o.fullNames[name] = fullname
	}}
}

var variableNamerType = reflect.TypeFor[VariableNamer]()

// nameInCheckpoint is the name under which a name-based checkpoint has n, if it has it.
func nameInCheckpoint(f format.Reader, n *object.Node, scope string) (string, bool, error) {
	name := strings.TrimSuffix(scope+n.GlobalName(), ":0")
	_, ok, err := f.Lookup(name)
	return name, ok, err
}

// restoreByName assigns values by variable name, at once; variables attached later are looked up when they appear.
func (c *Checkpoint) restoreByName(ctx context.Context, f format.Reader, prefix string, o options) (*Status, error) {
	o.logger.Warn("Restoring a name-based tf.train.Saver checkpoint using the object-based restore: names are matched, which is fragile. Save it again to re-encode it.", "checkpoint", prefix)
	c.lastID++
	r := &nameRestoration{id: c.lastID, path: prefix, opts: o, seen: make(map[object.Identity]bool)}
	if err := c.matchNames(ctx, r, f); err != nil {
		return nil, err
	}
	c.names = append(c.names, r)
	return &Status{c: c, name: r}, nil
}

func (c *Checkpoint) updateNames(ctx context.Context, r *nameRestoration) error {
	g, err := c.walk()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(g.Nodes, func(n *object.Node) bool { _, seen := r.seen[n.Key]; return len(n.Values) > 0 && !seen }) {
		return nil
	}
	f, err := openPrefix(r.opts.fsys, r.path)
	if err != nil {
		return err
	}
	defer f.Close()
	return c.matchNames(ctx, r, f)
}

func (c *Checkpoint) matchNames(ctx context.Context, r *nameRestoration, f format.Reader) error {
	g, err := c.walk()
	if err != nil {
		return err
	}
	p := newPlan(r.path, g, r.opts)
	found := make(map[object.Identity]bool)
	for _, n := range g.Nodes {
		if _, seen := r.seen[n.Key]; seen || len(n.Values) != 1 {
			continue
		}
		name, ok, err := nameInCheckpoint(f, n, "")
		if err != nil {
			return fmt.Errorf("ckpt: %w", err)
		}
		found[n.Key] = ok
		if ok && r.id > c.reached[n.Key] {
			p.assignments = append(p.assignments, &assignment{node: n, value: &n.Values[0], key: name})
			p.reach(n)
		}
	}
	if err := p.check(f); err != nil {
		return err
	}
	if err := p.run(ctx, f, r.opts); err != nil {
		return err
	}
	for key, ok := range found {
		r.seen[key] = ok
		if n := g.ByKey[key]; n != nil {
			c.keep = append(c.keep, n.Obj)
		}
	}
	for _, n := range p.reached {
		c.reached[n.Key] = r.id
	}
	return nil
}

// assert is all three assertions: a name-based checkpoint says nothing of objects, so that what it holds beyond the program's
// variables cannot be told from rubbish (NameBasedSaverStatus).
func (r *nameRestoration) assert(c *Checkpoint, g *object.Graph) error {
	var missing []string
	for _, n := range g.Required(r.seen, r.opts.skipSlots, false) {
		if c.counter != nil && n.Obj.CanAddr() && n.Obj.Addr().Interface() == any(c.counter) {
			continue
		}
		missing = append(missing, n.Path())
	}
	if len(missing) == 0 {
		return nil
	}
	return &MismatchError{Checkpoint: r.path, Missing: missing,
		Problem: fmt.Sprintf("Some objects had attributes which were not restored: %d values have names that the checkpoint has not", len(missing))}
}

func (r *nameRestoration) report(g *object.Graph) *Report {
	out := &Report{Checkpoint: r.path}
	for _, n := range g.Nodes {
		if len(n.Values) == 0 {
			continue
		}
		item := Item{Path: n.Path(), GoPath: n.GoPath()}
		if r.seen[n.Key] {
			item.Key = n.GlobalName()
			out.Restored = append(out.Restored, item)
		} else {
			out.Missing = append(out.Missing, item)
		}
	}
	return out
}

// loadByName is LoadWeights for a name-based checkpoint. At names the scope that the model's names are in.
func loadByName(ctx context.Context, f format.Reader, prefix string, model any, o options) error {
	w, err := loadWalker(model, nil, o)
	if err != nil {
		return fmt.Errorf("ckpt: %s is name-based and has no objects to make a model from: %w", prefix, err)
	}
	if err := w.all(); err != nil {
		return err
	}
	scope := ""
	if o.at != "" {
		scope = strings.TrimSuffix(o.at, "/") + "/"
	}
	p := newPlan(prefix, w.graph, o)
	filled := make(map[object.Identity]bool)
	used := make(map[string]bool)
	for _, n := range w.graph.Nodes {
		if len(n.Values) != 1 {
			continue
		}
		name, ok, err := nameInCheckpoint(f, n, scope)
		if err != nil {
			return fmt.Errorf("ckpt: %w", err)
		}
		if ok {
			filled[n.Key], used[name] = true, true
			p.assignments = append(p.assignments, &assignment{node: n, value: &n.Values[0], key: name})
		}
	}
	if err = acceptNames(f, w.graph, filled, used, prefix, scope, o); err == nil {
		err = p.check(f)
	}
	if err != nil {
		p.rollback()
		return err
	}
	return p.run(ctx, f, o)
}

func acceptNames(f format.Reader, g *object.Graph, filled map[object.Identity]bool, used map[string]bool, prefix, scope string, o options) error {
	if missing := g.Required(filled, false, true); len(missing) > 0 && !o.partial {
		e := &MismatchError{Checkpoint: prefix, Problem: fmt.Sprintf("%d of %d values of the model have names that the checkpoint, which is name-based, has not", len(missing), g.Leaves())}
		for _, n := range missing {
			e.Missing = append(e.Missing, scope+n.GlobalName())
		}
		var names []string
		for entry, err := range f.All() {
			if err == nil && !used[entry.Key] && len(names) < 10 {
				names = append(names, entry.Key)
			}
		}
		e.Hints = []string{"the checkpoint has " + quoteAll(names) + "; the tag option fullname= says what a variable is called there"}
		return e
	}
	if !o.strict {
		return nil
	}
	e := &MismatchError{Checkpoint: prefix}
	for entry, err := range f.All() {
		if err == nil && !used[entry.Key] && strings.HasPrefix(entry.Key, scope) {
			e.Unused = append(e.Unused, entry.Key)
		}
	}
	if len(e.Unused) == 0 {
		return nil
	}
	e.Problem = fmt.Sprintf("%d values of the checkpoint have no place in the model", len(e.Unused))
	return e
}
