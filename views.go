package ckpt

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/match"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/internal/walk"
)

// A View is the graph of a checkpoint's objects (Reader.View) or of a program's (ViewOf). Node 0 is the root. It corresponds
// to tf.train.CheckpointView and TrackableView.
type View struct {
	Nodes []ViewNode
}

// A ViewNode is one object of a [View].
type ViewNode struct {
	// Path is the first path that a breadth-first walk finds, in the form of TensorFlow's views: root.b.0. A path of more than 64
	// edges or 1 KiB is shortened to "root.…" and its end. The same applies to GoPath.
	Path     string
	GoPath   string // in the program: Model.B[0]; "" in a checkpoint
	Children []ViewEdge
	// Tensors are the names of the object's tensors: VARIABLE_VALUE for a variable, none for a group.
	Tensors []string
	// Object is a pointer to the program's object, or the slice or map; nil in a checkpoint.
	Object any
}

// A ViewEdge is a named edge from an object to another. Edges are in the stored order.
type ViewEdge struct {
	Name string
	Node int
	also []string // aliases, in a program
}

// View returns the graph that the checkpoint stores. The error satisfies errors.Is(err, [ErrNoObjectGraph]) if the checkpoint is
// name-based.
func (r *Reader) View() (*View, error) {
	g, err := r.Graph()
	if err != nil {
		return nil, err
	}
	v := &View{Nodes: make([]ViewNode, len(g.Nodes))}
	paths := g.Paths()
	for id := range g.Nodes {
		n := &v.Nodes[id]
		n.Path = strings.ReplaceAll(paths.Name(id), "(root)", "root")
		for _, c := range g.Nodes[id].Children {
			n.Children = append(n.Children, ViewEdge{Name: c.Name, Node: c.ID})
		}
		for _, a := range g.Nodes[id].Attributes {
			n.Tensors = append(n.Tensors, a.Name)
		}
	}
	return v, nil
}

// ViewOf returns the graph of a program's objects. root and the options are those of [New].
func ViewOf(root any, opts ...Option) (*View, error) {
	c, err := New(root, opts...)
	if err != nil {
		return nil, err
	}
	return c.View()
}

// View returns the graph of the program's objects as it is now, slot variables last.
func (c *Checkpoint) View() (*View, error) {
	end, err := c.turns.Begin("View")
	if err != nil {
		return nil, err
	}
	defer end()
	g, err := c.walk()
	if err != nil {
		return nil, err
	}
	v := &View{Nodes: make([]ViewNode, len(g.Nodes))}
	for id, n := range g.Nodes {
		vn := &v.Nodes[id]
		vn.Path, vn.GoPath = viewPath(n), n.GoPath()
		if vn.Object = n.Obj.Interface(); n.Obj.CanAddr() && n.Obj.Kind() != reflect.Slice && n.Obj.Kind() != reflect.Map {
			vn.Object = n.Obj.Addr().Interface()
		}
		for i := range n.Edges {
			if e := &n.Edges[i]; e.Node != nil {
				vn.Children = append(vn.Children, ViewEdge{Name: e.Name, Node: e.Node.ID, also: e.Aliases()})
			}
		}
		for _, val := range n.Values {
			vn.Tensors = append(vn.Tensors, objectgraph.Escape(val.Attribute()))
		}
	}
	return v, nil
}

func viewPath(n *object.Node) string {
	if s := n.SlotOf(); s != nil {
		return viewPath(s.Owner) + "'s state '" + s.Name + "' for " + viewPath(s.Variable)
	}
	return strings.Join(append([]string{"root"}, n.LastSteps(object.EdgeName)...), ".")
}

// Descendants returns the nodes in breadth-first order, beginning with the root, without slot variables.
func (v *View) Descendants() []int {
	seen := make([]bool, len(v.Nodes))
	seen[0] = true
	order := []int{0}
	for i := 0; i < len(order); i++ {
		for _, e := range v.Nodes[order[i]].Children {
			if !seen[e.Node] {
				seen[e.Node] = true
				order = append(order, e.Node)
			}
		}
	}
	return order
}

// childNames returns the node for each name and alias. A name has priority over an alias, and the first over later ones.
func (n *ViewNode) childNames() map[string]int {
	names := make(map[string]int, len(n.Children))
	add := func(name string, e ViewEdge) {
		if _, taken := names[name]; !taken {
			names[name] = e.Node
		}
	}
	for _, e := range n.Children {
		add(e.Name, e)
	}
	for _, e := range n.Children {
		for _, alias := range e.also {
			add(alias, e)
		}
	}
	return names
}

// Match maps nodes of one view, such as a checkpoint's, to nodes of another: root to root, and every node to the node with the
// same path of names. It does not restore anything. If two paths disagree, the first in breadth-first order wins.
func Match(stored, program *View) map[int]int {
	matches := make(map[int]int, min(len(stored.Nodes), len(program.Nodes)))
	matches[0] = 0
	names := make(map[int]map[string]int) // node of program → the node for each of its names
	queue := []int{0}
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		if len(stored.Nodes[id].Children) == 0 {
			continue
		}
		at := matches[id]
		if names[at] == nil {
			names[at] = program.Nodes[at].childNames()
		}
		for _, e := range stored.Nodes[id].Children {
			if _, done := matches[e.Node]; done {
				continue
			}
			if other, ok := names[at][e.Name]; ok {
				matches[e.Node] = other
				queue = append(queue, e.Node)
			}
		}
	}
	return matches
}

// A Difference is the result of [Diff].
type Difference struct {
	Matches     map[int]int // node of the first view → node of the second
	OnlyStored  []int       // nodes that only the first has, breadth first
	OnlyProgram []int       // nodes that only the second has, breadth first
}

// Diff compares the views of a checkpoint and of a program: which nodes match, and which nodes only one of them has.
func Diff(stored, program *View) *Difference {
	d := &Difference{Matches: Match(stored, program)}
	taken := make(map[int]bool, len(d.Matches))
	for _, other := range d.Matches {
		taken[other] = true
	}
	for _, id := range stored.Descendants() {
		if _, ok := d.Matches[id]; !ok {
			d.OnlyStored = append(d.OnlyStored, id)
		}
	}
	for _, id := range program.Descendants() {
		if !taken[id] {
			d.OnlyProgram = append(d.OnlyProgram, id)
		}
	}
	return d
}

// RestoreNodes assigns the values of the given stored nodes to objects. Each object must have as many tensors as its node. path is
// what [Checkpoint.Read] takes.
//
// Options: [Atomic], [Parts], [In], [WithFS], [WithLogger], [WithProgress].
func RestoreNodes(ctx context.Context, path string, objects map[int]any, opts ...RestoreOption) error {
	o, err := with(defaultOptions(), opts)
	if err != nil {
		return err
	}
	f, err := openPrefix(ctx, o.fsys, path)
	if err != nil {
		return err
	}
	defer f.Close()
	g, err := readGraph(ctx, f, path)
	if err != nil {
		return err
	}
	w := newWalker(new(walk.StandIns), nil)
	w.AddVirtualRoot(&objects)
	paths := g.Paths()
	stored := make(map[*object.Node]int, len(objects))
	for _, id := range sortedKeys(objects) {
		if id < 0 || id >= len(g.Nodes) {
			return fmt.Errorf("ckpt: RestoreNodes: %s has no node %d: %w", path, id, ErrNotFound)
		}
		if saver := g.Nodes[id].Saver; saver != nil {
			return fmt.Errorf("ckpt: RestoreNodes: node %d (%s) was saved by %s, which restores all of its objects or none: %w", id, paths.Name(id), saver.Name, errors.ErrUnsupported)
		}
		n, err := addNode(w, id, objects[id])
		if err != nil {
			return err
		}
		if have, want := len(g.Nodes[id].Attributes), len(n.Values); have != want {
			return &MismatchError{Checkpoint: path, Problem: fmt.Sprintf("node %d (%s) stores %d tensors, the object for it (a %v) has %d", id, paths.Name(id), have, n.Key().Type, want)}
		}
		stored[n] = id
	}
	if err := w.Graph().CheckOverlap(); err != nil {
		return err
	}
	plan := func(p *transfer.Plan) error {
		for _, n := range w.Graph().Nodes {
			id, ok := stored[n]
			if !ok {
				continue
			}
			if unused := match.Assign(p, &g.Nodes[id], n); len(unused) > 0 {
				return &transfer.Mismatch{Problem: fmt.Sprintf("node %d (%s) stores %q, but its object has no tensor with this name", id, paths.Name(id), unused)}
			}
		}
		return nil
	}
	return worded(path, transfer.Do(ctx, f, w.Graph(), transferOptions(f, path, o), transfer.PlanFunc(plan)))
}

// addNode adds the object for a stored node to the graph, which must not contain it yet.
func addNode(w *walk.Walker, id int, object any) (*object.Node, error) {
	root, known := w.Graph().Root(), len(w.Graph().Nodes)
	name := fmt.Sprint(id)
	if err := w.AddChild(root, name, "["+name+"]", object); err != nil {
		return nil, err
	}
	switch n := root.Edges[len(root.Edges)-1].Node; {
	case n == nil:
		return nil, fmt.Errorf("ckpt: RestoreNodes: the object for node %d is a %T that points to nil: %w", id, object, ErrNotTrackable)
	case n.ID < known:
		return nil, fmt.Errorf("ckpt: RestoreNodes: the object for node %d is that for node %s, too", id, n.Name)
	default:
		return n, nil
	}
}
