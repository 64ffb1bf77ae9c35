package objectgraph_test

import (
	"testing"

	"github.com/gockpt/ckpt/format/objectgraph"
)

// `.ci/run benchmarks` compares this benchmark with the previous commit. See stages_test.go in the root
// package.

func BenchmarkStageEncodeGraph(b *testing.B) {
	g := wide(2_000)
	b.ReportAllocs()
	for b.Loop() {
		g.Marshal()
	}
}

func BenchmarkStageParseGraph(b *testing.B) {
	data := wide(2_000).Marshal()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := objectgraph.Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}
