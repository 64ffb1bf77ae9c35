package match

import (
	"fmt"
	"reflect"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/transfer"
)

// Match returns a planner that matches the whole program from its root. h may be nil.
func (r *Restoration) Match(w object.Walk, h *transfer.History) transfer.Planner {
	return &matcher{r: r, w: w, history: h, found: r.nothing()}
}

// FollowUp returns a planner that looks for objects for which values wait.
func (r *Restoration) FollowUp(w object.Walk, h *transfer.History) transfer.Planner {
	return &matcher{r: r, w: w, history: h, found: r.found.clone(), late: true}
}

// Plan implements [transfer.Planner].
func (m *matcher) Plan(p *transfer.Plan) error {
	m.plan = p
	defer func() { m.queue, m.next = nil, 0 }() // all of it was visited, or the plan fails
	if m.r.opts.Load {
		defer func() { m.r.found = m.found }() // also needed for a report after an error
	}
	if m.late {
		if err := m.followUp(); err != nil {
			return err
		}
		return m.checkDoubles()
	}
	// The walk gets room for the number of nodes that the program had last time.
	size := min(cap(m.w.Graph().Nodes), len(m.r.stored.Nodes))
	p.Grow(size)
	m.queue = make([]pair, 0, size)
	if err := m.fromRoot(); err != nil {
		return err
	}
	if err := m.checkDoubles(); err != nil {
		return err
	}
	if !m.r.opts.Load {
		return nil
	}
	if err := m.w.ExpandAll(); err != nil {
		return err
	}
	return m.complete()
}

// Commit implements [transfer.Planner].
func (m *matcher) Commit(ran bool) {
	if ran {
		m.noteZeros()
	}
	m.plan = nil // which may be collected
	m.r.found = m.found
	m.r.warning.set(&m.r.bound, m.r.unused)
	if ran && m.history != nil {
		m.history.Record(m.r.id, m.w.Graph().Nodes, func(n *object.Node) bool { return n.Reached })
	}
}

func (m *matcher) fromRoot() error {
	root := m.w.Graph().Root()
	m.bind(m.r.start, root)
	if err := m.drain(); err != nil {
		return err
	}
	// Objects that the Checkpoint attached to the root follow, one after another, after everything that the root itself leads to,
	// unless they were already visited (TrackableSaver.restore).
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
			if !m.bound.has(c.ID) {
				m.bind(c.ID, e.Node)
			}
			break
		}
	}
	return m.drain()
}

// followUp looks for objects for which values wait.
func (m *matcher) followUp() error {
	if err := m.w.ExpandAll(); err != nil {
		return err
	}
	for _, se := range m.r.waiting {
		parent := m.w.Graph().Lookup(m.bound.key(se.parent))
		if parent == nil {
			m.waiting = append(m.waiting, se)
			continue
		}
		if err := m.child(pair{se.parent, parent}, se.child); err != nil {
			return err
		}
	}
	return m.drain()
}

// drain visits the pairs of the queue, and binds slot variables, until nothing new is found.
func (m *matcher) drain() error {
	for {
		for ; m.next < len(m.queue); m.next++ {
			if err := m.visit(m.queue[m.next]); err != nil {
				return err
			}
		}
		if err := m.slots(); err != nil || m.next == len(m.queue) {
			return err
		}
	}
}

func (m *matcher) visit(p pair) error {
	if err := m.w.Expand(p.node); err != nil {
		return err
	}
	if !p.node.Reached && (m.history == nil || m.history.Precedes(m.r.id, p.node.Key())) {
		m.gather(p)
		p.node.Reached = true
	} else if m.repeats(p) {
		m.doubles = append(m.doubles, p)
	}
	if err := m.r.opts.Layouts.extend(p.stored, p.node.Obj); err != nil {
		return err
	}
	for i := range m.r.stored.Nodes[p.stored].Children {
		if err := m.child(p, i); err != nil {
			return err
		}
	}
	return nil
}

// child follows the i-th edge of a stored node that has a counterpart.
func (m *matcher) child(p pair, i int) error {
	c := m.r.stored.Nodes[p.stored].Children[i]
	b, taken := m.bound.of(c.ID)
	e := p.node.FindAt(c.Name, i)
	if taken && !m.late && !m.r.opts.Load && !(e != nil && e.Node == nil && e.Opt.Alloc) {
		return nil
	}
	if e != nil && (e.Attached && !m.late || e.Name != c.Name && m.r.hasChild(p.stored, e.Name)) {
		return nil // attached edges come after the root's own; a name has priority over an alias
	}
	if e != nil {
		e.Met = true
	}
	if e != nil && e.Node == nil && e.Opt.Alloc && (m.r.hasValues(c.ID) || m.demands(e)) {
		if err := m.r.opts.Layouts.extend(c.ID, e.From()); err != nil { // it may determine the length of a list
			return err
		}
		if err := m.alloc(p, e, c.ID, b, taken); err != nil {
			return err
		}
	}
	switch {
	case e == nil || e.Node == nil:
		if !taken && m.r.hasValues(c.ID) {
			m.waiting = append(m.waiting, storedEdge{p.stored, i})
		}
		if m.r.opts.Load {
			m.passed = append(m.passed, passed{p, i, e != nil})
		}
	case taken && b.key() != e.Node.Key() && m.r.opts.Load:
		if p := (pair{c.ID, e.Node}); !e.Node.Reached && !m.further[p] {
			if m.further == nil {
				m.further = make(map[pair]bool)
			}
			m.further[p] = true
			m.queue = append(m.queue, p)
			m.shared = append(m.shared, p)
		}
	case !m.bind(c.ID, e.Node):
		m.warnConflict(c.ID, e.Node)
	}
	return nil
}

// demands reports whether e holds a nil pointer and requires an object with values.
func (m *matcher) demands(e *object.Edge) bool {
	return m.r.opts.Load && !m.r.opts.Partial && e.Wanted && !e.Opt.Optional && e.From().Kind() == reflect.Pointer
}

// alloc allocates the object for a nil edge, or makes the edge share the object that was allocated for
// another edge.
func (m *matcher) alloc(p pair, e *object.Edge, stored int, b binding, taken bool) error {
	if e.Missing() == nil {
		return nil
	}
	var undo func()
	var err error
	made := madeFor{stored, e.From().Type()}
	if share := e.Missing().Share; taken && share != nil {
		if undo = share(b.obj); undo == nil && m.made[made].IsValid() {
			undo = share(m.made[made])
		}
	}
	further := undo == nil && taken && m.r.opts.Load // its type differs from that of the object with the values
	if undo == nil && (!taken || further) {
		undo, err = e.Missing().Alloc(children{m.r.stored, stored})
	}
	if undo == nil || err != nil {
		return err
	}
	m.plan.Undo(undo)
	e.Opt.Alloc = true // a slice of numbers is allocated when its length is known
	if err := m.w.Again(p.node, e); err != nil || !further || e.Node == nil {
		return err
	}
	if m.made == nil {
		m.made = make(map[madeFor]reflect.Value)
	}
	m.made[made] = e.Node.Obj // otherwise types that lead to each other in a stored ring would be allocated forever
	return nil
}

// warnConflict warns of a second object that claims the values of a stored node (CheckpointPosition.bind_object).
func (m *matcher) warnConflict(stored int, n *object.Node) {
	b, _ := m.bound.of(stored)
	m.r.opts.Logger.Warn(fmt.Sprintf("Inconsistent references when loading the checkpoint into this object graph: %s (%s) claims %s, which belongs to another object of type %v",
		n.Path(), n.GoPath(), m.r.prettyName(stored), b.key().Type), "checkpoint", m.r.path)
}

// slots binds the slot variables for which the optimizer and the original variable have counterparts.
func (m *matcher) slots() error {
	if m.r.opts.SkipSlots {
		return nil
	}
	for id := range m.r.stored.Nodes {
		for _, s := range m.r.stored.Nodes[id].Slots {
			if m.bound.has(s.Variable) {
				continue
			}
			owner, original := m.w.Graph().Lookup(m.bound.key(id)), m.w.Graph().Lookup(m.bound.key(s.Original))
			if owner == nil || original == nil {
				continue
			}
			n, err := m.w.MakeSlot(owner, s.Name, original)
			if err != nil {
				return err
			}
			if n != nil {
				m.bind(s.Variable, n)
			}
		}
	}
	return nil
}
