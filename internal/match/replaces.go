package match

import (
	"slices"

	"github.com/gockpt/ckpt/format/objectgraph"
)

// Replaces reports whether r, a later restore of the same program, has a value for everything that old has one for: then old is no
// longer needed for objects that are attached later.
func (r *Restoration) Replaces(old *Restoration) bool {
	if r.opts.SkipSlots && !old.opts.SkipSlots {
		return false
	}
	p := pairing{old: old.stored, of: make([]int, len(old.stored.Nodes)), later: r.stored}
	for i := range p.of {
		p.of[i] = -1
	}
	p.pair(old.start, r.start)
	for len(p.queue) > 0 && !p.failed {
		id := p.queue[0]
		p.queue = p.queue[1:]
		p.node(&p.old.Nodes[id], &p.later.Nodes[p.of[id]])
	}
	for id := range p.old.Nodes {
		if !p.failed && p.of[id] >= 0 {
			p.slots(&p.old.Nodes[id], &p.later.Nodes[p.of[id]])
		}
	}
	return !p.failed
}

// A pairing has the node of a later checkpoint that corresponds to each node of an older one.
type pairing struct {
	old, later *objectgraph.Graph
	of         []int // -1: none yet
	queue      []int
	failed     bool
}

func (p *pairing) pair(old, later int) {
	switch p.of[old] {
	case -1:
		p.of[old] = later
		p.queue = append(p.queue, old)
	case later:
	default:
		p.failed = true
	}
}

func (p *pairing) node(old, later *objectgraph.Node) {
	if old.Saver != nil && (later.Saver == nil || later.Saver.Name != old.Saver.Name) {
		p.failed = true
		return
	}
	for _, a := range old.Attributes {
		if !slices.ContainsFunc(later.Attributes, func(b objectgraph.Attribute) bool { return b.Name == a.Name }) {
			p.failed = true
			return
		}
	}
	var ids map[string]int // nearly always the same children in the same order
	for i, c := range old.Children {
		if i < len(later.Children) && later.Children[i].Name == c.Name {
			p.pair(c.ID, later.Children[i].ID)
			continue
		}
		if ids == nil {
			ids = make(map[string]int, len(later.Children))
			for _, d := range later.Children {
				ids[d.Name] = d.ID
			}
		}
		id, ok := ids[c.Name]
		if !ok {
			p.failed = true
			return
		}
		p.pair(c.ID, id)
	}
}

// slots compares the slot variables of an optimizer. Their variables were paired before.
func (p *pairing) slots(old, later *objectgraph.Node) {
	if len(old.Slots) == 0 {
		return
	}
	type slot struct {
		original int
		name     string
	}
	has := make(map[slot]bool, len(later.Slots))
	for _, s := range later.Slots {
		has[slot{s.Original, s.Name}] = true
	}
	for _, s := range old.Slots {
		if !has[slot{p.of[s.Original], s.Name}] {
			p.failed = true
			return
		}
	}
}
