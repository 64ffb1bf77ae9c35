// Package ckpt reads trained weights into plain Go structs and writes them back. It reads and writes TensorFlow checkpoints,
// byte for byte, and reads the files of Keras, PyTorch, safetensors, NumPy and GGUF.
//
//	var model Model
//	err := ckpt.LoadWeights(ctx, "model.safetensors", &model)
//
// Package [github.com/gockpt/ckpt/layers] has layers that run, and package [github.com/gockpt/ckpt/keras] loads whole Keras models.
// Weights files do not hold activations, strides or epsilons: set these on the structs.
//
// # Loading a model
//
// [LoadWeights] fills a struct from a checkpoint, and [SaveWeights] writes a checkpoint from a struct. Every value in the struct
// must be in the checkpoint; otherwise the error lists what is missing. Other values in the checkpoint, such as an optimizer's, are
// ignored. [At] starts at an object within the checkpoint. [Partial] lets values be missing; [Strict] rejects extra ones.
//
// If an object of the model has values in the checkpoint, the checkpoint may not hold further values for the same object that have no
// field: the layer would compute something else without them. [IgnoreUnknown] ignores such values. Objects that the model does not
// declare, such as another head, are ignored with all of their values.
//
// Fields that the checkpoint lacks are an error, including nil fields and objects with optional values only, unless the tag of the
// field says optional. If the options of a layer fix a shape, it is compared before anything is assigned.
//
// # Training
//
// A [Checkpoint] is made of a [Group] of named objects, or of one root object. [Checkpoint.Save] numbers its files, counts in
// save_counter, which is part of what is saved, and names the latest in the directory's `checkpoint` file; [Checkpoint.Write]
// writes just what it is told. [Checkpoint.Restore] and [Checkpoint.Read] assign values at once and return a [Status],
// with TensorFlow's assertions; [Status.Report] reports what happened to every value. A [Manager] keeps the last few
// checkpoints of a directory.
//
// # Structs and tags
//
// A checkpoint stores a graph of objects with named edges; the edges of a struct are its fields. Without a tag an exported
// field is tracked, under its name in snake case, if its type can hold a tensor: a [github.com/gockpt/ckpt/tensor.Tensor], a
// struct, pointer, slice, array, map with string keys or interface that leads to one, a [Variable] or [Tensors]. Numbers,
// strings and slices of them are hyper-parameters unless a tag says that they are variables. Embedded structs are inlined; one behind a
// nil pointer is made by a restore that has one of its edges.
// A type defined as a tensor is a tensor. So is a struct that embeds a tensor or a [Variable] and has nothing else to save. If it has
// something else to save, it must tag the embedded field, which then is an edge.
// The tag is
//
//	`ckpt:"name,option,…"`
//
// The name may be left out. "-" excludes the field. A name with a comma is quoted, as in `ckpt:"'a,b'"`. The options are
//
//	alias=other       a name also accepted when restoring; may be repeated
//	optional          may be absent from the checkpoint
//	alloc             Restore allocates a nil pointer, slice or map when the checkpoint has a node for it
//	inline            its edges become the parent's own
//	shape=2x3         a flat slice is saved as that shape
//	fullname=a/b      the variable's global name; by default its edges from the root joined by "/"
//	cast              convert from the stored dtype on restore, where the values fit
//
// A mistake in a tag is a *[TagError] from [New], before anything is read or written.
//
// One object is one node, however many edges lead to it. Its identity is the pointer, or for a slice or map the variable that
// holds it. Slices and arrays have the edges "0", "1", …; the edges of a map are its keys, sorted. A nil pointer, slice, map
// or interface is not an object. A tensor that is not built is a variable of any shape: a restore builds it, saving leaves it
// out. An object that implements [encoding.BinaryMarshaler] and [encoding.BinaryUnmarshaler] and is tagged is stored as one
// string of opaque state. A struct that embeds [Module] can have further children attached by name while the program runs.
//
// # Matching
//
// A restore follows the edges of the stored graph and of the program's graph from the two roots. It does not use the keys of the
// tensors. Values for objects that do not exist yet wait for them: each method of Status, and [Status.Update], first looks for new
// edges. Everything that matched is checked (dtype, shape, size, place in the files)
// before the first byte is assigned; bytes go straight into the program's memory, and every checksum is verified.
//
// # Names
//
// TensorFlow 1's checkpoints have no objects, only variables by their global names. A restore matches them by name, with a
// warning; a [Saver] writes and reads them, and [AssignFromCheckpoint] takes values from under other names. A variable's
// name is its tag's fullname= or what [FullName] says, else what a [VariableNamer] above it or, for slot variables, a
// [SlotNamer] says, else its edges.
//
// # Optimizers and custom savers
//
// A [SlotOwner] keeps slot variables as TensorFlow's older optimizers do; the packages below optimizers have all of
// TensorFlow's as data. An [ObjectSaver] saves related objects together, in its own form.
//
// # Errors
//
// Errors say which file, which key, which value of the model (in TensorFlow's and in Go's form), and what to do. errors.Is finds
// [ErrNotFound], [ErrCorrupt], [ErrMismatch], [ErrNotTrackable] and the package's others; errors.As finds *[MismatchError],
// *[ValueError], *[RestoreError] and *[TagError].
//
// # Caveats
//
// Go maps have no order: their entries are saved sorted by key. Slices are read when they are saved; earlier replacements of elements go
// unnoticed. Values stored in interfaces or maps are not addressable; they are copied, and put back after a restore. The order of several restores is
// kept per Checkpoint. Values that a failed restore has already assigned stay assigned, and its *RestoreError lists them; the option
// [Atomic] prevents that.
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
	"github.com/gockpt/ckpt/internal/walk"
)

// A Group names the objects of a checkpoint without a root object: tf.train.Checkpoint(model=m, optimizer=o).
// Its edges are sorted by name.
type Group map[string]any

// A Checkpoint saves and restores a graph of objects. Only one goroutine at a time may use it, its Status and its Manager:
// if two calls overlap, the second returns an error with ErrBusy. Several goroutines may call Module.Track.
type Checkpoint struct {
	root    any           // where grouped is false
	grouped bool          // a Group stands for the root
	objects []namedObject // of the Group, or With: in edge order
	counter *int64        // nil until a save, a restore or SaveCounter makes it
	// counterAfter is how many objects were attached before the counter was.
	counterAfter int
	opts         options
	counted      atomic.Int64 // the counter, for calls during another call
	savedIn      string       // the directory of the last numbered save

	lateCounter bool // the counter is matched after everything else

	turns        turns
	standIns     walk.StandIns
	history      transfer.History
	restorations []*restore             // that wait for objects, oldest first
	modules      []weak.Pointer[Module] // that know the Checkpoint
	restoring    bool
	saving       *asyncSave
	size         int  // of the last graph, a hint for the next
	said         bool // a save has logged what it leaves out
}

// New returns a Checkpoint of root: a [Group], or a pointer to a struct, slice or map. The edges of what it points to become the
// root's, as in tf.train.Checkpoint(root). The error names the field or object that cannot be
// saved: a value that is not trackable ([ErrNotTrackable]), or a field with a wrong tag (*[TagError]).
func New(root any, opts ...Option) (*Checkpoint, error) {
	o, err := with(defaultOptions(), opts)
	if err != nil {
		return nil, err
	}
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
	_, err = c.walk()
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Track attaches another object to the root of a Checkpoint that was made from a Group, like an assignment to an attribute
// of a tf.train.Checkpoint. Values that wait for the object are assigned before Track returns.
func (c *Checkpoint) Track(name string, child any) error {
	end, err := c.turns.begin("Track")
	if err != nil {
		return err
	}
	defer end()
	if !c.grouped {
		return fmt.Errorf("ckpt: Track(%q): the Checkpoint has a root object; attach to that", name)
	}
	if name == object.SaveCounter {
		return fmt.Errorf("ckpt: Track: the name %q is reserved for the number of saves", object.SaveCounter)
	}
	for _, obj := range c.objects {
		if obj.name == name {
			if object.Same(obj.object, child) {
				return c.update(context.Background()) // values may still wait, if a former Track failed
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

// look is walk that does not ask objects for their tensors.
func (c *Checkpoint) look() (*object.Graph, error) {
	w, err := c.begin(func(w *walk.Walker) { w.Peek = true })
	if err != nil {
		return nil, err
	}
	return c.finish(w)
}

// finish takes all steps that w has not taken yet.
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

// forget drops what is known of objects that the program, of which g is all, does not have any more.
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

// start returns a walker that knows the root and its edges.
func (c *Checkpoint) start() (*walk.Walker, error) { return c.begin(func(*walk.Walker) {}) }

// startRestore is start for r, which is to take values from its open checkpoint f.
func (c *Checkpoint) startRestore(r *restore, f format.Reader) (*walk.Walker, error) {
	return c.begin(func(w *walk.Walker) { w.Restores(f, r.objects) })
}

// begin is start with a walker that prepare has seen before it takes its first step.
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

// addObjects adds the edges of a Group, and the counter after the objects that were there before it.
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

// addAttached adds what tf.train.Checkpoint(root, …) attaches to the root: the further objects and the root itself, as
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
			return fmt.Errorf("ckpt: New: the root has an edge %q already, to another object (%s)", obj.name, root.Edges[own].GoStep())
		}
	}
	return nil
}

// Close waits for a save in the background. It logs once which values restores left unmatched, unless ExpectPartial was called.
func (c *Checkpoint) Close() error {
	end, err := c.turns.begin("Close")
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

// FullName gives a global name to a variable that is not in a field and therefore cannot have a tag: the variable that a
// Group, With or Checkpoint.Track calls name, or the root itself if name is "". tf.train.Checkpoint(step=tf.Variable(0)) has
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
