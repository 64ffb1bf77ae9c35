package match

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/internal/wording"
)

// At returns the stored node that a path of edges leads to from the root. Edges are joined by slashes, each escaped, or by dots where their
// names contain neither.
func At(g *objectgraph.Graph, path string) (int, error) {
	at := 0
	if path == "" {
		return at, nil
	}
	for _, step := range strings.Split(path, "/") {
		name, err := objectgraph.Unescape(step)
		if err == nil {
			if id, ok := childOf(g, at, name); ok {
				at = id
				continue
			}
		}
		names := []string{name}
		if strings.Contains(step, ".") {
			names = strings.Split(step, ".")
		}
		for _, name := range names {
			id, ok := childOf(g, at, name)
			if !ok {
				return 0, noEdge(g, at, path, name)
			}
			at = id
		}
	}
	return at, nil
}

func childOf(g *objectgraph.Graph, at int, name string) (int, bool) {
	i := slices.IndexFunc(g.Nodes[at].Children, func(c objectgraph.Child) bool { return c.Name == name })
	if i < 0 {
		return 0, false
	}
	return g.Nodes[at].Children[i].ID, true
}

func noEdge(g *objectgraph.Graph, at int, path, name string) error {
	names := children{g, at}.Names()
	e := &transfer.Mismatch{Problem: fmt.Sprintf("At(%q): no edge %q there", path, name)}
	if near := wording.Near(name, names); len(near) > 0 {
		e.Hints = append(e.Hints, "the object there has "+wording.Quote(near))
	}
	e.Hints = append(e.Hints, "the object there has children: "+strings.Join(wording.First(names, 20), ", "))
	return e
}
