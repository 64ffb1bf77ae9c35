package ckpt

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
)

// A restoration is one restore: which stored objects found their counterpart in the program, and what waits for one.
// It moves no bytes.
type restoration struct {
	id     uint64 // later restores have larger ids
	path   string // the prefix
	stored *objectgraph.Graph
	start  int // the stored node that belongs to the program's root
	opts   options

	bound   bindings
	waiting []storedEdge // edges to stored values for which the program has no object yet
	// unusedAttributes are those of bound nodes whose object has no place for them.
	unusedAttributes map[int][]string
	conflicts        []string
	paths            *objectgraph.Paths // made when a name is asked for
	notice           *notice
	planned          bool // RunRestoreOps has yet to move the bytes
}

// A storedEdge is the i-th child of a stored node.
type storedEdge struct{ parent, child int }

func newRestoration(id uint64, path string, g *objectgraph.Graph, start int, opts options) *restoration {
	r := &restoration{id: id, path: path, stored: g, start: start, opts: opts, bound: newBindings(len(g.Nodes)), unusedAttributes: make(map[int][]string)}
	r.notice = &notice{restoration: path, stored: g, bound: make([]bool, len(g.Nodes)), unused: make(map[int][]string), logger: opts.logger}
	return r
}

// A matcher lets a restoration look for counterparts in one walk of the program.
type matcher struct {
	r *restoration
	w *walker
	// updated is the id of the last restore that gave each object its values: an older one does not take them back.
	updated map[object.Identity]uint64
	plan    *plan
	// load is LoadWeights: one stored value may fill several objects.
	load  bool
	queue []pair // what was found, in order
	next  int    // of the queue
	// late is set after the restore itself: what is found now was waited for.
	late bool
}

type pair struct {
	stored int
	node   *object.Node
}

// grow makes room for n objects that match.
func (m *matcher) grow(n int) {
	m.plan.grow(n)
	m.queue = make([]pair, 0, n)
}

// first matches from the root on.
func (m *matcher) first() error {
	root := m.w.graph.Root()
	m.bind(m.r.start, root)
	if err := m.drain(); err != nil {
		return err
	}
	// What the Checkpoint attached to a root comes after all that the root itself leads to, each with all that it leads to
	// before the next, unless an object was met there already (TrackableSaver.restore).
	for i := range root.Edges {
		if e := &root.Edges[i]; e.Attached && e.Node != nil && e.Node != root {
			if err := m.attached(e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *matcher) attached(e *object.Edge) error {
	for _, c := range m.r.stored.Nodes[m.r.start].Children {
		if c.Name == e.Name {
			if !m.r.bound.has(c.ID) {
				m.bind(c.ID, e.Node)
			}
			break
		}
	}
	return m.drain()
}

// again looks for the objects that were waited for.
func (m *matcher) again() error {
	m.late = true
	waiting := m.r.waiting
	m.r.waiting = nil
	for _, se := range waiting {
		parent, ok := m.w.graph.ByKey[m.r.bound.key(se.parent)]
		if !ok {
			m.r.waiting = append(m.r.waiting, se)
			continue
		}
		if err := m.child(pair{se.parent, parent}, se.child); err != nil {
			return err
		}
	}
	return m.drain()
}

func (m *matcher) drain() error {
	for {
		for ; m.next < len(m.queue); m.next++ {
			p := m.queue[m.next]
			if err := m.visit(p); err != nil {
				return err
			}
		}
		if m.slots(); m.next == len(m.queue) {
			return nil
		}
	}
}

// bind makes node the counterpart of a stored node and queues what both lead to. It is false where the stored node
// has another counterpart.
func (m *matcher) bind(stored int, n *object.Node) bool {
	if b, ok := m.r.bound.of(stored); ok {
		return b.key == n.Key
	}
	m.r.bound.set(stored, n)
	m.r.notice.setBound(stored)
	m.queue = append(m.queue, pair{stored, n})
	return true
}

func (m *matcher) visit(p pair) error {
	if err := m.w.expand(p.node); err != nil {
		return err
	}
	if m.r.id > m.updated[p.node.Key] && !p.node.Reached {
		m.r.gather(m.plan, p)
		m.plan.reach(p.node)
	}
	for i := range m.r.stored.Nodes[p.stored].Children {
		if err := m.child(p, i); err != nil {
			return err
		}
	}
	return nil
}

// child follows the i-th edge of a stored node whose counterpart is known.
func (m *matcher) child(p pair, i int) error {
	c := m.r.stored.Nodes[p.stored].Children[i]
	b, taken := m.r.bound.of(c.ID)
	if taken && !m.late && !m.load {
		return nil
	}
	e := p.node.FindAt(c.Name, i)
	if e != nil && (e.Attached && !m.late || e.Name != c.Name && m.hasChild(p.stored, e.Name)) {
		return nil // what is attached comes after the root's own; an alias gives way to the name itself
	}
	if e != nil && e.Node == nil && (e.Opt.Alloc || m.w.allocAll) && m.r.hasValues(c.ID) {
		if err := m.alloc(p, e, c.ID, b, taken); err != nil {
			return err
		}
	}
	switch {
	case e == nil || e.Node == nil:
		if !taken && m.r.hasValues(c.ID) {
			m.r.waiting = append(m.r.waiting, storedEdge{p.stored, i})
		}
	case taken && b.key != e.Node.Key && m.load:
		m.fill(c.ID, e.Node)
	case !m.bind(c.ID, e.Node):
		m.conflict(c.ID, e.Node)
	}
	return nil
}

// fill gives a further object the values of a stored node that has a counterpart already.
func (m *matcher) fill(stored int, n *object.Node) {
	if !n.Reached {
		m.queue = append(m.queue, pair{stored, n})
	}
}

func (m *matcher) hasChild(stored int, name string) bool {
	return slices.ContainsFunc(m.r.stored.Nodes[stored].Children, func(c objectgraph.Child) bool { return c.Name == name })
}

// alloc makes the object that a nil edge lacks, or lets the edge share the one that was made for another edge.
func (m *matcher) alloc(p pair, e *object.Edge, stored int, b binding, taken bool) error {
	var undo func()
	switch {
	case e.Missing == nil:
	case taken && e.Missing.Share != nil:
		undo = e.Missing.Share(b.obj)
	case !taken:
		undo = e.Missing.Alloc(storedChildren{m.r.stored, stored})
	}
	if undo == nil {
		return nil
	}
	m.plan.undos = append(m.plan.undos, undo)
	e.Opt.Alloc = true // a slice of numbers is made when its length is known
	return m.w.again(p.node, e)
}

// conflict reports a second object that claims the values of a stored node (CheckpointPosition.bind_object).
func (m *matcher) conflict(stored int, n *object.Node) {
	b, _ := m.r.bound.of(stored)
	msg := fmt.Sprintf("Inconsistent references when loading the checkpoint into this object graph: %s (%s) claims %s, which belongs to another object of type %v",
		n.Path(), n.GoPath(), m.r.prettyName(stored), b.key.Type)
	m.r.conflicts = append(m.r.conflicts, msg)
	m.r.opts.logger.Warn(msg, "checkpoint", m.r.path)
}

// slots binds the slot variables whose optimizer and original variable both have counterparts.
func (m *matcher) slots() {
	if m.r.opts.skipSlots {
		return
	}
	for id := range m.r.stored.Nodes {
		for _, s := range m.r.stored.Nodes[id].Slots {
			if m.r.bound.has(s.Variable) {
				continue
			}
			owner, original := m.w.graph.ByKey[m.r.bound.key(id)], m.w.graph.ByKey[m.r.bound.key(s.Original)]
			if owner == nil || original == nil {
				continue
			}
			if n := m.w.slot(owner, s.Name, original, true); n != nil {
				m.bind(s.Variable, n)
			}
		}
	}
}

// hasValues reports whether something is worth waiting for below a stored node.
func (r *restoration) hasValues(stored int) bool {
	n := &r.stored.Nodes[stored]
	if n.HasValues != nil {
		return *n.HasValues
	}
	return len(n.Children)+len(n.Attributes)+len(n.Slots) > 0 || n.Saver != nil
}

type storedChildren struct {
	g  *objectgraph.Graph
	id int
}

func (s storedChildren) Names() []string {
	var names []string
	for _, c := range s.g.Nodes[s.id].Children {
		names = append(names, c.Name)
	}
	return names
}

// listLen is one more than the largest index, but no more than a list as sparse as those of real programs can have.
func (s storedChildren) ListLen() int {
	n := 0
	for _, c := range s.g.Nodes[s.id].Children {
		if i, err := strconv.Atoi(c.Name); err == nil && i >= n && strconv.Itoa(i) == c.Name && i < 1024+64*len(s.g.Nodes[s.id].Children) {
			n = i + 1
		}
	}
	return n
}

// gather notes which of a stored node's tensors go into which of its counterpart's values.
func (r *restoration) gather(p *plan, at pair) {
	attributes := r.stored.Nodes[at.stored].Attributes
	if r.gatherApart(p, at) || len(attributes) == 0 {
		return
	}
	used := false
	for i := range at.node.Values {
		key, ok := attributeKey(attributes, at.node.Values[i].Attribute)
		if ok {
			used = true
			p.assignments = append(p.assignments, &assignment{node: at.node, value: &at.node.Values[i], key: key})
		} else if at.node.Done != nil {
			p.problem(at.node, "", fmt.Sprintf("the checkpoint has no tensor %q for it, only %s", at.node.Values[i].Attribute, attributeNames(attributes)))
		}
	}
	if used {
		return
	}
	for _, a := range attributes {
		r.unusedAttributes[at.stored] = append(r.unusedAttributes[at.stored], a.Name)
	}
	r.notice.setUnused(at.stored, r.unusedAttributes[at.stored])
}

// attributeKey returns the key of the tensor that an object calls name. The attribute may be stored under a name that is only
// the start of it: older objects list one attribute for several tensors, whose keys are its own with suffixes
// (saveable_compat.py: lookup tables, dataset iterators).
func attributeKey(attributes []objectgraph.Attribute, name string) (string, bool) {
	escaped := objectgraph.Escape(name)
	for _, a := range attributes {
		if a.Name == escaped {
			return a.Key, true
		}
	}
	for _, a := range attributes {
		if a.Name != "" && a.Name != object.VariableAttribute && len(name) > len(a.Name) && name[:len(a.Name)] == a.Name {
			return a.Key + name[len(a.Name):], true
		}
	}
	return "", false
}

func attributeNames(attributes []objectgraph.Attribute) string {
	names := make([]string, len(attributes))
	for i, a := range attributes {
		names[i] = a.Name
	}
	return fmt.Sprintf("%q", names)
}
