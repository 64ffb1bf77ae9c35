package match

import (
	"fmt"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/wording"
)

// maxHints is the largest number of hints about single names in one error.
const maxHints = 3

// hints suggests stored edges for objects of the program g that have no counterpart.
func (r *Restoration) hints(g *object.Graph, f *found, unmatched []*object.Node) []string {
	byKey := make(map[object.Identity]int)
	for id, b := range f.bound.each() {
		byKey[b.key()] = id
	}
	var out []string
	if r.opts.Hint != "" {
		out = append(out, r.opts.Hint)
	}
	stored := newSuggester(func(id int) []string { return r.unboundChildren(f, id) })
	seen, left := make(map[*object.Node]bool), make(map[int]bool)
	for _, n := range unmatched {
		if len(out) == maxHints {
			break
		}
		for n.Parent != nil && !seen[n] { // the outermost object without a counterpart
			if _, ok := byKey[n.Parent.Key()]; ok {
				break
			}
			seen[n] = true
			n = n.Parent
		}
		if n.Parent == nil || seen[n] {
			continue
		}
		seen[n] = true
		id := byKey[n.Parent.Key()]
		if near := stored.near(n.Name, id); len(near) > 0 {
			out = append(out, fmt.Sprintf("for %s the checkpoint has %s: an alias in the tag would match it", place(n), wording.Quote(near)))
		} else if lacks := r.opts.Layouts.lacks(id, n.Name); lacks != "" {
			out = append(out, fmt.Sprintf("for %s the checkpoint has neither that name nor %s", place(n), lacks))
		} else if names := stored.beside(id); len(names) > 0 && !left[id] && f.bound.count > 1 {
			left[id] = true
			out = append(out, fmt.Sprintf("next to %s the checkpoint has %s, which match no field of the model", place(n), wording.Quote(wording.First(names, maxListed))))
		}
	}
	if level := r.level(g); level != "" {
		out = append(out, level)
	}
	if f.bound.count <= 1 {
		out = append(out, wording.RootChildren(r.RootChildren()))
	}
	return out
}

// maxListed is the largest number of names that a hint lists.
const maxListed = 8

// place returns the path of n in TensorFlow's and in Go's form.
func place(n *object.Node) string { return fmt.Sprintf("%s (%s)", n.Path(), n.GoPath()) }

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

// storedHints suggests edges of the program for stored values that have no object.
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
	program := newSuggester(func(id int) (names []string) {
		for i := range g.Nodes[id].Edges {
			names = append(names, g.Nodes[id].Edges[i].Name)
		}
		return names
	})
	seen := make(map[int]bool)
	for _, id := range unresolved {
		if len(out) == maxHints {
			break
		}
		for !seen[id] && !r.bound.has(from[id]) { // the outermost object that found nothing
			seen[id] = true
			id = from[id]
		}
		n := g.Lookup(r.bound.key(from[id]))
		if n == nil || seen[id] {
			continue
		}
		seen[id] = true
		if near := program.near(edges[id].Name, n.ID); len(near) > 0 {
			out = append(out, fmt.Sprintf("for %s the model has %s in %s", r.userPath(id), wording.Quote(near), describeObject(n)))
		}
	}
	return out
}

// describeObject returns the Go path of n with its type.
func describeObject(n *object.Node) string {
	switch {
	case n.Parent == nil && n.Key().Type.Name() == "":
		return "the model"
	case n.Parent == nil:
		return n.Key().Type.String()
	case n.Key().Type.Name() == "":
		return n.GoPath()
	}
	return fmt.Sprintf("%s (%v)", n.GoPath(), n.Key().Type)
}

// fieldOf returns the Go path of a field of n.
func fieldOf(n *object.Node, step string) string {
	if n.Parent == nil {
		return strings.TrimPrefix(step, ".")
	}
	return n.GoPath() + step
}
