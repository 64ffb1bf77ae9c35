package byname

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/internal/wording"
	"github.com/gockpt/ckpt/tensor"
)

// complete checks the requirements of [RestoreOptions.Load].
func (m *matcher) complete(p *transfer.Plan) error {
	g, o := m.w.Graph(), m.r.opts
	if missing := g.Required(object.Requirement{Matched: withHolders(g, p.Targets()), Stored: func(*object.Node, *object.Edge) bool { return false }}); len(missing) > 0 && !o.Partial {
		e := &transfer.Mismatch{Problem: fmt.Sprintf("the checkpoint, which is name-based, lacks the names of %d of %d values of the model", len(missing), g.Leaves())}
		for _, n := range missing {
			e.Missing = append(e.Missing, o.Scope+n.GlobalName())
		}
		if e.Hints = m.near(p, e.Missing); len(e.Hints) > 0 {
			return e
		}
		e.Hints = []string{"the checkpoint has " + wording.Quote(m.unused(p, "", 10)) + "; use the tag option fullname= to set the name of a variable in the checkpoint"}
		return e
	}
	unknown, err := m.unknown(p)
	if err != nil {
		return err
	}
	if len(m.found) == 0 && len(m.lookedUp) > 0 {
		return &transfer.Mismatch{Problem: "no value of the name-based checkpoint matches the model; the checkpoint has " + wording.Quote(m.unused(p, "", 10))}
	}
	if unused := m.unused(p, o.Scope, -1); o.Strict && len(unused) > 0 {
		return &transfer.Mismatch{Unused: unused, Problem: fmt.Sprintf("the model has no fields for %d values of the checkpoint", len(unused))}
	}
	if len(unknown) > 0 {
		return &transfer.Mismatch{Unused: unknown,
			Problem: fmt.Sprintf("%d values of the checkpoint are in the scopes of objects of the model that have no fields for them", len(unknown)),
			Hints:   []string{"declare fields with the tag option fullname=, or with the tag `ckpt:\"-\"` if they are not needed", "IgnoreUnknown() loads without them"},
		}
	}
	return nil
}

// unknown returns the stored names in the scope of an object's values that the object does not have. Names without a scope do not
// belong to an object, and scalar integers are counters.
func (m *matcher) unknown(p *transfer.Plan) (names []string, err error) {
	if m.r.opts.IgnoreUnknown {
		return nil, nil
	}
	owners := make(map[string]*object.Node)
	for _, n := range m.found {
		if scope, _, ok := cutName(m.keys[n.Key()]); ok && n.Parent != nil && n.Parent.Obj.Kind() == reflect.Struct {
			owners[scope] = n.Parent
		}
	}
	for _, key := range m.r.unused {
		scope, name, ok := cutName(key)
		owner := owners[scope]
		if !ok || owner == nil || m.r.opts.Ignores != nil && m.r.opts.Ignores(owner.Obj, name) {
			continue
		}
		e, _, err := p.Reader().Lookup(key)
		if err != nil {
			return nil, fmt.Errorf("ckpt: %w", err)
		}
		if len(e.Shape) > 0 || e.DType != tensor.DTInt64 && e.DType != tensor.DTInt32 {
			names = append(names, key)
		}
	}
	return names, nil
}

// cutName cuts a name at its last slash.
func cutName(name string) (scope, last string, ok bool) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}

// The largest numbers of hints in one error, and of stored names that are compared for one.
const (
	maxHints    = 3
	maxCompared = 1 << 15
)

// near returns hints about stored names that are similar to the first missing ones.
func (m *matcher) near(p *transfer.Plan, missing []string) (hints []string) {
	unused := m.unused(p, "", maxCompared)
	for _, name := range missing[:min(len(missing), 2*maxHints)] {
		if near := wording.Near(name, unused); len(near) > 0 && len(hints) < maxHints {
			hints = append(hints, fmt.Sprintf("for %s the checkpoint has %s: use the tag option fullname= to set the name", name, wording.Quote(near)))
		}
	}
	return hints
}

// withHolders adds to matched every object that leads to one of its objects: a name-based checkpoint has an object if it has one
// of its values.
func withHolders(g *object.Graph, matched map[object.Identity]bool) map[object.Identity]bool {
	holders := make(map[*object.Node][]*object.Node)
	var queue []*object.Node
	for _, n := range g.Nodes {
		if matched[n.Key()] {
			queue = append(queue, n)
		}
		for i := range n.Edges {
			if e := &n.Edges[i]; e.Node != nil {
				holders[e.Node] = append(holders[e.Node], n)
			}
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		for _, h := range holders[queue[0]] {
			if !matched[h.Key()] {
				matched[h.Key()] = true
				queue = append(queue, h)
			}
		}
	}
	return matched
}

// unused returns stored names that begin with scope and that no variable has, at most limit if limit is not
// negative.
func (m *matcher) unused(p *transfer.Plan, scope string, limit int) []string {
	var names []string
	for entry, err := range p.Reader().All() {
		if len(names) == limit {
			break
		}
		if err == nil && !m.names[entry.Key] && strings.HasPrefix(entry.Key, scope) {
			names = append(names, entry.Key)
		}
	}
	return names
}

// Consumed, ExistingMatched and Nontrivial are one assertion: every variable of the program has a name in the checkpoint. They do
// not check the checkpoint's values, because it does not say which of them belong to objects (NameBasedSaverStatus).
func (r *Restoration) Consumed(g *object.Graph, _ *transfer.History) *transfer.Mismatch {
	var missing []string
	for _, n := range g.Required(object.Requirement{Matched: r.seen, SkipSlots: r.opts.SkipSlots}) {
		if !n.Obj.CanAddr() || !r.opts.Exempt(n.Obj.Addr().Interface()) {
			missing = append(missing, n.Path())
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return &transfer.Mismatch{Missing: missing,
		Problem: fmt.Sprintf("Some objects had attributes which were not restored: the checkpoint lacks the names of %d values", len(missing))}
}

// ExistingMatched is [Restoration.Consumed].
func (r *Restoration) ExistingMatched(g *object.Graph, h *transfer.History) *transfer.Mismatch {
	return r.Consumed(g, h)
}

// Nontrivial is [Restoration.Consumed].
func (r *Restoration) Nontrivial(g *object.Graph, h *transfer.History) *transfer.Mismatch {
	return r.Consumed(g, h)
}

// Outcomes calls tell for every variable of the program g.
func (r *Restoration) Outcomes(g *object.Graph, tell func(transfer.Outcome, transfer.Item)) {
	for _, n := range g.Nodes {
		if len(n.Values) == 0 {
			continue
		}
		item := transfer.Item{Path: n.Path(), GoPath: n.GoPath()}
		if r.seen[n.Key()] {
			if item.Key = n.GlobalName(); r.keys != nil {
				item.Key = r.keys[n.Key()]
			}
			tell(transfer.Restored, item)
		} else {
			tell(transfer.Missing, item)
		}
	}
	for _, key := range r.unused {
		tell(transfer.Unused, transfer.Item{Path: key, Key: key})
	}
}

// RootChildren returns nil: the checkpoint has no objects.
func (r *Restoration) RootChildren() []string { return nil }

// Children returns nil: the checkpoint has no objects.
func (r *Restoration) Children() object.Children { return nil }

// Warning reports that nothing is logged about names that were not found.
func (r *Restoration) Warning() (log func(), due bool) { return func() {}, false }

// Silence does nothing: see [Restoration.Warning].
func (r *Restoration) Silence() {}
