package kerasnames

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
)

// Names are the names of a program's objects and variables.
type Names struct {
	Objects   []Object
	Variables []Variable
}

// An Object is an object and its path in the file. The root's path is empty.
type Object struct {
	Path, Name string
	Node       *object.Node
}

// A Variable is a variable and its key in the file. Name is the name of its edge, or the escaped edges that lead to it from the
// object.
type Variable struct {
	Key, Name string
	Node      *object.Node // nil if the program does not have it
	Source    format.Source
}

// Path returns the variable's path in the program, or its key.
func (v *Variable) Path() string {
	if v.Node == nil {
		return v.Key
	}
	return v.Node.Path()
}

// maxObjects is the largest number of objects on the path from the root to a variable: an HDF5 file nests 128 groups.
const maxObjects = 100

// Of returns the names of g. The error satisfies errors.ErrUnsupported and names the path of a value that a Keras file cannot hold:
// slot variables, opaque state, tensors of custom savers, and fields with slashes in their names.
func Of(g *object.Graph) (*Names, error) {
	for _, n := range g.Nodes {
		if err := check(n); err != nil {
			return nil, err
		}
	}
	w := &walk{seen: make(map[*object.Node]bool), isModel: func(path string) bool { return path == "" }}
	if err := w.root(g); err != nil {
		return nil, err
	}
	return &w.names, nil
}

// Objects returns the objects of g that Keras would have, including those without variables so far. isModel reports whether the
// object at a path is a keras.Model: only the file can tell.
func Objects(g *object.Graph, isModel func(path string) bool) ([]Object, error) {
	w := &walk{seen: make(map[*object.Node]bool), isModel: isModel, all: true}
	err := w.root(g)
	return w.names.Objects, err
}

func (w *walk) root(g *object.Graph) error {
	root := g.Root()
	w.private = isArchiveOfKeras2(asInterface(root))
	name := keras.NewNames().Of(className(root))
	if named, ok := asInterface(root).(interface{ Name() string }); ok {
		name = named.Name()
	}
	return w.object(element{name: name, node: root, kept: true}, "", 0)
}

// isArchiveOfKeras2 reports whether the description of model comes from a .keras archive that Keras 2 wrote. Keras 2 also stores
// layers under private attributes, and its archives cannot be loaded with the names of Keras 3.
func isArchiveOfKeras2(model any) bool {
	m, ok := model.(interface {
		Keras2() bool
		Config() json.RawMessage
	})
	if !ok || !m.Keras2() {
		return false
	}
	_, err := keras.NewArchive(m.Config(), time.Time{}) // other descriptions of Keras 2 do not come from archives
	return err == nil
}

func check(n *object.Node) error {
	fault := func(reason string) error {
		return fmt.Errorf("ckpt: %s: %s: %w", n.Path(), reason, errors.ErrUnsupported)
	}
	switch {
	case n.Saver() != nil:
		return fault("only TensorFlow's format holds the tensors of a custom saver")
	case n.SlotOf() != nil:
		return fault("only TensorFlow's format holds slot variables: save the model without its optimizer")
	case len(n.Values) == 0 || isVariable(n):
		return nil
	}
	return fault("only TensorFlow's format holds opaque state")
}

// isVariable reports whether n consists of a single variable.
func isVariable(n *object.Node) bool {
	return len(n.Values) == 1 && n.Values[0].Attribute() == object.VariableAttribute && n.Done() == nil
}

type walk struct {
	names   Names
	seen    map[*object.Node]bool // objects and containers
	isModel func(path string) bool
	all     bool // keep objects without variables
	private bool // attributes keep a leading underscore
}

// object adds an object and its contents.
func (w *walk) object(e element, path string, depth int) error {
	n := e.node
	if w.seen[n] {
		return nil
	}
	w.seen[n] = true
	if depth > maxObjects {
		return tooDeep(n)
	}
	at, before := len(w.names.Objects), len(w.names.Variables)
	w.names.Objects = append(w.names.Objects, Object{path, e.name, n})
	if err := w.below(n, path, depth); err != nil {
		return err
	}
	if len(w.names.Variables) == before && !e.kept && !w.all {
		w.names.Objects = w.names.Objects[:at] // it is not built
	}
	return nil
}

// below adds the contents of an object.
func (w *walk) below(n *object.Node, path string, depth int) error {
	if err := w.variables(n, path); err != nil {
		return err
	}
	if isContainer(n) {
		return w.container(elements(n), path, depth)
	}
	rest := n.Edges
	layers, held := layersOf(n)
	if layers != nil {
		if err := w.container(layers, join(path, allLayers), depth+1); err != nil {
			return err
		}
		rest = slices.DeleteFunc(slices.Clone(rest), func(e object.Edge) bool { return e.Node == held })
	}
	rest = slices.Clone(rest)
	if layers == nil && !ofLayers(n) && n.Find(allLayers) == nil && w.isModel(path) {
		rest = append(rest, object.Edge{Name: allLayers})
	}
	slices.SortStableFunc(rest, func(a, b object.Edge) int { return cmp.Compare(attributeOrder(a.Name), attributeOrder(b.Name)) })
	for i := range rest {
		if err := w.attribute(n, &rest[i], path, depth); err != nil {
			return err
		}
	}
	return nil
}

// allLayers is the property of a keras.Model that lists the layers of all attributes. Keras visits it like an attribute, so
// layers of attributes that sort after it are stored as its elements.
const allLayers = "layers"

// attribute adds the contents of an attribute of n. An edge without a node is allLayers.
func (w *walk) attribute(n *object.Node, e *object.Edge, path string, depth int) error {
	switch {
	case e.Node == nil && e.Name == allLayers && e.Missing() == nil && e.GoStep() == "":
		var all []element
		flatten(n, map[*object.Node]bool{n: true}, &all)
		return w.container(all, join(path, allLayers), depth+1)
	case e.Node == nil || isVariable(e.Node):
		return nil
	}
	name := e.Name
	if ofLayers(n) && !w.private {
		name = keras.Attribute(className(n), name)
	}
	if name == "" || strings.ContainsAny(name, "/\\") {
		return fmt.Errorf("ckpt: %s: the name %q of an edge cannot be the name of an HDF5 group: %w", object.PlaceOf(n, e), e.Name, errors.ErrUnsupported)
	}
	if isContainer(e.Node) {
		return w.once(e.Node, join(path, name), depth+1)
	}
	return w.object(element{name: e.Name, node: e.Node}, join(path, name), depth+1)
}

// flatten appends the objects that n holds, including those in containers, in field order and without duplicates.
func flatten(n *object.Node, seen map[*object.Node]bool, all *[]element) {
	for _, e := range elements(n) {
		switch {
		case seen[e.node] || isVariable(e.node):
		case isContainer(e.node):
			seen[e.node] = true
			flatten(e.node, seen, all)
		default:
			seen[e.node] = true
			*all = append(*all, e)
		}
	}
}

// attributeOrder sorts names as Keras does: those that begin with an underscore come last.
func attributeOrder(name string) string {
	if strings.HasPrefix(name, "_") {
		return "~" + name
	}
	return name
}

// variables adds the variables that n holds directly, including those in containers, without duplicates.
func (w *walk) variables(n *object.Node, path string) error {
	o := owned{key: join(path, "vars"), seen: map[*object.Node]bool{n: true}}
	if isVariable(n) { // the root is a variable
		o.add(n, nil)
	} else {
		if kernel := wrappedKernel(n); kernel != nil {
			o.add(kernel, []string{"kernel"})
		}
		if err := o.collect(n, nil); err != nil {
			return err
		}
	}
	w.names.Variables = append(w.names.Variables, o.variables...)
	return nil
}

// wrappedKernel returns the kernel of the layer in a SpectralNormalization, because both have it as an attribute in Keras. It
// returns nil for other objects.
func wrappedKernel(n *object.Node) *object.Node {
	if !ofLayers(n) || className(n) != "SpectralNormalization" {
		return nil
	}
	layer := n.Find("layer")
	if layer == nil || layer.Node == nil {
		return nil
	}
	for _, name := range []string{"_kernel", "kernel", "_embeddings"} {
		if e := layer.Node.Find(name); e != nil && e.Node != nil && isVariable(e.Node) {
			return e.Node
		}
	}
	return nil
}

// owned are the variables of one object.
type owned struct {
	key       string // prefix of their keys
	seen      map[*object.Node]bool
	variables []Variable
}

func (o *owned) collect(n *object.Node, names []string) error {
	if len(names) > maxObjects {
		return tooDeep(n)
	}
	for i := range n.Edges {
		e := &n.Edges[i]
		if e.Node == nil || o.seen[e.Node] || !isVariable(e.Node) && !isContainer(e.Node) {
			continue
		}
		o.seen[e.Node] = true
		to := append(slices.Clip(names), objectgraph.Escape(e.Name))
		if isVariable(e.Node) {
			o.add(e.Node, to)
		} else if err := o.collect(e.Node, to); err != nil {
			return err
		}
	}
	return nil
}

// add adds a variable, unless it is not built.
func (o *owned) add(n *object.Node, names []string) {
	if v := &n.Values[0]; v.Built() {
		key := o.key + "/" + strconv.Itoa(len(o.variables))
		o.variables = append(o.variables, Variable{key, strings.Join(names, "/"), n, v.Source()})
	}
}

func tooDeep(n *object.Node) error {
	return fmt.Errorf("ckpt: %s: more than %d objects on the path to it: %w", n.Path(), maxObjects, errors.ErrUnsupported)
}

// once adds the objects of a container, unless it was added for another attribute.
func (w *walk) once(n *object.Node, path string, depth int) error {
	if w.seen[n] {
		return nil
	}
	w.seen[n] = true
	return w.container(elements(n), path, depth)
}

// An element is an object that another object holds.
type element struct {
	class string // if it is in a container
	name  string
	node  *object.Node
	kept  bool // keep it even if it has no variables
}

// container adds the objects of a container.
func (w *walk) container(all []element, path string, depth int) error {
	names := keras.NewNames()
	for _, e := range all {
		var err error
		switch {
		case isVariable(e.node):
		case isContainer(e.node):
			err = w.once(e.node, join(path, names.Of("Container")), depth+1)
		default:
			err = w.object(e, join(path, names.Of(e.class)), depth+1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}
