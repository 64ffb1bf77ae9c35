package match

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/internal/wording"
)

// At returns the stored node that a path of escaped edges leads to from the root.
func At(g *objectgraph.Graph, path string) (int, error) {
	at := 0
	if path == "" {
		return at, nil
	}
	for _, step := range strings.Split(path, "/") {
		name, err := objectgraph.Unescape(step)
		if err != nil {
			return 0, fmt.Errorf("ckpt: At(%q): %w", path, err)
		}
		i := slices.IndexFunc(g.Nodes[at].Children, func(c objectgraph.Child) bool { return c.Name == name })
		if i < 0 {
			return 0, &transfer.Mismatch{Problem: fmt.Sprintf("At(%q): no edge %q there", path, name),
				Hints: []string{"the object there has children: " + strings.Join(wording.First(children{g, at}.Names(), 20), ", ")}}
		}
		at = g.Nodes[at].Children[i].ID
	}
	return at, nil
}
