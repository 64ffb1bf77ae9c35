package ckpt

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"weak"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/internal/turns"
	"github.com/gockpt/ckpt/internal/walk"
)

// A Group names the objects of a checkpoint without a root object: tf.train.Checkpoint(model=m, optimizer=o).
// Its edges are sorted by name.
type Group map[string]any

// A Checkpoint saves and restores a graph of objects. Only one goroutine at a time may use a Checkpoint, its Status and its
// Manager: if two calls overlap, the second returns an error with ErrBusy. Several goroutines may call Module.Track.
type Checkpoint struct {
	root    any           // nil if grouped
	grouped bool          // the objects are those of a Group
	objects []namedObject // of the Group, or of With: in the order of edges
	counter *int64        // nil until a save, a restore or SaveCounter makes it
	// counterAfter is the number of objects that were attached before the counter.
	counterAfter int
	opts         options
	counted      atomic.Int64 // the counter, for calls during another call
	savedIn      string       // the directory of the last numbered save

	lateCounter bool // match the counter after everything else

	turns        turns.Turns
	standIns     walk.StandIns
	history      transfer.History
	restorations []*restore             // those that wait for objects, oldest first
	modules      []weak.Pointer[Module] // those that know the Checkpoint
	restoring    bool
	saving       *asyncSave
	published    publication
	size         int  // of the last graph, a hint for the next
	said         bool // a save has logged the fields that it does not save
}

// New returns a Checkpoint of root: a [Group], or a pointer to a struct, slice or map. The edges of the pointed-to value are the
// edges of the root, as in tf.train.Checkpoint(root). The error names the field or object that cannot be saved: a value that is
// not trackable ([ErrNotTrackable]), or a field with a wrong tag (*[TagError]).
//
// Options: [With], [FullName], [WithSaver], [Atomic], [Parts], [SkipSlots], [Async], [MaxShardSize], [ShardBy], [ShardByTask],
// [Align], [OnWrite], [AllowEmpty], [FileMode], [IgnoreDamagedState], [StateFile], [AbsolutePaths], [In], [WithFS],
// [WithLogger], [WithProgress].
func New(root any, opts ...Option) (*Checkpoint, error) {
	o, err := with(defaultOptions(), opts)
	if err != nil {
		return nil, err
	}
	c, err := newCheckpoint(root, o)
	if err != nil {
		return nil, err
	}
	if _, err := c.walk(); err != nil {
		return nil, err
	}
	return c, nil
}

// newCheckpoint is New with options that are already checked. It does not examine the objects.
func newCheckpoint(root any, o options) (*Checkpoint, error) {
	c := &Checkpoint{opts: o}
	c.opts.attach = nil
	if group, ok := root.(Group); ok {
		c.grouped = true
		if len(o.attach) > 0 {
			return nil, errors.New("ckpt: New: With is for a root object; put the object into the Group")
		}
		for name, obj := range group {
			c.objects = append(c.objects, namedObject{name, obj})
		}
	} else {
		c.root, c.objects = root, o.attach
	}
	slices.SortFunc(c.objects, func(a, b namedObject) int { return strings.Compare(a.name, b.name) })
	for i, obj := range c.objects {
		if obj.name == object.SaveCounter {
			return nil, fmt.Errorf("ckpt: New: the name %q is reserved for the number of saves", object.SaveCounter)
		}
		if i > 0 && c.objects[i-1].name == obj.name {
			return nil, fmt.Errorf("ckpt: New: two objects are called %q", obj.name)
		}
	}
	return c, nil
}

// Track attaches another object to the root of a Checkpoint that was made from a Group, like an assignment to an attribute
// of a tf.train.Checkpoint. Values that wait for the object are assigned before Track returns.
func (c *Checkpoint) Track(name string, child any) error {
	end, err := c.turns.Begin("Track")
	if err != nil {
		return err
	}
	defer end()
	if !c.grouped {
		return fmt.Errorf("ckpt: Track(%q): the Checkpoint has a root object; attach the object to it", name)
	}
	if name == object.SaveCounter {
		return fmt.Errorf("ckpt: Track: the name %q is reserved for the number of saves", object.SaveCounter)
	}
	for _, obj := range c.objects {
		if obj.name == name {
			if object.Same(obj.object, child) {
				return c.update(context.Background()) // values may still wait, if an earlier Track failed
			}
			return fmt.Errorf("ckpt: Track(%q): the name is in use for another object", name)
		}
	}
	c.objects = append(c.objects, namedObject{name, child})
	if _, err := c.walk(); err != nil {
		c.objects = c.objects[:len(c.objects)-1]
		return err
	}
	return c.update(context.Background())
}

// walk returns the program's graph as it is now.
func (c *Checkpoint) walk() (*object.Graph, error) {
	w, err := c.start()
	if err != nil {
		return nil, err
	}
	return c.finish(w)
}

// look is walk without the tensors of objects.
func (c *Checkpoint) look() (*object.Graph, error) {
	w, err := c.begin(func(w *walk.Walker) { w.Peek = true })
	if err != nil {
		return nil, err
	}
	return c.finish(w)
}

// finish completes the walk of w.
func (c *Checkpoint) finish(w *walk.Walker) (*object.Graph, error) {
	if err := w.ExpandAll(); err != nil {
		return nil, err
	}
	if err := w.AddSlots(); err != nil {
		return nil, err
	}
	c.size = len(w.Graph().Nodes)
	c.forget(w.Graph())
	return w.Graph(), nil
}

// forget drops everything known about objects that the program no longer has. g is the program's whole graph.
func (c *Checkpoint) forget(g *object.Graph) {
	c.standIns.Sweep()
	c.history.Forget(g)
	for _, r := range c.restorations {
		r.Forget(g)
	}
	if !c.waits() {
		c.disown()
	}
}

// start returns a walker with the root and its edges.
func (c *Checkpoint) start() (*walk.Walker, error) { return c.begin(func(*walk.Walker) {}) }

// startRestore is start for the restore r from the open checkpoint f.
func (c *Checkpoint) startRestore(r *restore, f format.Reader) (*walk.Walker, error) {
	return c.begin(func(w *walk.Walker) { w.Restores(f, r.objects) })
}

// begin is start, but calls prepare with the walker before its first step.
func (c *Checkpoint) begin(prepare func(*walk.Walker)) (*walk.Walker, error) {
	var owner *Checkpoint
	if c.restoring || c.waits() {
		owner = c
	}
	w := newWalker(&c.standIns, owner)
	prepare(w)
	w.Grow(c.size)
	w.Savers = c.opts.savers
	if c.grouped {
		w.AddVirtualRoot(c)
		return w, c.addObjects(w)
	}
	if err := w.AddRoot(c.root, nil); err != nil {
		return nil, err
	}
	root := w.Graph().Root()
	root.SetFullName(c.opts.fullNames[""])
	if err := w.Expand(root); err != nil {
		return nil, err
	}
	return w, c.addAttached(w, root)
}

// addObjects adds the edges of a Group, and the counter after the objects that were attached before it.
func (c *Checkpoint) addObjects(w *walk.Walker) error {
	root := w.Graph().Root()
	for i, obj := range c.objects {
		if i == c.counterAfter {
			if err := c.addCounterEdge(w, root); err != nil {
				return err
			}
		}
		if err := w.AddChild(root, obj.name, "."+obj.name, obj.object); err != nil {
			return err
		}
		root.Edges[len(root.Edges)-1].Node.SetFullName(c.opts.fullNames[obj.name])
	}
	if c.counterAfter >= len(c.objects) {
		return c.addCounterEdge(w, root)
	}
	return nil
}

func (c *Checkpoint) addCounterEdge(w *walk.Walker, root *object.Node) error {
	if c.counter == nil {
		return nil
	}
	if err := w.AddChild(root, object.SaveCounter, ".SaveCounter()", c.counter); err != nil {
		return err
	}
	root.Edges[len(root.Edges)-1].Attached = c.lateCounter
	return nil
}

// addAttached adds the edges that tf.train.Checkpoint(root, …) adds to the root: the further objects and the root itself, as
// "root", sorted by name; then the counter.
func (c *Checkpoint) addAttached(w *walk.Walker, root *object.Node) error {
	attached := append(slices.Clone(c.objects), namedObject{"root", nil})
	slices.SortFunc(attached, func(a, b namedObject) int { return strings.Compare(a.name, b.name) })
	if c.counter != nil {
		attached = append(attached, namedObject{object.SaveCounter, c.counter})
	}
	for _, obj := range attached {
		own := root.IndexEdge(obj.name)
		e := object.Edge{Name: obj.name, Field: &object.Field{Step: fmt.Sprintf(".With(%q)", obj.name)}, Opt: object.Options{Explicit: true}, Attached: true}
		if obj.name == "root" && obj.object == nil {
			e.Node = root
		} else {
			n, err := w.Resolve(reflect.ValueOf(obj.object), &e, root)
			if err != nil {
				return err
			}
			if n == nil && e.Missing() == nil {
				return fmt.Errorf("ckpt: With(%q): %s is %w", obj.name, walk.Describe(obj.object), ErrNotTrackable)
			}
			n.SetFullName(c.opts.fullNames[obj.name])
			if e.Node = n; n == nil {
				e.SetFrom(reflect.ValueOf(obj.object))
			}
		}
		switch {
		case own < 0:
			root.Edges = append(root.Edges, e)
		case root.Edges[own].Node != e.Node:
			return fmt.Errorf("ckpt: New: the root already has an edge %q to another object (%s)", obj.name, root.Edges[own].GoStep())
		}
	}
	return nil
}

// SaveCounter returns how many times the checkpoint has been saved, over all programs that continued it. Like Python's
// property it creates the counter, which later saves write, and gives it the value that a restore has kept for it.
//
// During a call on the Checkpoint, such as in a function of OnWrite, it returns the number at the beginning of the call, or
// the number that is being saved.
func (c *Checkpoint) SaveCounter() int64 {
	end, err := c.turns.Begin("SaveCounter")
	if err != nil {
		return c.counted.Load()
	}
	defer end()
	n, err := c.makeCounter(context.Background())
	if err != nil {
		return 0
	}
	return c.count(n, 0)
}

// count increments the counter and returns it.
func (c *Checkpoint) count(counter *int64, add int64) int64 {
	*counter += add
	c.counted.Store(*counter)
	return *counter
}

// makeCounter returns the counter. If there is none, it makes one and fills it from a waiting restore. If the root has a
// save_counter, that is the counter.
func (c *Checkpoint) makeCounter(ctx context.Context) (*int64, error) {
	counter, made, err := c.addCounter()
	if err != nil || !made {
		return counter, err
	}
	if err := c.update(ctx); err != nil {
		c.counter = nil // a later call tries again
		return nil, err
	}
	return counter, nil
}

// addCounter returns the counter, and makes one if there is none. It does not fill it.
func (c *Checkpoint) addCounter() (counter *int64, made bool, err error) {
	if c.counter != nil {
		return c.counter, false, nil
	}
	if own, err := c.ownCounter(); own != nil || err != nil {
		return own, false, err
	}
	c.counter, c.counterAfter = new(int64), len(c.objects)
	return c.counter, true, nil
}

func (c *Checkpoint) ownCounter() (*int64, error) {
	if c.grouped {
		return nil, nil
	}
	w, err := c.start()
	if err != nil {
		return nil, err
	}
	e := w.Graph().Root().Find(object.SaveCounter)
	if e == nil || e.Node == nil {
		return nil, nil
	}
	p, ok := e.Node.Int64()
	if !ok {
		return nil, fmt.Errorf("ckpt: the root's own %s (%s) is not an int64 scalar", object.SaveCounter, e.Node.GoPath())
	}
	return p, nil
}

// Sync waits for the save in the background, if there is one, and returns its error.
func (c *Checkpoint) Sync(ctx context.Context) error {
	end, err := c.turns.Begin("Sync")
	if err != nil {
		return err
	}
	defer end()
	return c.sync(ctx)
}

func (c *Checkpoint) sync(ctx context.Context) error {
	if c.saving == nil {
		return nil
	}
	s := c.saving
	if ctx.Err() != nil { // Sync or Close must still return the save's error
		return context.Cause(ctx)
	}
	select {
	case <-s.done:
		c.saving = nil
		if s.err != nil && s.failed != nil {
			s.failed()
		}
		return s.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close waits for a save in the background. It logs once which values restores left unmatched, unless ExpectPartial was called.
func (c *Checkpoint) Close() error {
	end, err := c.turns.Begin("Close")
	if err != nil {
		return err
	}
	defer end()
	err = c.sync(context.Background())
	for _, r := range c.restorations {
		warn, _ := r.Warning()
		warn()
	}
	c.restorations = nil
	c.disown()
	return err
}

// FullName sets the global name of a variable that is not a field and therefore cannot have a tag: the variable with the given
// name in a Group, in With or in Checkpoint.Track, or the root itself if name is "". tf.train.Checkpoint(step=tf.Variable(0)) has
// FullName("step", "Variable"). [New] only.
func FullName(name, fullname string) Option {
	return option(func(o *options) {
		o.fullNames = maps.Clone(o.fullNames)
		if o.fullNames == nil {
			o.fullNames = make(map[string]string)
		}
		o.fullNames[name] = fullname
	})
}

// owns records that m knows c.
func (c *Checkpoint) owns(m *Module) {
	c.modules = slices.DeleteFunc(c.modules, func(m weak.Pointer[Module]) bool { return m.Value() == nil })
	c.modules = append(c.modules, weak.Make(m))
}

// disown makes all Modules forget c, because c has no more values for their children.
func (c *Checkpoint) disown() {
	for _, m := range c.modules {
		if m := m.Value(); m != nil {
			m.disown(c)
		}
	}
	c.modules = nil
}
