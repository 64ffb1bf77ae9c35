package byname

import (
	"fmt"
	"strings"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/internal/wording"
)

// complete checks what [RestoreOptions.Load] asks for.
func (m *matcher) complete(p *transfer.Plan) error {
	g, o := m.w.Graph(), m.r.opts
	if missing := g.Required(object.Requirement{Matched: withHolders(g, p.Targets()), NilSlices: true, Stored: func(*object.Node, *object.Edge) bool { return false }}); len(missing) > 0 && !o.Partial {
		e := &transfer.Mismatch{Problem: fmt.Sprintf("the checkpoint, which is name-based, lacks the names of %d of %d values of the model", len(missing), g.Leaves())}
		for _, n := range missing {
			e.Missing = append(e.Missing, o.Scope+n.GlobalName())
		}
		if e.Hints = m.near(p, e.Missing); len(e.Hints) > 0 {
			return e
		}
		e.Hints = []string{"the checkpoint has " + wording.Quote(m.unused(p, "", 10)) + "; the tag option fullname= says what a variable is called there"}
		return e
	}
	if len(m.found) == 0 && len(m.lookedUp) > 0 {
		return &transfer.Mismatch{Problem: "nothing of the checkpoint, which is name-based, belongs to the model; it has " + wording.Quote(m.unused(p, "", 10))}
	}
	if !o.Strict {
		return nil
	}
	if unused := m.unused(p, o.Scope, -1); len(unused) > 0 {
		return &transfer.Mismatch{Unused: unused, Problem: fmt.Sprintf("%d values of the checkpoint have no place in the model", len(unused))}
	}
	return nil
}

// The largest numbers of hints in one error, and of stored names that are compared for one.
const (
	maxHints    = 3
	maxCompared = 1 << 15
)

// near says which stored names the first missing ones are a slip of.
func (m *matcher) near(p *transfer.Plan, missing []string) (hints []string) {
	unused := m.unused(p, "", maxCompared)
	for _, name := range missing[:min(len(missing), 2*maxHints)] {
		if near := wording.Near(name, unused); len(near) > 0 && len(hints) < maxHints {
			hints = append(hints, fmt.Sprintf("for %s the checkpoint has %s: the tag option fullname= says what a variable is called there", name, wording.Quote(near)))
		}
	}
	return hints
}

// withHolders adds to matched every object that leads to one of its objects: in a name-based checkpoint an object is there if one of
// its values is.
func withHolders(g *object.Graph, matched map[object.Identity]bool) map[object.Identity]bool {
	holders := make(map[*object.Node][]*object.Node)
	var queue []*object.Node
	for _, n := range g.Nodes {
		if matched[n.Key] {
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
			if !matched[h.Key] {
				matched[h.Key] = true
				queue = append(queue, h)
			}
		}
	}
	return matched
}

// unused returns stored names that begin with scope and that no variable has, at most limit where that is not negative.
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

// Consumed, ExistingMatched and Nontrivial are one assertion: every variable of the program has a name in the checkpoint.
// Nothing is asserted of the checkpoint, since it does not say which of its values belong to objects (NameBasedSaverStatus).
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
		if r.seen[n.Key] {
			item.Key = n.GlobalName()
			tell(transfer.Restored, item)
		} else {
			tell(transfer.Missing, item)
		}
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
