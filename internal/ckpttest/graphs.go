package ckpttest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/tensor"
)

// ForgeGraph writes a checkpoint with any object graph and correct checksums. Each key has a float32 scalar of 1.
func ForgeGraph(t testing.TB, w *bundle.Writer, g *objectgraph.Graph) {
	t.Helper()
	stored := make(map[string]bool)
	for i := range g.Nodes {
		for _, a := range g.Nodes[i].Attributes {
			if !stored[a.Key] {
				require.NoError(t, w.Add(0, a.Key, format.SourceOf(tensor.Scalar(float32(1)))))
			}
			stored[a.Key] = true
		}
	}
	require.NoError(t, w.Add(0, objectgraph.GraphKey, format.SourceOf(tensor.Scalar(string(g.Marshal())))))
	require.NoError(t, w.Commit(t.Context()))
}
