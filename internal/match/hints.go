package match

import (
	"fmt"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/wording"
)

// maxHints is the largest number of hints about single names in one error.
const maxHints = 3

// hints says, for objects that found nothing, which stored edges beside them were probably meant.
func (r *Restoration) hints(f *found, unmatched []*object.Node) []string {
	byKey := make(map[object.Identity]int)
	for id, b := range f.bound.each() {
		byKey[b.key] = id
	}
	var out []string
	for _, n := range unmatched {
		if n.Parent == nil || len(out) == maxHints {
			continue
		}
		id, ok := byKey[n.Parent.Key]
		if !ok {
			continue
		}
		if near := wording.Near(n.Name, r.unboundChildren(f, id)); len(near) > 0 {
			out = append(out, fmt.Sprintf("for %s the checkpoint has %s: an alias in the tag would match it", n.Path(), wording.Quote(near)))
		}
	}
	if f.bound.count <= 1 {
		out = append(out, wording.RootChildren(r.RootChildren()))
	}
	return out
}

// unboundChildren returns the names of the children with values that have no counterpart.
func (r *Restoration) unboundChildren(f *found, id int) []string {
	var names []string
	for _, c := range r.stored.Nodes[id].Children {
		if !f.bound.has(c.ID) && r.hasValues(c.ID) {
			names = append(names, c.Name)
		}
	}
	return names
}

// storedHints says, for stored values that found no object, which edges the program has beside them.
func (r *Restoration) storedHints(g *object.Graph, unresolved []int) []string {
	edges := make(map[int]objectgraph.Child) // the first edge that leads to each stored node
	from := make(map[int]int)                // and the node that it leads from
	for id := range r.stored.Nodes {
		for _, c := range r.stored.Nodes[id].Children {
			if _, seen := from[c.ID]; !seen {
				from[c.ID], edges[c.ID] = id, c
			}
		}
	}
	var out []string
	for _, id := range unresolved {
		n := g.ByKey[r.bound.key(from[id])]
		if n == nil || len(out) == maxHints {
			continue
		}
		var names []string
		for i := range n.Edges {
			names = append(names, n.Edges[i].Name)
		}
		if near := wording.Near(edges[id].Name, names); len(near) > 0 {
			out = append(out, fmt.Sprintf("for %s the model has %s", r.userPath(id), wording.Quote(near)))
		}
	}
	return out
}
