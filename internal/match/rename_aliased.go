package match

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
)

// renameAliased is [Rename] for a graph in which objects have several names. They keep all names, and get the renamed form of
// each. Regular expressions see the shortest path to a value, and its key.
func renameAliased(g *objectgraph.Graph, renamings []Renaming) (*objectgraph.Graph, error) {
	a := aliaser{graph: &objectgraph.Graph{Nodes: slices.Clone(g.Nodes), Aliased: true}, edges: make(map[treeEdge]int), own: make(map[int]bool)}
	for id := range g.Nodes {
		for _, c := range g.Nodes[id].Children {
			a.edges[treeEdge{id, c.Name}] = c.ID
		}
	}
	for i := range renamings {
		r := &renamings[i]
		rename := a.prefix
		if r.pattern != nil {
			rename = a.pattern
		}
		matched, err := rename(r)
		if err != nil {
			return nil, err
		}
		if !matched {
			return nil, noSuchPath(r)
		}
	}
	return a.graph, nil
}

func noSuchPath(r *Renaming) error {
	return fmt.Errorf("ckpt: Rename(%q, %q): no value of the checkpoint has such a path", r.old, r.new)
}

// An aliaser adds edges to a copy of a graph.
type aliaser struct {
	graph *objectgraph.Graph
	edges map[treeEdge]int
	own   map[int]bool // nodes with Children that are the copy's own
}

// prefix gives the object at a path another path. If the new path is empty, the root gets the object's children.
func (a *aliaser) prefix(r *Renaming) (matched bool, err error) {
	at := 0
	if r.old != "" {
		for _, name := range strings.Split(r.old, ".") {
			if at, matched = a.child(at, name); !matched {
				return false, nil
			}
		}
	}
	if r.new != "" {
		return true, a.put(strings.Split(r.new, "."), at, r.old)
	}
	for _, c := range slices.Clone(a.graph.Nodes[at].Children) {
		if _, taken := a.child(0, c.Name); !taken {
			a.link(0, c.Name, c.ID)
		}
	}
	return true, nil
}

// pattern gives the values at matching paths new paths.
func (a *aliaser) pattern(r *Renaming) (matched bool, err error) {
	type renamed struct {
		was, to string
		id      int
	}
	var all []renamed
	paths, bytes := a.graph.Paths(), 0
	for id := range a.graph.Nodes {
		steps, ok := paths.Edges(id)
		for _, attribute := range a.graph.Nodes[id].Attributes {
			for _, was := range []string{strings.Join(steps, "."), strings.ReplaceAll(attribute.Key, "/", ".")} {
				if bytes += len(was); bytes > maxRenamedPaths {
					return false, fmt.Errorf("ckpt: Rename: the paths of all values have more than %d bytes", maxRenamedPaths)
				}
				if to, is := r.Apply(was); ok && is {
					all = append(all, renamed{was, to, id})
				}
			}
		}
	}
	for _, v := range all {
		if v.to != v.was {
			if err := a.put(strings.Split(v.to, "."), v.id, v.was); err != nil {
				return false, err
			}
		}
	}
	return len(all) > 0, nil
}

// put adds another path to the node id.
func (a *aliaser) put(steps []string, id int, was string) error {
	at := 0
	for _, name := range steps[:len(steps)-1] {
		next, ok := a.child(at, name)
		if !ok {
			next = len(a.graph.Nodes)
			a.graph.Nodes = append(a.graph.Nodes, objectgraph.Node{})
			a.link(at, name, next)
		}
		at = next
	}
	last := steps[len(steps)-1]
	if there, taken := a.child(at, last); taken && there != id {
		return fmt.Errorf("ckpt: Rename: %s would have the path %s, which another value has", was, strings.Join(steps, "."))
	} else if !taken {
		a.link(at, last, id)
	}
	return nil
}

func (a *aliaser) child(of int, name string) (id int, ok bool) {
	id, ok = a.edges[treeEdge{of, name}]
	return id, ok
}

func (a *aliaser) link(from int, name string, to int) {
	n := &a.graph.Nodes[from]
	if !a.own[from] {
		n.Children, a.own[from] = slices.Clone(n.Children), true
	}
	n.Children = append(n.Children, objectgraph.Child{Name: name, ID: to})
	a.edges[treeEdge{from, name}] = to
}
