package match

import (
	"reflect"
	"slices"

	"github.com/gockpt/ckpt/internal/object"
)

// unmatched returns the leaves and objects of the program without a stored node, except optional ones.
func (r *Restoration) unmatched(g *object.Graph) []*object.Node {
	matched := make(map[object.Identity]bool, r.bound.count)
	for _, b := range r.bound.each() {
		matched[b.key()] = true
	}
	return r.required(g, matched)
}

// storedEdges returns a function that reports whether the checkpoint has an edge, under its name or an alias.
func (r *Restoration) storedEdges(f *found) func(*object.Node, *object.Edge) bool {
	byKey := make(map[object.Identity][]int, f.bound.count)
	for id, b := range f.bound.each() {
		byKey[b.key()] = append(byKey[b.key()], id)
	}
	return func(n *object.Node, e *object.Edge) bool {
		// The object of a pointer has values; otherwise it would have been allocated.
		needsValues := r.opts.Load && e.From().Kind() == reflect.Pointer
		return slices.ContainsFunc(byKey[n.Key()], func(id int) bool {
			has := func(name string) bool {
				c, ok := r.child(id, name)
				return ok && (!needsValues || r.hasValues(c))
			}
			return has(e.Name) || slices.ContainsFunc(e.Aliases(), has)
		})
	}
}

// unresolved returns the stored nodes with values that have no counterpart in f.
func (r *Restoration) unresolved(f *found) []int {
	slots := make(map[int]bool)
	if r.opts.SkipSlots {
		for _, n := range r.stored.Nodes {
			for _, s := range n.Slots {
				slots[s.Variable] = true
			}
		}
	}
	var out []int
	for id := range r.stored.Nodes {
		if len(r.stored.Nodes[id].Attributes) > 0 && !slots[id] && !f.bound.has(id) && !r.opts.Layouts.used(id) {
			out = append(out, id)
		}
	}
	return out
}

// unresolvedBelow returns the unresolved nodes below start, without the save counter, which is not part of a model.
func (r *Restoration) unresolvedBelow(f *found, start int) []int {
	below := map[int]bool{start: true}
	queue := []int{start}
	visit := func(id int) {
		if !below[id] {
			below[id] = true
			queue = append(queue, id)
		}
	}
	for len(queue) > 0 {
		n := &r.stored.Nodes[queue[0]]
		atRoot := queue[0] == 0
		queue = queue[1:]
		for _, c := range n.Children {
			if !(atRoot && c.Name == object.SaveCounter) {
				visit(c.ID)
			}
		}
		for _, s := range n.Slots {
			if !r.opts.SkipSlots {
				visit(s.Variable)
			}
		}
	}
	return slices.DeleteFunc(r.unresolved(f), func(id int) bool { return !below[id] })
}
