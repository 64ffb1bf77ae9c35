package objectgraph_test

import (
	"bytes"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/format/pb"
)

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct{ name, data, want string }{
		{"no nodes", "", "no nodes"},
		{"only an unknown field", "\x10\x01", "no nodes"},
		{"garbage", "\xff\xff\xff", "object graph: "},
		{"a node that is longer than the graph", "\x0a\x05\x0a\x00", "field 1: the message ends"},
		{"a node with a length beyond any file", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "field 1: the message ends"},
		{"a child that is longer than its node", "\x0a\x00\x0a\x02\x0a\x05", "node 1: field 1: "},
		{"a name that is longer than its child", "\x0a\x06\x0a\x04\x12\x07ab", "node 0: field 2: "},
		{"a number without an end", "\x0a\x04\x0a\x02\x08\xff", "node 0: field 1: "},
		{"a number of more than 64 bits", "\x0a\x0f\x0a\x0d\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x0a", "node 0: field 1: "},
		{"field 0", "\x0a\x02\x02\x00", "node 0: not the encoding"},
		{"a field number that generated code rejects", "\x0a\x06\x80\x80\x80\x80\x10\x00", "node 0: field 536870912: the number is too large"},
		{"a group without an end", "\x0a\x02\x0b\x08", "node 0: field 1: "},
		{"the end of a group that did not start", "\x0a\x01\x0c", "node 0: field 1: "},
		{"a child that does not exist", "\x0a\x07\x0a\x05\x08\x01\x12\x01w", `node 0: child 0, "w": node 1 does not exist, the graph has 1`},
		{"a negative child", "\x0a\x00\x0a\x11\x0a\x00\x0a\x0d\x08" + minusOne + "\x12\x00", `node 1: child 1, "": node -1 does not exist`},
		{"a slot for a missing variable", "\x0a\x07\x1a\x05\x08\x09\x12\x01m", `node 0: slot 0, "m": its original variable: node 9 does`},
		{"a slot with a missing variable", "\x0a\x07\x1a\x05\x18\x09\x12\x01m", `node 0: slot 0, "m": its own variable: node 9 does`},
		{"a child's name", "\x0a\x05\x0a\x03\x12\x01\xff", `node 0: child 0: its name: "\xff" is not UTF-8`},
		{"an attribute's key", "\x0a\x05\x12\x03\x1a\x01\xff", `node 0: attribute 0: "\xff" is not UTF-8`},
		{"a slot's name", "\x0a\x05\x1a\x03\x12\x01\xff", `node 0: slot 0: its name: "\xff" is not UTF-8`},
		{"a saver's object", "\x0a\x05\x22\x03\x12\x01\xff", `node 0: registered saver: "\xff" is not UTF-8`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := objectgraph.Parse([]byte(tt.data))
			require.ErrorIs(t, err, format.ErrCorrupt)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

const minusOne = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" // protocol buffers write it in ten bytes

func TestParseAccepts(t *testing.T) {
	yes, no := true, false
	type graph = objectgraph.Graph
	type node = objectgraph.Node
	for _, tt := range []struct {
		name, data string
		want       graph
	}{
		{"only a root", "\x0a\x00", graph{Nodes: []node{{}}}},
		{"two children with one name", "\x0a\x0a\x0a\x03\x12\x01w\x0a\x03\x12\x01w",
			graph{Nodes: []node{{Children: []objectgraph.Child{{Name: "w"}, {Name: "w"}}}}}},
		{"unknown fields", "\x0a\x0d\x32\x01x\x38\x05\x0a\x06\x1a\x01y\x12\x01w\x7d....",
			graph{Nodes: []node{{Children: []objectgraph.Child{{Name: "w"}}}}}},
		{"known fields in another encoding", "\x08\x01\x0a\x06\x08\x01\x0a\x02\x10\x05\x15....",
			graph{Nodes: []node{{Children: []objectgraph.Child{{}}}}}},
		{"if a field occurs twice, the last one counts", "\x0a\x0c\x0a\x0a\x08\x05\x12\x01a\x12\x01b\x08\x00",
			graph{Nodes: []node{{Children: []objectgraph.Child{{Name: "b"}}}}}},
		{"messages that occur twice are merged", "\x0a\x10\x22\x03\x0a\x01n\x22\x03\x12\x01o\x2a\x02\x08\x01\x2a\x00",
			graph{Nodes: []node{{Saver: &objectgraph.RegisteredSaver{Name: "n", ObjectName: "o"}, HasValues: &yes}}}},
		{"a bool is any number but zero", "\x0a\x04\x2a\x02\x08\x07\x0a\x04\x2a\x02\x08\x00",
			graph{Nodes: []node{{HasValues: &yes}, {HasValues: &no}}}},
		{"numbers with more bytes than needed", "\x8a\x00\x85\x00\x0a\x03\x08\x80\x00",
			graph{Nodes: []node{{Children: []objectgraph.Child{{}}}}}},
		{"a child's number is its lower half", "\x0a\x08\x0a\x06\x08\x80\x80\x80\x80\x10",
			graph{Nodes: []node{{Children: []objectgraph.Child{{}}}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, err := objectgraph.Parse([]byte(tt.data))
			require.NoError(t, err)
			require.Equal(t, &tt.want, g)
			requireAsGenerated(t, []byte(tt.data), g)
		})
	}
	t.Run("appending to a list does not change its neighbour", func(t *testing.T) {
		g, err := objectgraph.Parse([]byte("\x0a\x02\x0a\x00\x0a\x05\x0a\x03\x12\x01b"))
		require.NoError(t, err)
		g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: "x"})
		require.Equal(t, "b", g.Nodes[1].Children[0].Name)
	})
}

// requireAsGenerated checks that the generated code also decodes data to g.
func requireAsGenerated(t require.TestingT, data []byte, g *objectgraph.Graph) {
	var m pb.TrackableObjectGraph
	require.NoError(t, proto.Unmarshal(data, &m))
	require.Empty(t, toMessage(g).GetNodes()[len(g.Nodes):])
	discardUnknown(&m)
	require.True(t, proto.Equal(&m, toMessage(g)), "generated: %v\nby hand: %v", &m, toMessage(g))
}

func discardUnknown(m *pb.TrackableObjectGraph) {
	m.ProtoReflect().SetUnknown(nil)
	for _, n := range m.Nodes {
		n.ProtoReflect().SetUnknown(nil)
		for _, c := range n.Children {
			c.ProtoReflect().SetUnknown(nil)
		}
		for _, a := range n.Attributes {
			a.ProtoReflect().SetUnknown(nil)
		}
		for _, s := range n.SlotVariables {
			s.ProtoReflect().SetUnknown(nil)
		}
		if n.RegisteredSaver != nil {
			n.RegisteredSaver.ProtoReflect().SetUnknown(nil)
		}
		if n.HasCheckpointValues != nil {
			n.HasCheckpointValues.ProtoReflect().SetUnknown(nil)
		}
	}
}

func toMessage(g *objectgraph.Graph) *pb.TrackableObjectGraph {
	m := new(pb.TrackableObjectGraph)
	for _, n := range g.Nodes {
		o := new(pb.TrackableObjectGraph_TrackableObject)
		for _, c := range n.Children {
			o.Children = append(o.Children, &pb.TrackableObjectGraph_TrackableObject_ObjectReference{NodeId: int32(c.ID), LocalName: c.Name})
		}
		for _, a := range n.Attributes {
			o.Attributes = append(o.Attributes, &pb.TrackableObjectGraph_TrackableObject_SerializedTensor{
				Name: a.Name, FullName: a.FullName, CheckpointKey: a.Key})
		}
		for _, s := range n.Slots {
			o.SlotVariables = append(o.SlotVariables, &pb.TrackableObjectGraph_TrackableObject_SlotVariableReference{
				OriginalVariableNodeId: int32(s.Original), SlotName: s.Name, SlotVariableNodeId: int32(s.Variable)})
		}
		if s := n.Saver; s != nil {
			o.RegisteredSaver = &pb.RegisteredSaver{Name: s.Name, ObjectName: s.ObjectName}
		}
		if v := n.HasValues; v != nil {
			o.HasCheckpointValues = wrapperspb.Bool(*v)
		}
		m.Nodes = append(m.Nodes, o)
	}
	return m
}

// graphs generates random graphs that pass Check.
func graphs() *rapid.Generator[*objectgraph.Graph] {
	text := rapid.OneOf(rapid.Just(""), rapid.StringN(0, 5, -1), rapid.StringN(120, 140, -1),
		rapid.Just(objectgraph.VariableValue)).Filter(func(s string) bool { return strings.ToValidUTF8(s, "") == s })
	return rapid.Custom(func(t *rapid.T) *objectgraph.Graph {
		nodes := rapid.OneOf(rapid.IntRange(1, 5), rapid.IntRange(1, 200)).Draw(t, "nodes")
		id := rapid.IntRange(0, nodes-1)
		g := new(objectgraph.Graph)
		for range nodes {
			var n objectgraph.Node
			for range rapid.IntRange(0, 3).Draw(t, "children") {
				n.Children = append(n.Children, objectgraph.Child{Name: text.Draw(t, "name"), ID: id.Draw(t, "id")})
			}
			for range rapid.IntRange(0, 2).Draw(t, "attributes") {
				n.Attributes = append(n.Attributes, objectgraph.Attribute{
					Name: text.Draw(t, "name"), FullName: text.Draw(t, "full name"), Key: text.Draw(t, "key")})
			}
			for range rapid.IntRange(0, 1).Draw(t, "slots") {
				n.Slots = append(n.Slots, objectgraph.Slot{
					Original: id.Draw(t, "original"), Name: text.Draw(t, "slot"), Variable: id.Draw(t, "variable")})
			}
			if rapid.Bool().Draw(t, "saver") {
				n.Saver = &objectgraph.RegisteredSaver{Name: text.Draw(t, "name"), ObjectName: text.Draw(t, "object")}
			}
			n.HasValues = rapid.Ptr(rapid.Bool(), true).Draw(t, "values")
			g.Nodes = append(g.Nodes, n)
		}
		return g
	})
}

// A written graph is read back equal, both by Parse and by the generated code.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := graphs().Draw(t, "graph")
		require.NoError(t, g.Check())
		data := g.Marshal()
		back, err := objectgraph.Parse(data)
		require.NoError(t, err)
		require.Equal(t, g, back)
		requireAsGenerated(t, data, back)

		generated, err := proto.MarshalOptions{Deterministic: true}.Marshal(toMessage(g))
		require.NoError(t, err)
		require.Equal(t, generated, data)
	})
}

// Parsing a graph takes memory and time in proportion to its bytes at most, and does not recurse.
func TestParseIsBounded(t *testing.T) {
	const many = 100_000
	for _, tt := range []struct {
		name    string
		data    func() []byte
		perByte float64 // bytes of memory per byte of input
	}{
		{"many nodes", func() []byte { return bytes.Repeat([]byte("\x0a\x00"), many) }, 48},
		{"many children of one node", func() []byte {
			return node(bytes.Repeat([]byte("\x0a\x00"), many))
		}, 16},
		{"many attributes of one node", func() []byte {
			return node(bytes.Repeat([]byte("\x12\x00"), many))
		}, 32},
		{"many lists of values in one node", func() []byte {
			return node(bytes.Repeat([]byte("\x2a\x00"), many))
		}, 1},
		{"a chain of many nodes", func() []byte {
			g := objectgraph.Graph{Nodes: make([]objectgraph.Node, many)}
			for i := range many - 1 {
				g.Nodes[i].Children = []objectgraph.Child{{Name: "next", ID: i + 1}}
			}
			return g.Marshal()
		}, 20},
		{"a false length", func() []byte { return append([]byte("\x0a\xff\xff\xff\x7f"), make([]byte, many)...) }, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := tt.data()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _ = objectgraph.Parse(data)
			runtime.ReadMemStats(&after)
			require.Less(t, float64(after.TotalAlloc-before.TotalAlloc), tt.perByte*float64(len(data))+4096)
		})
	}
}

// node returns the encoding of a graph with one node.
func node(body []byte) []byte {
	m := &pb.TrackableObjectGraph{Nodes: []*pb.TrackableObjectGraph_TrackableObject{{}}}
	m.Nodes[0].ProtoReflect().SetUnknown(body)
	data, _ := proto.Marshal(m)
	return data
}

func TestCheckLooksAtNumbersThatNoInt32Holds(t *testing.T) {
	g := &objectgraph.Graph{Nodes: []objectgraph.Node{{Children: []objectgraph.Child{{ID: math.MaxInt}}}}}
	require.ErrorIs(t, g.Check(), format.ErrCorrupt)
}

func FuzzParse(f *testing.F) {
	for _, g := range goldens(f) {
		f.Add(g.data)
	}
	f.Add([]byte("\x0a\x06\x0a\x04\x12\x07ab"))
	f.Add([]byte("\x0a\x10\x22\x03\x0a\x01n\x22\x03\x12\x01o\x2a\x02\x08\x01\x2a\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := objectgraph.Parse(data)
		if err != nil {
			require.ErrorIs(t, err, format.ErrCorrupt)
			return
		}
		requireAsGenerated(t, data, g)
		back, err := objectgraph.Parse(g.Marshal())
		require.NoError(t, err)
		require.Equal(t, g, back)

		paths := g.Paths()
		for id := range g.Nodes {
			require.NotEmpty(t, paths.Name(id))
		}
		require.Len(t, g.Valued(), len(g.Nodes))
	})
}
