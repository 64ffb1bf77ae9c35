package ckpt

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
)

// LoadWeights fills model, a pointer to a struct, from a checkpoint, and makes what nil pointers, slices and maps it has
// for which the checkpoint has values, as encoding/json does. Every value that the model has must be in the
// checkpoint, or the error is a *[MismatchError] and the model is as it was; what else the checkpoint holds is ignored.
// [Partial] and [Strict] change the one and the other; [At] starts at an object within the checkpoint. path is what
// [Open] takes. One stored value may fill several places of the model, where TensorFlow would fill the first.
func LoadWeights(ctx context.Context, path string, model any, opts ...Option) error {
	o, err := defaultOptions().with(onLoad, opts)
	if err != nil {
		return err
	}
	f, prefix, err := openPath(path, o)
	if err != nil {
		return err
	}
	defer f.Close()
	g, err := readGraph(ctx, f, prefix)
	if errors.Is(err, ErrNoObjectGraph) {
		return loadByName(ctx, f, prefix, model, o)
	}
	if err != nil {
		return err
	}
	start, err := walkTo(g, o.at, prefix)
	if err != nil {
		return err
	}
	return loadFrom(ctx, f, newRestoration(1, prefix, g, start, o), model)
}

func loadFrom(ctx context.Context, f format.Reader, r *restoration, model any) error {
	w, err := loadWalker(model, storedChildren{r.stored, r.start}, r.opts)
	if err != nil {
		return err
	}
	m := &matcher{r: r, w: w, plan: newPlan(r.path, w.graph, r.opts), load: true}
	if err = m.first(); err == nil {
		if err = w.all(); err == nil {
			err = m.loadable()
		}
	}
	if err == nil {
		err = m.plan.check(f)
	}
	if err != nil {
		m.plan.rollback()
		return err
	}
	return m.plan.run(ctx, f, r.opts)
}

// loadWalker returns a walker over model that makes what is nil.
func loadWalker(model any, stored object.Children, o options) (*walker, error) {
	w := newWalker(make(map[object.Identity]reflect.Value))
	w.allocAll, w.savers = true, o.savers
	if group, ok := model.(Group); ok {
		w.addVirtualRoot(&group)
		for _, name := range sortedKeys(group) {
			if err := w.addChild(w.graph.Root(), name, "."+name, group[name]); err != nil {
				return nil, err
			}
		}
		return w, nil
	}
	return w, w.addRoot(model, stored)
}

// loadable holds the match to what LoadWeights promises.
func (m *matcher) loadable() error {
	filled := make(map[object.Identity]bool)
	for _, a := range m.plan.assignments {
		filled[a.node.Key] = true
	}
	for _, s := range m.plan.apart {
		for _, n := range s.Nodes {
			filled[n.Key] = true
		}
	}
	for _, b := range m.r.bound.each() { // an optional object that was found must be found whole
		if n := m.w.graph.ByKey[b.key]; n != nil && n.Group && n.Saver == nil {
			filled[b.key] = true
		}
	}
	var missing, unused []string
	if !m.r.opts.partial {
		nodes := slices.DeleteFunc(m.w.graph.Required(filled, m.r.opts.skipSlots, true), func(n *object.Node) bool { return n.Group && n.Saver == nil })
		for _, n := range nodes {
			missing = append(missing, n.Path())
		}
		if len(missing) > 0 {
			e := &MismatchError{Checkpoint: m.r.path, Missing: missing, Hints: m.r.hints(nodes)}
			e.Problem = fmt.Sprintf("%d of %d values of the model are not in the checkpoint", len(missing), m.w.graph.Leaves())
			return e
		}
	}
	if len(m.plan.assignments)+len(m.plan.apart) == 0 && m.w.graph.Leaves()+m.r.storedValues() > 0 && !m.r.opts.partial {
		return &MismatchError{Checkpoint: m.r.path, Problem: "nothing of the checkpoint belongs to the model; " + m.r.rootChildren()}
	}
	if m.r.opts.strict {
		for _, id := range m.r.unresolvedBelow(m.r.start) {
			unused = append(unused, m.r.userPath(id))
		}
		for _, id := range sortedKeys(m.r.unusedAttributes) {
			unused = append(unused, m.r.userPath(id))
		}
		if len(unused) > 0 {
			return &MismatchError{Checkpoint: m.r.path, Unused: unused, Problem: fmt.Sprintf("%d values of the checkpoint have no place in the model", len(unused))}
		}
	}
	return nil
}

func (r *restoration) storedValues() int {
	n := 0
	for i := range r.stored.Nodes {
		n += len(r.stored.Nodes[i].Attributes)
	}
	return n
}

// unresolvedBelow returns the stored nodes with values and no counterpart that start leads to; the counter that
// numbers a Checkpoint's saves is no part of a model.
func (r *restoration) unresolvedBelow(start int) []int {
	below := map[int]bool{start: true}
	queue := []int{start}
	visit := func(id int) {
		if !below[id] {
			below[id] = true
			queue = append(queue, id)
		}
	}
	for len(queue) > 0 {
		n := &r.stored.Nodes[queue[0]]
		atRoot := queue[0] == 0
		queue = queue[1:]
		for _, c := range n.Children {
			if !(atRoot && c.Name == saveCounterName) {
				visit(c.ID)
			}
		}
		for _, s := range n.Slots {
			if !r.opts.skipSlots {
				visit(s.Variable)
			}
		}
	}
	return slices.DeleteFunc(r.unresolved(), func(id int) bool { return !below[id] })
}

// walkTo returns the stored node that a path of edges leads to from the root.
func walkTo(g *objectgraph.Graph, path, prefix string) (int, error) {
	at := 0
	if path == "" {
		return at, nil
	}
	for _, step := range strings.Split(path, "/") {
		name, err := objectgraph.Unescape(step)
		if err != nil {
			return 0, fmt.Errorf("ckpt: At(%q): %w", path, err)
		}
		i := slices.IndexFunc(g.Nodes[at].Children, func(c objectgraph.Child) bool { return c.Name == name })
		if i < 0 {
			return 0, &MismatchError{Checkpoint: prefix, Problem: fmt.Sprintf("At(%q): no edge %q there", path, name),
				Hints: []string{"the object there has children: " + strings.Join(firstOf(storedChildren{g, at}.Names(), 20), ", ")}}
		}
		at = g.Nodes[at].Children[i].ID
	}
	return at, nil
}

// SaveWeights writes model, a pointer to a struct, to exactly prefix, as Keras's Model.save_weights does in
// TensorFlow's format: the model is the root, there is no number and no counter, and the directory's `checkpoint` file
// names it.
func SaveWeights(ctx context.Context, prefix string, model any, opts ...Option) error {
	o, err := defaultOptions().with(onSaveWeights, opts)
	if err != nil {
		return err
	}
	if err := checkSavePath(prefix, o); err != nil {
		return err
	}
	c, err := New(model, Option{"WithSaver", onNew, func(c *options) { c.savers = o.savers }})
	if err != nil {
		return err
	}
	g, err := c.walk()
	if err != nil {
		return err
	}
	if err := writeGraph(ctx, g, prefix, o); err != nil {
		return err
	}
	return recordLatest(ctx, o, prefix)
}
