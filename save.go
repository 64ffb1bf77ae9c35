package ckpt

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/prefix"
	"github.com/gockpt/ckpt/internal/stored"
	"github.com/gockpt/ckpt/internal/storefs"
	"github.com/gockpt/ckpt/internal/wording"
	"github.com/gockpt/ckpt/internal/writers"
)

// write saves the graph under prefix and returns when it is durable.
func writeGraph(ctx context.Context, g *object.Graph, prefix string, o options) error {
	if o.shard == nil {
		return writeWhole(ctx, g, prefix, o)
	}
	tensors, err := stored.Checkpoint(ctx, g)
	if err != nil {
		return err
	}
	return writeTensors(ctx, tensors, prefix, o)
}

// writeWhole is writeGraph without a sharding function. It drops the program's graph before the writer makes its lists.
func writeWhole(ctx context.Context, g *object.Graph, prefix string, o options) error {
	tensors, err := stored.NewCompact(ctx, g)
	if err != nil {
		return err
	}
	w := createFiles(prefix, o, tensors.Len())
	if err := tensors.AddTo(w); err != nil {
		return fmt.Errorf("ckpt: save %s: %w", prefix, err)
	}
	return writeFiles(ctx, w, prefix, o)
}

func writeTensors(ctx context.Context, tensors []stored.Tensor, prefix string, o options) error {
	w, err := planFiles(tensors, prefix, o)
	if err != nil {
		return err
	}
	return writeFiles(ctx, w, prefix, o)
}

// planFiles distributes the tensors over data files. It writes nothing.
func planFiles(tensors []stored.Tensor, prefix string, o options) (*bundle.Writer, error) {
	w := createFiles(prefix, o, len(tensors))
	if err := stored.Add(w, tensors, o.shard); err != nil {
		return nil, fmt.Errorf("ckpt: save %s: %w", prefix, err)
	}
	return w, nil
}

// createFiles returns a writer with capacity for the given number of tensors.
func createFiles(prefix string, o options, tensors int) *bundle.Writer {
	w := bundle.Create(o.writer, prefix, bundle.Options{Progress: progressOf(o.progress), Alignment: o.align})
	w.Grow(tensors)
	return w
}

func writeFiles(ctx context.Context, w *bundle.Writer, prefix string, o options) error {
	if dir := filepath.Dir(prefix); dir != "." {
		if err := fsx.MkdirAll(o.writer, dir); err != nil {
			return fmt.Errorf("ckpt: save %s: %w", prefix, err)
		}
	}
	if err := w.Commit(ctx); err != nil {
		return fmt.Errorf("ckpt: save %s: %w", prefix, err)
	}
	return runCallbacks(ctx, prefix, o)
}

// runCallbacks calls the functions of [OnWrite].
func runCallbacks(ctx context.Context, path string, o options) error {
	for _, f := range o.callbacks {
		if err := f(ctx, path); err != nil {
			return fmt.Errorf("ckpt: save %s: write callback: %w", path, err)
		}
	}
	return nil
}

// Save writes the checkpoint number n, prefix-n, where n counts the saves of this checkpoint in all programs that continued it. It
// names the checkpoint in the directory's `checkpoint` state file and returns its path. The count is also saved. If Save fails,
// the previous checkpoint is intact and remains the latest.
//
// Options: [Async], [MaxShardSize], [ShardBy], [ShardByTask], [Align], [OnWrite], [AllowEmpty], [FileMode],
// [IgnoreDamagedState], [StateFile], [In], [WithLogger], [WithProgress].
func (c *Checkpoint) Save(ctx context.Context, prefix string, opts ...SaveOption) (path string, err error) {
	o, err := with(c.opts, opts)
	if err != nil {
		return "", err
	}
	end, err := c.turns.Begin("Save")
	if err != nil {
		return "", err
	}
	defer end()
	if err := c.sync(ctx); err != nil {
		return "", err
	}
	o.writer = fsx.WithContext(ctx, o.writer)
	latest, err := c.publish(ctx, o, filepath.Dir(prefix))
	if err != nil {
		return "", err
	}
	name := func(count int64) string { return prefix + "-" + strconv.FormatInt(count, 10) }
	return c.saveCounted(ctx, o, name, func(ctx context.Context, o options, path string) error { return latest.Record(ctx, o.writer, path) })
}

// A publication is how a Checkpoint has published its last save.
type publication struct {
	*prefix.Publication
	dir, stateFile string
	writer         fsx.FS
}

// publish begins to publish a save into dir. In the background, another save of the same Checkpoint continues
// with the last known state of dir, so that the program does not wait for an object store.
func (c *Checkpoint) publish(ctx context.Context, o options, dir string) (*prefix.Publication, error) {
	p := c.published
	if o.async && p.Publication != nil && p.dir == dir && p.stateFile == o.stateFile && storefs.Same(p.writer, o.writer) {
		return p.Publication, nil
	}
	latest, err := o.saved(ctx).Publish(o.writer, dir)
	if err != nil {
		return nil, err
	}
	c.published = publication{latest, dir, o.stateFile, o.writer}
	return latest, nil
}

// saveCounted counts a save, writes it to the path that name gives for the count, and then runs record.
func (c *Checkpoint) saveCounted(ctx context.Context, o options, name func(count int64) string, record func(ctx context.Context, o options, path string) error) (string, error) {
	counter, err := c.makeCounter(ctx)
	if err != nil {
		return "", err
	}
	path := name(*counter + 1)
	if err := checkSavePath(path, o); err != nil {
		return "", err
	}
	if err := c.checkState(ctx, path, o); err != nil {
		return "", err
	}
	c.count(counter, 1)
	if err := c.write(ctx, path, o, func(ctx context.Context, o options) error { return record(ctx, o, path) }); err != nil {
		c.count(counter, -1)
		return "", err
	}
	if o.async {
		c.saving.failed = func() { c.count(counter, -1) }
	}
	return path, nil
}

// checkState returns an error at the first save into a directory with checkpoints and a damaged state file. Before later saves,
// this program has written the state file.
func (c *Checkpoint) checkState(ctx context.Context, path string, o options) error {
	dir := filepath.Dir(path)
	if c.savedIn == dir {
		return nil
	}
	if err := o.saved(ctx).Damaged(dir); err != nil {
		return err
	}
	c.savedIn = dir
	return nil
}

// Write saves to exactly prefix. It does not change the counter or the state file. It returns prefix.
//
// Options: [Async], [MaxShardSize], [ShardBy], [ShardByTask], [Align], [OnWrite], [AllowEmpty], [FileMode], [In], [WithLogger],
// [WithProgress].
func (c *Checkpoint) Write(ctx context.Context, prefix string, opts ...SaveOption) (path string, err error) {
	o, err := with(c.opts, opts)
	if err != nil {
		return "", err
	}
	if prefix == "" {
		return "", errors.New("ckpt: Write: the path is empty; give a prefix such as run/weights")
	}
	end, err := c.turns.Begin("Write")
	if err != nil {
		return "", err
	}
	defer end()
	if err := c.sync(ctx); err != nil {
		return "", err
	}
	o.writer = fsx.WithContext(ctx, o.writer)
	if err := c.write(ctx, prefix, o, nil); err != nil {
		return "", err
	}
	return prefix, nil
}

// write saves the graph to path and then runs after, in the background if o says so.
func (c *Checkpoint) write(ctx context.Context, path string, o options, after func(context.Context, options) error) error {
	g, err := c.toSave(path, o)
	if err != nil {
		return err
	}
	if o.async {
		return c.startAsync(ctx, g, path, o, after)
	}
	if o.begin != nil {
		if err := o.begin(ctx); err != nil {
			return err
		}
	}
	if err := writeGraph(ctx, g, path, o); err != nil {
		return err
	}
	if after != nil {
		return after(ctx, o)
	}
	return nil
}

// Async makes Save and Write return as soon as the values are copied; the files are written in the background. The returned path
// is that of the future files. The next call on the Checkpoint first waits for the save and returns its error, and so does
// [Checkpoint.Sync]. If the save failed, its number is free again by then.
//
// In an object store a save in the background does not wait for the network: Save returns when the values are
// copied. Only the first Checkpoint.Save into a directory reads the state file before that. A [Manager]'s
// saves do not; their [ErrInUse] comes from the next call.
//
// After Save has returned, the save continues even if its context ends or the program changes its working directory. A sharding
// function is called before Save returns; callbacks of [OnWrite] and [WithProgress] are called in the background.
func Async() SavingOption { return option(func(o *options) { o.async = true }) }

// An asyncSave is a save in the background.
type asyncSave struct {
	done   chan struct{}
	err    error
	failed func() // called if the save failed, by the call that receives the error; may be nil
}

// startAsync copies the graph's values and writes the copies in the background.
func (c *Checkpoint) startAsync(ctx context.Context, g *object.Graph, path string, o options, after func(context.Context, options) error) error {
	tensors, err := stored.Checkpoint(ctx, g)
	if err != nil {
		return err
	}
	if err := stored.Copy(tensors); err != nil {
		return err
	}
	if o.writer, err = fsx.Anchor(o.writer); err != nil {
		return fmt.Errorf("ckpt: save %s: %w", path, err)
	}
	o.writer = fsx.WithContext(context.WithoutCancel(ctx), o.writer)
	w, err := planFiles(tensors, path, o)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	ctx = context.WithoutCancel(ctx)
	s := &asyncSave{done: make(chan struct{})}
	c.saving = s
	go func() {
		defer close(s.done)
		if o.ended != nil {
			defer o.ended()
		}
		if o.begin != nil {
			if s.err = o.begin(ctx); s.err != nil {
				return
			}
		}
		if s.err = writeFiles(ctx, w, path, o); s.err == nil && after != nil {
			s.err = after(ctx, o)
		}
	}()
	return nil
}

// toSave returns the program's graph for a save to path. The error has [ErrNoVariables] if only the counter would be saved, unless
// the checkpoint is a Group that is empty on purpose. toSave logs, once, fields that look like weights and are not saved.
func (c *Checkpoint) toSave(path string, o options) (*object.Graph, error) {
	g, err := c.walk()
	if err != nil {
		return nil, err
	}
	isVariable := func(n *object.Node) bool {
		return (len(n.Values) > 0 && n.Saved() || n.Saver() != nil) && !(n.Obj.CanAddr() && c.isCounter(n.Obj.Addr().Interface()))
	}
	onPurpose := o.allowEmpty || c.grouped && len(c.objects) == 0
	if o.as == writers.Keras { // an archive of a model without weights is useful for its description
		onPurpose = onPurpose || !slices.ContainsFunc(g.Nodes, func(n *object.Node) bool { return len(n.Values) > 0 })
	}
	if !onPurpose && !slices.ContainsFunc(g.Nodes, isVariable) {
		return nil, fmt.Errorf("ckpt: save %s: %w", path, noVariables(g))
	}
	if c.said {
		return g, nil
	}
	c.said = true
	if fields := goTypes.UnsavedWeights(g); len(fields) > 0 {
		o.logger.Warn("Fields without a tag are not saved. Tag those that are weights, and the others `ckpt:\"-\"`.", "fields", strings.Join(wording.First(fields, 20), ", "))
	}
	return g, nil
}

// noVariables returns the error of a save of g, which has no variables.
func noVariables(g *object.Graph) error {
	problem := ErrNoVariables.Error()
	var empty []string
	for _, n := range g.Nodes {
		if len(n.Values) > 0 && !n.Saved() {
			empty = append(empty, n.GoPath())
		}
	}
	if len(empty) > 0 {
		problem += "; these have no values yet: " + strings.Join(wording.First(empty, 10), ", ")
	}
	if fields := goTypes.UnsavedNumbers(g); len(fields) > 0 {
		problem += "; these fields have no tag and are therefore not variables: " + strings.Join(wording.First(fields, 10), ", ")
	}
	return &noVariablesError{problem}
}

// A noVariablesError is an [ErrNoVariables] with the fields that the save found instead.
type noVariablesError struct{ problem string }

func (e *noVariablesError) Error() string        { return e.problem + "; AllowEmpty permits it" }
func (e *noVariablesError) Is(target error) bool { return target == ErrNoVariables }

// A ShardTensor describes, to a sharding function, a tensor that is being saved.
type ShardTensor = format.ShardTensor

// A ShardPart puts a tensor, or a region of it, into a data file.
type ShardPart = format.ShardPart

// ShardBy distributes tensors over data files as f says. f must put every element of every tensor into one data file, and
// number the files from 0 without gaps. Otherwise the save fails and says what is wrong.
func ShardBy(f func([]ShardTensor) []ShardPart) WriteOption {
	return option(func(o *options) { o.shard, o.maxShard = f, 0 })
}

// MaxShardSize distributes the tensors over data files of at most n bytes of tensors each, as TensorFlow's MaxShardSizePolicy
// does: it fills one file after the other, and splits tensors that do not fit. A value that cannot be split, such as a long
// string, gets its own larger file, with a warning. Safetensors files have whole tensors, and an index lists them.
func MaxShardSize(n int64) WriteOption {
	return option(func(o *options) {
		o.maxShard = n
		o.shard = func(tensors []ShardTensor) []ShardPart { return maxShardSize(tensors, n, o.logger.Warn) }
	})
}

func maxShardSize(tensors []ShardTensor, n int64, warn func(string, ...any)) []ShardPart {
	sizing := make([]bundle.Sizing, len(tensors))
	for i, t := range tensors {
		sizing[i] = bundle.Sizing{Full: t.Shape, Element: t.Element, Bytes: t.Bytes}
	}
	cuts, _ := bundle.MaxShardSize(sizing, n)
	parts := make([]ShardPart, len(cuts))
	for i, c := range cuts {
		parts[i] = ShardPart{Tensor: c.Tensor, Shard: c.Shard, Part: c.Part}
		if c.Large {
			warn("a tensor is larger than the shard size and gets its own data file", "key", tensors[c.Tensor].Key, "bytes", tensors[c.Tensor].Bytes, "limit", n)
		}
	}
	return parts
}

// ShardByTask writes a data file for each task, in the order in which tasks first appear. task returns the name of the task for a
// variable's path. It may be any string. The object graph belongs to task "".
func ShardByTask(task func(path string) string) WriteOption {
	return ShardBy(func(tensors []ShardTensor) []ShardPart {
		shards := make(map[string]int)
		parts := make([]ShardPart, len(tensors))
		for i, t := range tensors {
			name := ""
			if t.Key != objectgraph.GraphKey {
				name = task(t.Path)
			}
			if _, ok := shards[name]; !ok {
				shards[name] = len(shards)
			}
			parts[i] = ShardPart{Tensor: i, Shard: shards[name]}
		}
		return parts
	})
}
