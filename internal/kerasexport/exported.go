// Package kerasexport matches a program with files in which Keras lists variables in an order. Such files come from model.export,
// which writes lists of variables without objects, or are legacy HDF5 files without any layer name of the program. Variables are
// matched by name if the file has all names of the program, and by order otherwise.
package kerasexport

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/walk"
)

// Graph returns g, the graph of r, with additional edges by which model finds its variables in order. note is for a report about
// that, and hint for an error. Graph returns g unchanged if r is not such a file. start returns a walker with model as its root,
// or nil if there is none.
func Graph(r format.Reader, g *objectgraph.Graph, model any, start func() *walk.Walker) (extended *objectgraph.Graph, note, hint string) {
	variables := keras.Exported(g)
	if variables == nil {
		return legacyGraph(r, g, start)
	}
	w := start()
	if w != nil && describes(w, g) {
		return g, "", ""
	}
	g = keras.ExportedGraph(g, variables, model)
	if w == nil {
		return g, "", ""
	}
	p := &exportedProgram{graph: g, variables: variables, walker: w}
	p.collect(w.Graph().Root(), make(map[*object.Node]bool))
	defer p.undo()
	if p.named() {
		return g, "the file is a Keras export, which has no objects: variables were matched by their global names", ""
	}
	if err := p.inOrder(); err != nil {
		return g, "", fmt.Sprintf("the checkpoint is a Keras export, which has no objects, and its list of variables does not fit the model: %v", err)
	}
	return p.graph, "the file is a Keras export, which has no objects: variables were matched in their order, as Keras lists them", ""
}

// describes reports whether the program has the objects of the file, such as its lists of variables, instead of a model's.
func describes(w *walk.Walker, g *objectgraph.Graph) bool {
	root := w.Graph().Root()
	return w.Expand(root) == nil && slices.ContainsFunc(g.Nodes[0].Children, func(c objectgraph.Child) bool { return root.Find(c.Name) != nil })
}

// An exportedProgram is a program that loads the variables of an exported model.
type exportedProgram struct {
	graph     *objectgraph.Graph
	variables []keras.ExportedVariable
	leaves    []*object.Node // in Keras's order
	lacking   string         // a path where the program holds nil, so its variables are not all known
	walker    *walk.Walker
	undos     []func()       // remove the objects made for nil pointers
	taken     []*object.Node // the leaves that took the variables in order
}

// undo removes the objects that collect made. The load makes them again.
func (p *exportedProgram) undo() {
	for _, undo := range slices.Backward(p.undos) {
		undo()
	}
}

// fill makes the object for a nil pointer.
func (p *exportedProgram) fill(n *object.Node, e *object.Edge) {
	if e.Opt.Optional || !e.Wanted || e.Missing() == nil || e.From().Kind() != reflect.Pointer {
		return
	}
	undo, err := e.Missing().Alloc(noChildren{})
	if err != nil || undo == nil {
		return
	}
	p.undos = append(p.undos, undo)
	_ = p.walker.Again(n, e) // if it fails, the walk of the load reports the error
}

// noChildren implements [object.Children] for objects that are not stored.
type noChildren struct{}

func (noChildren) Names() []string { return nil }

func (noChildren) ListLen() int { return 0 }

// collect finds the variables of n in the order in which Keras lists them: an object's own variables come before those of the
// objects that it holds. Variables in lists and maps count as the object's own.
func (p *exportedProgram) collect(n *object.Node, seen map[*object.Node]bool) {
	if seen[n] || p.walker.Expand(n) != nil {
		return
	}
	seen[n] = true
	if len(n.Values) > 0 {
		p.leaves = append(p.leaves, n)
	}
	var objects []*object.Node
	for i := range n.Edges {
		e := &n.Edges[i]
		if e.Node == nil {
			p.fill(n, e)
		}
		switch {
		case e.Node == nil:
			if e.Wanted && !e.Opt.Optional && p.lacking == "" {
				p.lacking = object.PlaceOf(n, e)
			}
		case len(e.Node.Values) > 0 || p.ofVariables(e.Node):
			p.collect(e.Node, seen)
		default:
			objects = append(objects, e.Node)
		}
	}
	for _, o := range objects {
		p.collect(o, seen)
	}
}

// ofVariables reports whether n is a list or a map of variables. They belong to the object that holds n.
func (p *exportedProgram) ofVariables(n *object.Node) bool {
	return n.Obj.Kind() != reflect.Struct && p.walker.Expand(n) == nil && len(n.Edges) > 0 && n.Edges[0].Node != nil && len(n.Edges[0].Node.Values) > 0
}

// named reports whether the graph has every variable that the program must find by its name.
func (p *exportedProgram) named() bool {
	found, all := p.findable()
	return all && found > 0
}

// findable returns how many variables of the program the graph has by name, and whether it has all that are not optional.
func (p *exportedProgram) findable() (found int, all bool) {
	names := indexEdges(p.graph)
	places := make(map[*object.Node]int) // -1: the graph does not have the object
	var find func(n *object.Node) int
	find = func(n *object.Node) int {
		at, known := places[n]
		switch {
		case known:
			return at
		case n.Parent == nil:
			return 0
		}
		at = -1
		if above := find(n.Parent); above >= 0 {
			for _, name := range namesOf(n) {
				if id, ok := names[storedName{above, name}]; ok {
					at = id
					break
				}
			}
		}
		places[n] = at
		return at
	}
	all = true
	for _, n := range p.leaves {
		if find(n) >= 0 {
			found++
		} else if !optional(n) {
			all = false
		}
	}
	return found, all
}

// A storedName is the name of an edge of a stored object.
type storedName struct {
	from int
	name string
}

func indexEdges(g *objectgraph.Graph) map[storedName]int {
	index := make(map[storedName]int)
	for id := range g.Nodes {
		for _, c := range slices.Backward(g.Nodes[id].Children) { // the first edge of a name counts
			index[storedName{id, c.Name}] = c.ID
		}
	}
	return index
}

// optional reports whether n, or an object that holds it, may be absent.
func optional(n *object.Node) bool {
	for ; n.Parent != nil; n = n.Parent {
		if n.Opt.Optional {
			return true
		}
	}
	return false
}

// namesOf returns the names of the edge to n.
func namesOf(n *object.Node) []string {
	if n.Field == nil {
		return []string{n.Name}
	}
	return append([]string{n.Name}, n.Field.Aliases...)
}

// inOrder adds the edges by which the program's variables find the exported ones in order. The error names the first variable that
// does not fit.
func (p *exportedProgram) inOrder() error {
	if p.lacking != "" {
		return fmt.Errorf("%s holds nil: set it, so that its variables are known", p.lacking)
	}
	g := &objectgraph.Graph{Nodes: slices.Clone(p.graph.Nodes), Aliased: true}
	g.Nodes[0].Children = slices.DeleteFunc(slices.Clone(g.Nodes[0].Children), func(c objectgraph.Child) bool {
		return !strings.HasSuffix(c.Name, "variables")
	})
	for i := range g.Nodes { // the file's nodes keep their children
		g.Nodes[i].Children = slices.Clip(g.Nodes[i].Children)
	}
	have := indexEdges(g)
	left := slices.DeleteFunc(slices.Clone(p.variables), func(v keras.ExportedVariable) bool {
		return lastName(v.Name) == "seed_generator_state"
	})
	for _, n := range p.leaves {
		switch {
		case len(left) > 0 && fitsName(n, left[0].Name):
			p.taken = append(p.taken, n)
			addEdges(g, have, n.EdgePath(), left[0].Node)
			left = left[1:]
		case optional(n):
		case len(left) == 0:
			return fmt.Errorf("it ends before %s (%s)", n.Path(), n.GoPath())
		default:
			return fmt.Errorf("%s stands where %s (%s) is expected; an alias in the tag would match it", left[0].Name, n.Path(), n.GoPath())
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("the model has no variable for %s", left[0].Name)
	}
	p.graph = g
	return nil
}

func lastName(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// fitsName reports whether the last part of a global name is a name of n. It ignores leading underscores. Older versions of Keras
// write names without meaning. These fit every variable that is not optional.
func fitsName(n *object.Node, name string) bool {
	last := strings.TrimLeft(lastName(name), "_")
	if last == "" || last == "variable" || strings.HasPrefix(last, "variable_") {
		return !optional(n)
	}
	for at := n; at != nil; at = at.Parent {
		if slices.ContainsFunc(namesOf(at), func(s string) bool { return strings.TrimLeft(s, "_") == last }) {
			return true
		}
		if at.Parent == nil || at.Parent.Obj.Kind() == reflect.Struct {
			return false // for a list, the field's name counts
		}
	}
	return false
}

// addEdges adds the edges from the root to a node, and the nodes between them. have is the index of g's edges.
func addEdges(g *objectgraph.Graph, have map[storedName]int, edges []string, to int) {
	at := 0
	for i, name := range edges {
		next, ok := have[storedName{at, name}]
		if !ok {
			if next = to; i < len(edges)-1 {
				next = len(g.Nodes)
				g.Nodes = append(g.Nodes, objectgraph.Node{})
			}
			have[storedName{at, name}] = next
			g.Nodes[at].Children = append(g.Nodes[at].Children, objectgraph.Child{Name: name, ID: next})
		}
		at = next
	}
}
