package objectgraph_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format/objectgraph"
)

// A golden is the object graph of a checkpoint that TensorFlow wrote (testdata/golden.py).
type golden struct {
	data []byte
	want struct {
		Graph json.RawMessage
		Names []string // TensorFlow's name for each node
		Keys  []string // the keys in the checkpoint's index
	}
}

func goldens(t testing.TB) map[string]golden {
	files, err := filepath.Glob("testdata/*.pb")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all := make(map[string]golden)
	for _, file := range files {
		var g golden
		g.data, err = os.ReadFile(file)
		require.NoError(t, err)
		text, err := os.ReadFile(strings.TrimSuffix(file, ".pb") + ".json")
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &g.want))
		all[strings.TrimSuffix(filepath.Base(file), ".pb")] = g
	}
	return all
}

func parse(t testing.TB, data []byte) *objectgraph.Graph {
	g, err := objectgraph.Parse(data)
	require.NoError(t, err)
	return g
}

func TestTensorFlowsGraphs(t *testing.T) {
	for name, golden := range goldens(t) {
		t.Run(name, func(t *testing.T) {
			g := parse(t, golden.data)

			got, err := json.Marshal(g)
			require.NoError(t, err)
			require.JSONEq(t, string(golden.want.Graph), string(got))

			require.Equal(t, golden.data, g.Marshal(), "byte for byte")
			require.Equal(t, string(golden.data), g.Text())
			require.Equal(t, "before"+string(golden.data), string(g.Append([]byte("before"))))

			t.Run("A-17 A-15 the names of nodes", func(t *testing.T) {
				paths := g.Paths()
				for id, want := range golden.want.Names {
					require.Equal(t, want, paths.Name(id))
				}
			})
			t.Run("G-10 nodes are numbered breadth first, slot variables last", func(t *testing.T) {
				order := g.Paths().Order()
				require.True(t, slices.IsSorted(order))
				require.Equal(t, len(order)-1, order[len(order)-1])
			})
			t.Run("G-34 which nodes have values", func(t *testing.T) {
				for i := range g.Nodes {
					g.Nodes[i].HasValues = nil
				}
				g.SetHasValues()
				require.Equal(t, golden.data, g.Marshal())
			})
			t.Run("G-02 G-03 G-07 keys follow from the graph", func(t *testing.T) {
				require.Equal(t, golden.want.Keys, keysOf(g))
			})
		})
	}
}

// keysOf returns the keys under which a writer stores the tensors of g. It computes them only from g's edges.
func keysOf(g *objectgraph.Graph) []string {
	paths := g.Paths()
	slots := map[int]string{} // the paths of slot variables
	for id, n := range g.Nodes {
		for _, s := range n.Slots {
			optimizer, _ := paths.Edges(id)
			original, _ := paths.Edges(s.Original)
			slots[s.Variable] = objectgraph.SlotPath(objectgraph.ObjectPath(original...), objectgraph.ObjectPath(optimizer...), s.Name)
		}
	}
	keys := []string{objectgraph.GraphKey}
	for id, n := range g.Nodes {
		path, ok := slots[id]
		if edges, reached := paths.Edges(id); !ok && reached {
			path = objectgraph.ObjectPath(edges...)
		}
		for _, a := range n.Attributes {
			keys = append(keys, objectgraph.KeyAt(path, a.Name))
		}
	}
	slices.Sort(keys)
	return keys
}

// This spells out the bytes of one graph.
func TestBytes(t *testing.T) {
	yes := true
	g := &objectgraph.Graph{Nodes: []objectgraph.Node{{
		Children: []objectgraph.Child{{Name: "v", ID: 1}, {Name: "root", ID: 0}, {Name: "", ID: 1}},
		Slots:    []objectgraph.Slot{{Original: 1, Name: "m", Variable: 2}, {Original: 0, Variable: 300}},
	}, {
		Attributes: []objectgraph.Attribute{{Name: "VARIABLE_VALUE", Key: "v/.ATTRIBUTES/VARIABLE_VALUE"}},
		HasValues:  &yes,
	}, {
		Saver:     &objectgraph.RegisteredSaver{Name: "a.b", ObjectName: ""},
		HasValues: new(bool),
	}}}
	require.Equal(t, ""+
		"\x0a\x21"+ // node 0
		"\x0a\x05\x08\x01\x12\x01v"+ // a child
		"\x0a\x06\x12\x04root"+ // G-17: the number of an edge to the root is omitted
		"\x0a\x02\x08\x01"+ // G-05: an empty name is omitted
		"\x1a\x07\x08\x01\x12\x01m\x18\x02"+
		"\x1a\x03\x18\xac\x02"+
		"\x0a\x34"+ // node 1
		"\x12\x2e\x0a\x0eVARIABLE_VALUE\x1a\x1cv/.ATTRIBUTES/VARIABLE_VALUE"+
		"\x2a\x02\x08\x01"+
		"\x0a\x09"+ // node 2
		"\x22\x05\x0a\x03a.b"+
		"\x2a\x00", string(g.Marshal()))
}
