package match

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
)

// A Renaming changes the paths of stored values. Edges in a path are joined by dots.
type Renaming struct {
	old, new string
	pattern  *regexp.Regexp // nil: old is the beginning of a path
}

// NewRenaming returns the renaming of old to new. If old has a special character of regular expressions, such as ^, * or \, it is
// a regular expression, and new may refer to its groups as $1. Otherwise it is the beginning of a path: "bert.encoder" or
// "bert/encoder".
func NewRenaming(old, new string) (Renaming, error) {
	if strings.ContainsAny(old, `^$*+?()[]{}|\`) {
		p, err := regexp.Compile(old)
		if err != nil {
			return Renaming{}, fmt.Errorf("ckpt: Rename(%q): %w", old, err)
		}
		return Renaming{old: old, new: new, pattern: p}, nil
	}
	trim := func(s string) string { return strings.Trim(strings.ReplaceAll(s, "/", "."), ".") }
	return Renaming{old: trim(old), new: trim(new)}, nil
}

// Apply returns the renamed path, and whether the renaming matched it.
func (r *Renaming) Apply(path string) (string, bool) {
	if r.pattern != nil {
		if !r.pattern.MatchString(path) {
			return path, false
		}
		return r.pattern.ReplaceAllString(path, r.new), true
	}
	rest, ok := strings.CutPrefix(path, r.old)
	switch {
	case !ok || r.old != "" && rest != "" && rest[0] != '.':
		return path, false
	case r.old == "":
		rest = "." + rest
	}
	return strings.Trim(r.new+rest, "."), true
}

// maxRenamedPaths limits the total length of the paths of all values, because in a deep graph paths are longer than the graph.
const maxRenamedPaths = 256 << 20

// Rename returns a graph of g's values under the paths that the renamings give them, one after another. A value that several edges
// lead to keeps all of its names. It is an error if a renaming matches nothing, or if two values get the same path.
func Rename(g *objectgraph.Graph, renamings []Renaming) (*objectgraph.Graph, error) {
	if g.Aliased {
		return renameAliased(g, renamings)
	}
	b := newTreeBuilder()
	matched := make([]bool, len(renamings))
	paths, bytes := g.Paths(), 0
	for id := range g.Nodes {
		prefix, ok := paths.Edges(id)
		if !ok {
			continue
		}
		for _, c := range g.Nodes[id].Children {
			n := &g.Nodes[c.ID]
			if len(n.Attributes) == 0 && n.Saver == nil {
				continue
			}
			steps := append(slices.Clone(prefix), c.Name)
			path := strings.Join(steps, ".")
			if bytes += len(path); bytes > maxRenamedPaths {
				return nil, fmt.Errorf("ckpt: Rename: the paths of all values have more than %d bytes", maxRenamedPaths)
			}
			was := path
			for i := range renamings {
				var ok bool
				if path, ok = renamings[i].Apply(path); ok {
					matched[i] = true
				}
			}
			if path != was { // an unchanged name keeps its dots
				steps = strings.Split(path, ".")
			}
			if !b.put(steps, c.ID, n) {
				return nil, fmt.Errorf("ckpt: Rename: %s would have the path %s, which another value has", was, path)
			}
		}
	}
	if i := slices.Index(matched, false); i >= 0 {
		return nil, noSuchPath(&renamings[i])
	}
	return b.graph, nil
}

// A treeBuilder makes a graph of values and their paths.
type treeBuilder struct {
	graph *objectgraph.Graph
	edges map[treeEdge]int
	value map[int]int // nodes of values that have one already, by their old numbers
}

type treeEdge struct {
	from int
	name string
}

func newTreeBuilder() *treeBuilder {
	return &treeBuilder{&objectgraph.Graph{Nodes: make([]objectgraph.Node, 1)}, make(map[treeEdge]int), make(map[int]int)}
}

// put adds the value that was node id at a path. It returns false if another value has the path. A value can have values below it.
func (b *treeBuilder) put(steps []string, id int, n *objectgraph.Node) bool {
	at := 0
	for _, name := range steps[:len(steps)-1] {
		at = b.child(at, name)
	}
	last := treeEdge{at, steps[len(steps)-1]}
	have, shared := b.value[id]
	switch to, taken := b.edges[last]; {
	case taken && shared:
		return to == have
	case taken && b.hasValue(to):
		return false
	case !taken && shared:
		b.edges[last] = have
		b.graph.Nodes[at].Children = append(b.graph.Nodes[at].Children, objectgraph.Child{Name: last.name, ID: have})
		return true
	}
	to := b.child(at, last.name)
	b.graph.Nodes[to].Attributes, b.graph.Nodes[to].Saver = n.Attributes, n.Saver
	b.value[id] = to
	return true
}

func (b *treeBuilder) hasValue(id int) bool {
	n := &b.graph.Nodes[id]
	return len(n.Attributes) > 0 || n.Saver != nil
}

func (b *treeBuilder) child(from int, name string) int {
	e := treeEdge{from, name}
	if id, ok := b.edges[e]; ok {
		return id
	}
	id := len(b.graph.Nodes)
	b.graph.Nodes = append(b.graph.Nodes, objectgraph.Node{})
	b.graph.Nodes[from].Children = append(b.graph.Nodes[from].Children, objectgraph.Child{Name: name, ID: id})
	b.edges[e] = id
	return id
}

// RenameAll returns g with its values under the paths that pairs of an old and a new path give them.
func RenameAll(g *objectgraph.Graph, renames [][2]string) (*objectgraph.Graph, error) {
	if len(renames) == 0 {
		return g, nil
	}
	all := make([]Renaming, len(renames))
	for i, r := range renames {
		var err error
		if all[i], err = NewRenaming(r[0], r[1]); err != nil {
			return nil, err
		}
	}
	return Rename(g, all)
}
