package stored

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

// Of returns the contents of a program's checkpoint: its object graph and its tensors. The tensors of custom savers come first,
// as in TensorFlow. The object graph is not among the tensors: see [Checkpoint].
func Of(ctx context.Context, g *object.Graph) (*objectgraph.Graph, []Tensor, error) {
	s, err := newSaving(g)
	if err != nil {
		return nil, nil, err
	}
	s.listAll()
	stored, err := s.graph()
	if err != nil {
		return nil, nil, err
	}
	own, err := s.custom(ctx)
	if err != nil {
		return nil, nil, err
	}
	return stored, append(own, s.inOrder()...), nil
}

// custom returns the tensors of custom savers.
func (s *saving) custom(ctx context.Context) (own []Tensor, err error) {
	var all object.Batches
	for _, n := range s.g.Nodes {
		if n.Saver() != nil {
			all = all.Add(n.Saver(), objectPath(n, s.paths, ""), n)
		}
	}
	for _, a := range all {
		saved, err := a.Saver.Save(ctx, a.Objects)
		if err != nil {
			return nil, fmt.Errorf("ckpt: saver %s: %w", a.Saver.Name, err)
		}
		for _, t := range saved {
			if object.IsNil(t.Tensor) || t.Tensor.Shape() == nil {
				return nil, fmt.Errorf("ckpt: saver %s: the tensor %q is not built", a.Saver.Name, t.Name)
			}
			if !utf8.ValidString(t.Name) {
				return nil, fmt.Errorf("ckpt: saver %s: the name %q of a tensor is not UTF-8", a.Saver.Name, t.Name)
			}
			own = append(own, Tensor{Key: t.Name, Source: format.SourceOf(t.Tensor), saver: a.Saver.Name})
		}
	}
	return own, nil
}

// A saving converts a program's graph to the contents of a checkpoint.
type saving struct {
	g      *object.Graph
	kept   []*object.Node
	ids    []int32 // by node: its index among the stored nodes, or notSaved
	valued []bool  // by stored node: HasValues
	paths  map[*object.Node]string
	bytes  int64 // approximate length of all keys and global names
	edges  int
	most   int // the most edges of a node
	values int

	list            func(n *object.Node, v *object.Value, key string) // receives the tensors in the order in which each finds them
	tensors, opaque []Tensor
}

func newSaving(g *object.Graph) (*saving, error) {
	s := &saving{g: g, ids: make([]int32, len(g.Nodes)), kept: make([]*object.Node, 0, len(g.Nodes)), paths: make(map[*object.Node]string)}
	for i, n := range g.Nodes {
		s.ids[i] = notSaved
		if n.Saved() {
			s.ids[i] = int32(len(s.kept))
			s.kept = append(s.kept, n)
			s.edges += len(n.Edges)
			s.most = max(s.most, len(n.Edges))
			s.values += len(n.Values)
		}
	}
	var err error
	if s.bytes, err = checkKeys(g.Nodes); err != nil {
		return nil, err
	}
	s.valued = objectgraph.Valued(len(s.kept), s.hasValues, func(i int, yield func(int)) {
		for j := range s.kept[i].Edges {
			if to := s.idOf(s.kept[i].Edges[j].Node); to != notSaved {
				yield(to)
			}
		}
	})
	return s, nil
}

// listAll makes each collect all tensors.
func (s *saving) listAll() {
	s.tensors = make([]Tensor, 0, s.values+1) // with room for the graph
	s.list = func(n *object.Node, v *object.Value, key string) {
		t := Tensor{Node: n, Key: key, Source: v.Source()}
		if isOpaque(n, v) {
			s.opaque = append(s.opaque, t)
		} else {
			s.tensors = append(s.tensors, t)
		}
	}
}

// idOf returns the index under which a node is stored, or notSaved if it is nil or not stored.
func (s *saving) idOf(n *object.Node) int {
	if n == nil {
		return notSaved
	}
	return int(s.ids[n.ID])
}

// hasValues reports whether a stored node itself has values.
func (s *saving) hasValues(i int) bool {
	n := s.kept[i]
	return len(n.Values) > 0 || n.Saver() != nil || slices.ContainsFunc(n.Slots(), s.savesSlot)
}

func (s *saving) savesSlot(slot object.Slot) bool {
	return s.idOf(slot.Variable) != notSaved && s.idOf(slot.Slot) != notSaved
}

// each calls add with every stored node, in order, and lists the tensors. It reuses the node for the next call.
func (s *saving) each(add func(*objectgraph.Node) error) error {
	out := objectgraph.Node{Children: make([]objectgraph.Child, 0, s.most)}
	for i, n := range s.kept {
		out = objectgraph.Node{Children: out.Children[:0], Attributes: out.Attributes[:0], Slots: out.Slots[:0], HasValues: &s.valued[i]}
		for j := range n.Edges {
			if to := s.idOf(n.Edges[j].Node); to != notSaved {
				out.Children = append(out.Children, objectgraph.Child{Name: n.Edges[j].Name, ID: to})
			}
		}
		out.Children = s.appendAliases(out.Children, n)
		for j := range n.Values {
			out.Attributes = s.value(out.Attributes, n, j)
		}
		if n.Saver() != nil {
			out.Saver = &objectgraph.RegisteredSaver{Name: n.Saver().Name, ObjectName: objectPath(n, s.paths, "")}
		}
		for _, slot := range n.Slots() {
			if s.savesSlot(slot) {
				out.Slots = append(out.Slots, objectgraph.Slot{Original: s.idOf(slot.Variable), Name: slot.Name, Variable: s.idOf(slot.Slot)})
			}
		}
		if err := add(&out); err != nil { // readers make the same checks
			return fmt.Errorf("ckpt: a checkpoint of this program could not be read: %v", err)
		}
	}
	return nil
}

// value lists the tensor of value i of n, and appends its attribute, unless it shares the attribute of the first value.
func (s *saving) value(attributes []objectgraph.Attribute, n *object.Node, i int) []objectgraph.Attribute {
	v := &n.Values[i]
	a := attributeOf(n, v, s.paths)
	key := a.Key
	if v.Shared() != "" {
		key += v.Attribute()[len(v.Shared()):]
	}
	s.list(n, v, key)
	if v.Shared() == "" || i == 0 {
		attributes = append(attributes, a)
	}
	return attributes
}

// isOpaque reports whether a value comes after all other values.
func isOpaque(n *object.Node, v *object.Value) bool {
	return v.Attribute() == object.OpaqueAttribute && n.Done() == nil
}

// inOrder returns the tensors in TensorFlow's order: nodes in breadth-first order with slot variables last, then opaque state.
func (s *saving) inOrder() []Tensor { return append(s.tensors, s.opaque...) }

// graph returns the whole object graph.
func (s *saving) graph() (*objectgraph.Graph, error) {
	out := &objectgraph.Graph{Nodes: make([]objectgraph.Node, 0, len(s.kept))}
	err := s.each(func(n *objectgraph.Node) error {
		own := *n
		own.Children, own.Attributes, own.Slots = slices.Clone(n.Children), slices.Clone(n.Attributes), slices.Clone(n.Slots)
		out.Nodes = append(out.Nodes, own)
		return nil
	})
	if err == nil {
		if err = out.Check(); err != nil {
			err = fmt.Errorf("ckpt: a checkpoint of this program could not be read: %v", err)
		}
	}
	return out, err
}

// The approximate numbers of bytes of a graph besides its names: tags and lengths, and the name of a variable's attribute.
const (
	nodeOverhead  = 8
	edgeOverhead  = 16
	valueOverhead = 16 + len(objectgraph.VariableValue)
)

// encoder returns the encoder that produces the object graph while it is written.
func (s *saving) encoder() *objectgraph.Encoder {
	size := int(s.bytes) + len(s.kept)*nodeOverhead + s.edges*edgeOverhead + s.values*(valueOverhead+len(variableSuffix))
	return objectgraph.NewEncoder(len(s.kept), size)
}

// text returns the object graph as it is written.
func (s *saving) text() (string, error) {
	e := s.encoder()
	if err := s.each(e.Add); err != nil {
		return "", err
	}
	return e.Text()
}

// appendAliases adds further names of n's edges, as edges to the same nodes, after all others. A program that uses these names
// can then restore the checkpoint: Keras 2 uses kernel for Keras 3's _kernel.
func (s *saving) appendAliases(children []objectgraph.Child, n *object.Node) []objectgraph.Child {
	for i := range n.Edges {
		e := &n.Edges[i]
		if s.idOf(e.Node) == notSaved {
			continue
		}
		for _, alias := range e.Aliases() { // the type plan checks that no other edge has the name
			children = append(children, objectgraph.Child{Name: alias, ID: s.idOf(e.Node)})
		}
	}
	return children
}

// Checkpoint returns all tensors of a checkpoint of g, the object graph last.
func Checkpoint(ctx context.Context, g *object.Graph) ([]Tensor, error) {
	s, err := newSaving(g)
	if err != nil {
		return nil, err
	}
	s.listAll()
	text, err := s.text()
	if err != nil {
		return nil, err
	}
	tensors, err := s.custom(ctx)
	if err != nil {
		return nil, err
	}
	if tensors == nil {
		tensors = s.inOrder()
	} else {
		tensors = append(tensors, s.inOrder()...)
	}
	return append(tensors, Tensor{Key: objectgraph.GraphKey, Source: format.SourceOf(tensor.Scalar(text))}), nil
}

// notSaved is the index of a node that is not stored.
const notSaved = -1

// variableSuffix ends the key of a variable, after the path of its object.
var variableSuffix = objectgraph.KeyAt("", object.VariableAttribute)

// attributeOf returns the attribute of the object graph for v, a value of n.
func attributeOf(n *object.Node, v *object.Value, paths map[*object.Node]string) objectgraph.Attribute {
	name, suffix := cmp.Or(v.Shared(), v.Attribute()), variableSuffix
	if name != object.VariableAttribute {
		name = objectgraph.Escape(name)
		suffix = objectgraph.KeyAt("", name)
	}
	a := objectgraph.Attribute{Name: name, Key: objectPath(n, paths, suffix)}
	if v.Attribute() == object.VariableAttribute && n.Done() == nil {
		a.FullName = n.GivenName()
		// Usually the name equals the path of the object. It then shares the memory of the key.
		if path := strings.TrimSuffix(a.Key, suffix); a.FullName == "" && !strings.Contains(path, ".") {
			a.FullName = path // without escapes
		} else if a.FullName == "" {
			a.FullName = n.PathName()
		}
	}
	return a
}
