package match

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
)

// maxLevels is the depth below the start at which level looks for the model.
const maxLevels = 6

// level returns a hint if a level is missing on one side: the root of the program g has the names of another stored object than
// the one that it was matched with. It returns "" if the matched object fits best.
func (r *Restoration) level(g *object.Graph) string {
	edges := make(map[string]int)
	for i, e := range g.Root().Edges {
		edges[e.Name] = i
		for _, alias := range e.Aliases() {
			edges[alias] = i
		}
	}
	if id := r.best(edges, len(g.Root().Edges)); id >= 0 {
		names, _ := r.stored.Paths().Edges(id)
		for i := range names {
			names[i] = objectgraph.Escape(names[i])
		}
		path := strings.Join(names, "/")
		return fmt.Sprintf("the checkpoint has the names of the model's fields in %q: At(%[1]q) starts there", path)
	}
	names := make(map[string]bool)
	for _, c := range r.stored.Nodes[r.start].Children {
		names[c.Name] = true
	}
	here := count(g.Root(), names)
	for _, e := range g.Root().Edges {
		if e.Node != nil && !names[e.Name] && count(e.Node, names) > max(here, 1) {
			return fmt.Sprintf("the checkpoint has the names of the fields of %s without a level above them: load into that field", e.Node.GoPath())
		}
	}
	return ""
}

// count returns the number of edges of n that are among the names.
func count(n *object.Node, names map[string]bool) int {
	found := 0
	for i := range n.Edges {
		if names[n.Edges[i].Name] || slices.ContainsFunc(n.Edges[i].Aliases(), func(a string) bool { return names[a] }) {
			found++
		}
	}
	return found
}

// best returns the stored node below the start that has more of the edges of the program's root than any other, and more than half
// of them. It returns -1 if the start has as many.
func (r *Restoration) best(edges map[string]int, all int) int {
	best, most := -1, 0
	seen := map[int]bool{r.start: true}
	for level, depth := []int{r.start}, 0; depth <= maxLevels && len(level) > 0; depth++ {
		var next []int
		for _, id := range level {
			has := make(map[int]bool)
			for _, c := range r.stored.Nodes[id].Children {
				if e, ok := edges[c.Name]; ok && r.hasValues(c.ID) {
					has[e] = true
				}
				if !seen[c.ID] {
					seen[c.ID] = true
					next = append(next, c.ID)
				}
			}
			if id == r.start {
				most = len(has)
			} else if len(has) > most && 2*len(has) > all {
				best, most = id, len(has)
			}
		}
		level = next
	}
	return best
}
