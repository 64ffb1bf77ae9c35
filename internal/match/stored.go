package match

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/internal/wording"
)

// At returns the stored node to which a path of edges leads from the root. Edges are joined by slashes, each escaped, or by dots
// if their names contain neither.
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
	e := &transfer.Mismatch{Problem: fmt.Sprintf("At(%q): the checkpoint has no edge %q there", path, name)}
	if near := wording.Near(name, names); len(near) > 0 {
		e.Hints = append(e.Hints, "the object there has "+wording.Quote(near))
	}
	e.Hints = append(e.Hints, "the object there has children: "+strings.Join(wording.First(names, 20), ", "))
	return e
}

// children implements [object.Children].
type children struct {
	g  *objectgraph.Graph
	id int
}

func (c children) Names() []string {
	var names []string
	named := make(map[int]bool)
	for _, child := range c.g.Nodes[c.id].Children {
		if !c.g.Aliased || !named[child.ID] {
			names = append(names, child.Name)
		}
		named[child.ID] = true
	}
	return names
}

// ListLen returns one more than the largest index. It limits the result, because real lists are not very sparse.
func (c children) ListLen() int {
	n := 0
	for _, child := range c.g.Nodes[c.id].Children {
		i, err := strconv.Atoi(child.Name)
		if err == nil && i >= n && strconv.Itoa(i) == child.Name && i < 1024+64*len(c.g.Nodes[c.id].Children) {
			n = i + 1
		}
	}
	return n
}

// fewChildren is the largest number of children that are searched one by one.
const fewChildren = 16

// nameIndexes are the indexes of stored nodes with many children.
type nameIndexes map[int]*nameIndex

// A nameIndex has the first count children of a stored node by their names.
type nameIndex struct {
	ids   map[string]int
	count int
}

// child returns the first child of a node of g that is called name.
func (x *nameIndexes) child(g *objectgraph.Graph, node int, name string) (id int, ok bool) {
	children := g.Nodes[node].Children
	if len(children) <= fewChildren {
		for i := range children {
			if children[i].Name == name {
				return children[i].ID, true
			}
		}
		return 0, false
	}
	of := (*x)[node]
	if of == nil {
		of = &nameIndex{ids: make(map[string]int, len(children))}
		if *x == nil {
			*x = make(nameIndexes)
		}
		(*x)[node] = of
	}
	for ; of.count < len(children); of.count++ { // layouts add children
		if c := children[of.count]; of.ids[c.Name] == 0 {
			of.ids[c.Name] = c.ID + 1
		}
	}
	id = of.ids[name]
	return id - 1, id > 0
}
