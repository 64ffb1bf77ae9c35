package match

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/tensor"
)

// A program is a root with scalars. It implements [object.Walk].
type program struct {
	graph *object.Graph
}

func newProgram() *program {
	root := &object.Node{Group: true}
	root.SetKey(object.Identity{Addr: 1, Type: reflect.TypeFor[program]()})
	g := object.New()
	g.Add(root)
	return &program{g}
}

func (p *program) attach(name string, t *tensor.Tensor[float32]) {
	root := p.graph.Root()
	n := &object.Node{Obj: reflect.ValueOf(t).Elem(), Parent: root, Name: name, Values: []object.Value{object.TensorValue(t)}}
	p.graph.Add(n)
	root.Edges = append(root.Edges, object.Edge{Name: name, Node: n})
}

func (p *program) Graph() *object.Graph                                              { return p.graph }
func (p *program) Expand(*object.Node) error                                         { return nil }
func (p *program) ExpandAll() error                                                  { return nil }
func (p *program) AddSlots() error                                                   { return nil }
func (p *program) Again(*object.Node, *object.Edge) error                            { return nil }
func (p *program) MakeSlot(*object.Node, string, *object.Node) (*object.Node, error) { return nil, nil }

// ones is a checkpoint in which every key has a scalar one. Reading it fails with err.
type ones struct {
	format.Reader
	err error
}

func (o *ones) Find(string) (format.Found, bool, error) { return one{o}, true, nil }

type one struct{ *ones }

func (one) Check() error { return nil }
func (one) Entry() (format.Entry, error) {
	return format.Entry{DType: tensor.DTFloat32, Shape: tensor.Shape{}, Bytes: 4}, nil
}
func (o one) Read(_ context.Context, dst tensor.Any) error {
	if o.err != nil {
		return o.err
	}
	return tensor.Assign(dst, tensor.Scalar(float32(1)))
}

func TestHasValues(t *testing.T) {
	g := &objectgraph.Graph{Nodes: []objectgraph.Node{
		{Children: []objectgraph.Child{{Name: "empty", ID: 1}, {Name: "v", ID: 2}}},
		{Children: []objectgraph.Child{{Name: "x", ID: 3}}},
		{Attributes: []objectgraph.Attribute{{Name: object.VariableAttribute, Key: "v"}}},
		{},
	}}
	g.SetHasValues()
	r := New(1, "p", g, 0, Options{Logger: slog.Default()})
	require.False(t, r.hasValues(1))
	require.True(t, r.hasValues(2))
	for i := range g.Nodes { // files of older TensorFlow versions do not say
		g.Nodes[i].HasValues = nil
	}
	require.True(t, r.hasValues(0))
	require.True(t, r.hasValues(1), "it has a child")
	require.False(t, r.hasValues(3), "it has nothing")
}

// TestRetry checks that a failed follow-up changes nothing.
func TestRetry(t *testing.T) {
	g := &objectgraph.Graph{Nodes: []objectgraph.Node{
		{Children: []objectgraph.Child{{Name: "a", ID: 1}, {Name: "b", ID: 2}}},
		{Attributes: []objectgraph.Attribute{{Name: object.VariableAttribute, Key: "a"}}},
		{Attributes: []objectgraph.Attribute{{Name: object.VariableAttribute, Key: "b"}}},
	}}
	g.SetHasValues()
	var history transfer.History
	r := New(history.Next(), "p", g, 0, Options{Logger: slog.Default()})
	p, a, b := newProgram(), tensor.New[float32](), tensor.New[float32]()
	p.attach("a", a)
	file := &ones{err: errors.New("no read")}
	do := func(planner transfer.Planner) error {
		for _, n := range p.graph.Nodes {
			n.Reached = false // as in a new walk
		}
		return transfer.Do(t.Context(), file, p.graph, transfer.Options{}, planner)
	}

	require.ErrorIs(t, do(r.Match(p, &history)), file.err)
	require.Empty(t, r.bound.all, "nothing is bound")
	require.Zero(t, history.Last(p.graph.Nodes[1].Key()))
	file.err = nil
	require.NoError(t, do(r.Match(p, &history)))
	require.Equal(t, []float32{1}, a.Data())
	require.Len(t, r.waiting, 1)
	require.True(t, r.Waits())

	p.attach("b", b)
	file.err = errors.New("no read")
	require.True(t, r.CanFollowUp(p.graph))
	require.ErrorIs(t, do(r.FollowUp(p, &history)), file.err)
	require.Len(t, r.waiting, 1, "the value still waits")
	require.True(t, r.CanFollowUp(p.graph))
	file.err = nil
	require.NoError(t, do(r.FollowUp(p, &history)))
	require.Equal(t, []float32{1}, b.Data())
	require.False(t, r.Waits())
	require.Nil(t, r.Consumed(p.graph, &history))
}

// TestWorthWaitingFor checks that nothing is queued for a stored object without values. Files of older
// TensorFlow versions do not say which objects have values.
func TestWorthWaitingFor(t *testing.T) {
	yes, no := true, false
	child := []objectgraph.Child{{Name: "x", ID: 1}}
	for name, test := range map[string]struct {
		node objectgraph.Node
		want bool
	}{
		"D-15 the node has values":             {objectgraph.Node{HasValues: &yes}, true},
		"D-15 a child, and no node has values": {objectgraph.Node{HasValues: &no, Children: child}, false},
		"D-15 unknown, with a child":           {objectgraph.Node{Children: child}, true},
		"D-15 unknown, with an attribute":      {objectgraph.Node{Attributes: []objectgraph.Attribute{{Name: objectgraph.VariableValue}}}, true},
		"D-15 unknown, with a slot":            {objectgraph.Node{Slots: []objectgraph.Slot{{}}}, true},
		"D-15 unknown, with a saver":           {objectgraph.Node{Saver: &objectgraph.RegisteredSaver{Name: "s"}}, true},
		"D-15 unknown, and empty":              {objectgraph.Node{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Restoration{stored: &objectgraph.Graph{Nodes: []objectgraph.Node{test.node, {}}}}
			require.Equal(t, test.want, r.hasValues(0))
		})
	}
}
