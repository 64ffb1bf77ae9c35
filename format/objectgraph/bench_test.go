package objectgraph_test

import (
	"fmt"
	"testing"

	"github.com/gockpt/ckpt/format/objectgraph"
)

// wide returns a graph of a root and n variables.
func wide(n int) *objectgraph.Graph {
	g := &objectgraph.Graph{Nodes: make([]objectgraph.Node, n+1)}
	for i := 1; i <= n; i++ {
		name := fmt.Sprintf("layer_with_weights-%d", i)
		g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: name, ID: i})
		g.Nodes[i].Attributes = []objectgraph.Attribute{{Name: objectgraph.VariableValue, FullName: name,
			Key: objectgraph.Key([]string{name}, objectgraph.VariableValue)}}
	}
	g.SetHasValues()
	return g
}

func BenchmarkParse(b *testing.B) {
	data := wide(100_000).Marshal()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := objectgraph.Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMarshal(b *testing.B) {
	g := wide(100_000)
	b.ReportAllocs()
	for b.Loop() {
		g.Marshal()
	}
}
