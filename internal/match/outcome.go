package match

import (
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/transfer"
)

// Outcomes calls tell with the outcome of every value of the checkpoint and of the program g.
func (r *Restoration) Outcomes(g *object.Graph, tell func(transfer.Outcome, transfer.Item)) {
	waiting := r.waitingNodes()
	matched := make(map[object.Identity]bool)
	for id := range r.stored.Nodes {
		n := &r.stored.Nodes[id]
		b, bound := r.bound.of(id)
		matched[b.key()] = matched[b.key()] || bound && (len(n.Attributes) > 0 && r.unused[id] == nil || n.Saver != nil)
		if len(n.Attributes) == 0 && !bound {
			continue
		}
		var item transfer.Item
		if at := g.Lookup(b.key()); bound && at != nil {
			matched[b.key()] = matched[b.key()] || at.Group && at.Saver() == nil
			if len(n.Attributes) > 0 || len(at.Values) > 0 {
				item.Path, item.GoPath = at.Path(), at.GoPath()
			}
			if len(at.Values) > 0 && len(n.Attributes) == 0 {
				matched[b.key()] = true // not also missing
				tell(transfer.Mismatched, item)
			}
		} else if len(n.Attributes) > 0 {
			item.Path = r.userPath(id)
		}
		if r.doubled[id] { // the object's path is that of the values it took
			item = transfer.Item{Path: r.userPath(id)}
		}
		for _, a := range n.Attributes {
			item.Key = a.Key
			switch {
			case r.doubled[id]:
				tell(transfer.Unused, item)
			case bound && r.unused[id] != nil:
				tell(transfer.Mismatched, item)
			case bound:
				tell(transfer.Restored, item)
			case r.opts.Layouts.used(id): // the value made from it is reported
			case waiting[id] && !r.opts.Load:
				tell(transfer.Waiting, item)
			default:
				tell(transfer.Unused, item)
			}
		}
	}
	for _, p := range r.shared {
		matched[p.node.Key()] = true
		item := transfer.Item{Path: p.node.Path(), GoPath: p.node.GoPath()}
		switch a := r.stored.Nodes[p.stored].Attributes; {
		case len(a) > 0 && len(p.node.Values) > 0:
			item.Key = a[0].Key
			tell(transfer.Restored, item)
		case len(a) > 0 || len(p.node.Values) > 0:
			tell(transfer.Mismatched, item)
		}
	}
	for _, n := range r.required(g, matched) {
		tell(transfer.Missing, transfer.Item{Path: n.Path(), GoPath: n.GoPath()})
	}
}

// waitingNodes returns the stored nodes that waiting edges lead to and that have no counterpart.
func (r *Restoration) waitingNodes() map[int]bool {
	waiting := make(map[int]bool)
	var queue []int
	for _, se := range r.waiting {
		queue = append(queue, r.stored.Nodes[se.parent].Children[se.child].ID)
	}
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		if r.bound.has(id) || waiting[id] {
			continue
		}
		waiting[id] = true
		for _, c := range r.stored.Nodes[id].Children {
			queue = append(queue, c.ID)
		}
	}
	return waiting
}
