package derived

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/tensor"
)

// A Graph extends the stored graph of a checkpoint by the values that rules derive. It only adds nodes, so the numbers of stored
// nodes do not change.
type Graph struct {
	*objectgraph.Graph
	reader *Reader
	used   map[int]bool
	made   map[int]bool
}

// NewGraph returns a Graph that extends a copy of g and adds the derived tensors to r.
func NewGraph(g *objectgraph.Graph, r *Reader) *Graph {
	copied := &objectgraph.Graph{Nodes: slices.Clone(g.Nodes), Aliased: g.Aliased}
	return &Graph{Graph: copied, reader: r, used: make(map[int]bool), made: make(map[int]bool)}
}

// Applied is a rule that was applied, with details for a report.
type Applied struct {
	Rule   *layout.Rule
	Stored []string // the keys
	Square bool     // the shape fits both layouts
	Again  []string // the stored names that another rule of the object took as well
}

// Extend adds to the object node the values that rules derive from the values below it. It returns the rules that applied. A rule
// applies if all of its stored names exist and none of its own names has a value. The error names the refused key, or the shape
// that does not fit a rule.
func (g *Graph) Extend(node int, rules []layout.Rule) ([]Applied, error) {
	var applied []Applied
	taken := make(map[int]bool)
	for i := range rules {
		rule := &rules[i]
		if err := rule.Check(); err != nil {
			return nil, err
		}
		ids, ok := g.stored(node, rule.Stored)
		if ok && rule.Refusal != "" {
			return nil, fmt.Errorf("%s: %s", g.key(ids[0]), rule.Refusal)
		}
		if !ok || slices.ContainsFunc(rule.Own, func(own string) bool { return g.hasValue(node, own) }) {
			continue
		}
		a := Applied{Rule: rule, Stored: make([]string, len(ids))}
		for i, id := range ids {
			a.Stored[i] = g.key(id)
			if taken[id] {
				a.Again = append(a.Again, rule.Stored[i])
			}
			g.used[id], taken[id] = true, true
		}
		if len(rule.Own) > 0 {
			if err := g.derive(node, &a); err != nil {
				return nil, err
			}
		}
		applied = append(applied, a)
	}
	return applied, nil
}

// derive adds the results of a rule to the graph and to the reader.
func (g *Graph) derive(node int, a *Applied) error {
	keys := make([]string, len(a.Rule.Own))
	for i, own := range a.Rule.Own {
		keys[i] = fmt.Sprintf("%s [%s as %s]", strings.Join(a.Stored, " + "), a.Rule.Maker, own)
	}
	if err := g.reader.add(keys, a.Stored, a.Rule.Load); err != nil {
		return fmt.Errorf("%s as %s's %s: %w", strings.Join(a.Stored, ", "), a.Rule.Maker, strings.Join(a.Rule.Stored, ", "), err)
	}
	for i, own := range a.Rule.Own {
		at := node
		for _, name := range strings.Split(own, "/") {
			at = g.childOrNew(at, name)
		}
		g.made[at] = true
		g.Nodes[at].Attributes = append(slices.Clip(g.Nodes[at].Attributes), objectgraph.Attribute{Name: objectgraph.VariableValue, FullName: own, Key: keys[i]})
	}
	if a.Rule.Square != nil {
		shapes := make([]tensor.Shape, len(a.Stored))
		for i, key := range a.Stored {
			e, _, _ := g.reader.Reader.Lookup(key) // add has looked it up
			shapes[i] = e.Shape
		}
		a.Square = a.Rule.Square(shapes)
	}
	return nil
}

// stored returns the nodes that the paths lead to from node. ok is false unless all of them exist and have a value.
func (g *Graph) stored(node int, paths []string) (ids []int, ok bool) {
	for _, path := range paths {
		id, ok := g.find(node, path)
		if !ok || g.key(id) == "" {
			return nil, false
		}
		ids = append(ids, id)
	}
	return ids, true
}

func (g *Graph) find(node int, path string) (int, bool) {
	for _, name := range strings.Split(path, "/") {
		i := slices.IndexFunc(g.Nodes[node].Children, func(c objectgraph.Child) bool { return c.Name == name })
		if i < 0 {
			return 0, false
		}
		node = g.Nodes[node].Children[i].ID
	}
	return node, true
}

func (g *Graph) hasValue(node int, path string) bool {
	id, ok := g.find(node, path)
	return ok && len(g.Nodes[id].Attributes) > 0
}

// Used reports whether a rule has taken the value of the stored node id. Such a value is used, although no object has it.
func (g *Graph) Used(id int) bool { return g.used[id] }

// Made reports whether a rule made the value of the node id.
func (g *Graph) Made(id int) bool { return g.made[id] }

// Square reports whether the shape of the value of node id fits two layouts, one of them rule's.
func (g *Graph) Square(id int, rule *layout.Rule) bool {
	e, ok, err := g.reader.Lookup(g.key(id))
	return err == nil && ok && rule.Square != nil && len(rule.Stored) == 1 && rule.Square([]tensor.Shape{e.Shape})
}

// key returns the key of a node's value, or "" if the node does not have a value.
func (g *Graph) key(id int) string {
	if a := g.Nodes[id].Attributes; len(a) == 1 && a[0].Name == objectgraph.VariableValue {
		return a[0].Key
	}
	return ""
}

func (g *Graph) childOrNew(node int, name string) int {
	if id, ok := g.find(node, name); ok {
		return id
	}
	id := len(g.Nodes)
	g.Nodes = append(g.Nodes, objectgraph.Node{})
	n := &g.Nodes[node]
	n.Children = append(slices.Clip(n.Children), objectgraph.Child{Name: name, ID: id})
	return id
}
