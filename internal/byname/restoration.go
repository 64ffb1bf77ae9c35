package byname

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/transfer"
)

// RestoreOptions are the options of a restoration.
type RestoreOptions struct {
	SkipSlots bool                  // leaves the slot variables of optimizers out of the assertions
	Exempt    func(object any) bool // reports objects that need not be found

	// Load requires a complete model: the checkpoint must have the name of every value of the program.
	Load    bool
	Partial bool   // with Load: names may be missing
	Strict  bool   // with Load: no stored name may be left over
	Scope   string // with Load: the prefix of every name

	// IgnoreUnknown, with Load, ignores names in the scope of an object that has no value for them. Ignores reports names that the
	// object's type does not need, which are also ignored.
	IgnoreUnknown bool
	Ignores       func(object reflect.Value, name string) bool
}

// A Restoration is one restore of a checkpoint without an object graph. Variables that are attached later are looked up when
// they appear.
type Restoration struct {
	id   uint64 // later restores have larger ids
	opts RestoreOptions
	// seen has the variables that were looked up, and whether the checkpoint has their names.
	seen map[object.Identity]bool
	// keys and unused, with Load, are the keys of found values and the keys without a variable.
	keys   map[object.Identity]string
	unused []string
	keep   []kept // keeps the addresses in seen alive
}

// A kept object was looked up under a name.
type kept struct {
	obj  reflect.Value
	name string
}

// New returns a restoration.
func New(id uint64, o RestoreOptions) *Restoration {
	if o.Scope != "" {
		o.Scope = strings.TrimSuffix(o.Scope, "/") + "/"
	}
	return &Restoration{id: id, opts: o, seen: make(map[object.Identity]bool)}
}

// Match returns a planner that looks up every variable of the program. h may be nil.
func (r *Restoration) Match(w object.Walk, h *transfer.History) transfer.Planner {
	return &matcher{r: r, w: w, history: h}
}

// FollowUp returns a planner that looks up the variables that are new.
func (r *Restoration) FollowUp(w object.Walk, h *transfer.History) transfer.Planner {
	return &matcher{r: r, w: w, history: h, seen: r.seen}
}

// fewForgotten is the number of variables beyond those of the program that a Restoration may remember.
const fewForgotten = 1024

// Forget drops the variables that g, the whole program, no longer has, if there are many.
func (r *Restoration) Forget(g *object.Graph) {
	if len(r.seen) < 2*len(g.Nodes)+fewForgotten {
		return
	}
	r.keep = nil
	for key := range r.seen {
		if n := g.Lookup(key); n != nil {
			r.keep = append(r.keep, kept{n.Obj, r.name(n)})
		} else {
			delete(r.seen, key)
			delete(r.keys, key)
		}
	}
}

// Waits reports whether variables that are attached later will be looked up: always.
func (r *Restoration) Waits() bool { return true }

// CanFollowUp reports whether g has a variable that was not looked up.
func (r *Restoration) CanFollowUp(g *object.Graph) bool {
	return slices.ContainsFunc(g.Nodes, func(n *object.Node) bool { _, seen := r.seen[n.Key()]; return len(n.Values) > 0 && !seen })
}

// A matcher looks up the variables of one walk. It implements [transfer.Planner].
type matcher struct {
	r       *Restoration
	w       object.Walk
	history *transfer.History
	seen    map[object.Identity]bool // not looked up again

	lookedUp []*object.Node
	found    []*object.Node        // of lookedUp
	reached  []*object.Node        // of found: the values go to them
	moved    map[*object.Node]bool // already have their values, from their earlier address
	names    map[string]bool
	keys     map[object.Identity]string // of found
}

// Plan implements [transfer.Planner].
func (m *matcher) Plan(p *transfer.Plan) error {
	err := m.w.ExpandAll()
	if err == nil && !m.r.opts.Load {
		err = m.w.AddSlots()
	}
	if err != nil {
		return err
	}
	m.names, m.keys = make(map[string]bool), make(map[object.Identity]string)
	m.findMoved()
	for _, n := range m.w.Graph().Nodes {
		if _, seen := m.seen[n.Key()]; seen || len(n.Values) != 1 || m.moved[n] {
			continue
		}
		name := m.r.name(n)
		_, ok, err := p.Reader().Lookup(name)
		if err != nil {
			return fmt.Errorf("ckpt: %w", err)
		}
		m.lookedUp = append(m.lookedUp, n)
		if !ok {
			continue
		}
		m.found = append(m.found, n)
		m.names[name], m.keys[n.Key()] = true, name
		if m.history == nil || m.history.Precedes(m.r.id, n.Key()) {
			p.Assign(n, &n.Values[0], name, nil)
			m.reached = append(m.reached, n)
		}
	}
	if m.r.opts.Load {
		m.r.unused = m.unused(p, "", -1)
		m.note() // a report needs it even if the load fails
		return m.complete(p)
	}
	return nil
}

// note stores the results.
func (m *matcher) note() {
	for _, n := range m.lookedUp {
		m.r.seen[n.Key()] = false
		m.r.keep = append(m.r.keep, kept{n.Obj, m.r.name(n)})
	}
	for _, n := range m.found {
		m.r.seen[n.Key()] = true
	}
	for n := range m.moved {
		m.r.seen[n.Key()] = true
		m.r.keep = append(m.r.keep, kept{n.Obj, m.r.name(n)})
	}
	m.r.keys = m.keys
}

// Commit implements [transfer.Planner]. If only the check ran, nothing is stored, so every variable is looked up again.
func (m *matcher) Commit(ran bool) {
	if !ran {
		return
	}
	m.note()
	if m.history != nil {
		m.history.Record(m.r.id, m.reached, func(*object.Node) bool { return true })
	}
}
