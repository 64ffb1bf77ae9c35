package derived_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/derived"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/tensor"
)

// open writes tensors under their names, and opens them as a checkpoint. In the checkpoint's graph, an object
// "l" has all of them.
func open(t *testing.T, tensors map[string]tensor.Any) (*derived.Reader, *derived.Graph) {
	t.Helper()
	prefix := filepath.Join(t.TempDir(), "w")
	w := bundle.Create(fsx.OS{}, prefix, bundle.Options{})
	g := &objectgraph.Graph{Nodes: []objectgraph.Node{{Children: []objectgraph.Child{{Name: "l", ID: 1}}}, {}}}
	for name, v := range tensors {
		require.NoError(t, w.Add(0, name, format.SourceOf(v)))
		g.Nodes[1].Children = append(g.Nodes[1].Children, objectgraph.Child{Name: name, ID: len(g.Nodes)})
		g.Nodes = append(g.Nodes, objectgraph.Node{Attributes: []objectgraph.Attribute{{Name: objectgraph.VariableValue, Key: name}}})
	}
	require.NoError(t, w.Commit(context.Background()))
	r, err := bundle.Open(fsx.OS{}, prefix)
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	d := derived.NewReader(r)
	return d, derived.NewGraph(g, d)
}

func matrix(t *testing.T, rows, columns int, values ...float32) *tensor.Tensor[float32] {
	m, err := tensor.FromSlice(values, rows, columns)
	require.NoError(t, err)
	return m
}

// keyOf returns the key of the value at a path.
func keyOf(t *testing.T, g *derived.Graph, path ...string) string {
	t.Helper()
	at := 0
	for _, name := range path {
		found := false
		for _, c := range g.Nodes[at].Children {
			if c.Name == name {
				at, found = c.ID, true
			}
		}
		require.True(t, found, "no edge %s in %v", name, path)
	}
	require.Len(t, g.Nodes[at].Attributes, 1)
	return g.Nodes[at].Attributes[0].Key
}

func TestADerivedValueReadsLikeAnyOther(t *testing.T) {
	ctx := context.Background()
	r, g := open(t, map[string]tensor.Any{"weight": matrix(t, 2, 3, 1, 2, 3, 4, 5, 6)})
	applied, err := g.Extend(1, []layout.Rule{layout.Permuted(layout.PyTorch, "cell/kernel", "weight", 1, 0)})
	require.NoError(t, err)
	require.Len(t, applied, 1)
	require.False(t, applied[0].Square)
	require.True(t, g.Used(2), "the stored value counts as used")

	key := keyOf(t, g, "l", "cell", "kernel")
	e, ok, err := r.Lookup(key)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, tensor.Shape{3, 2}, e.Shape)
	require.NoError(t, r.Check(key))

	want := matrix(t, 3, 2, 1, 4, 2, 5, 3, 6)
	got := tensor.New[float32](3, 2)
	require.NoError(t, r.Read(ctx, key, got))
	require.Equal(t, want.Data(), got.Data())

	region := tensor.Slice{{Start: 1, Length: 2}, tensor.Full}
	part := tensor.New[float32](2, 2)
	require.NoError(t, r.CheckSlice(key, region))
	require.NoError(t, r.ReadSlice(ctx, key, region, part))
	require.Equal(t, []float32{2, 5, 3, 6}, part.Data())

	var stored bytes.Buffer
	require.NoError(t, r.WriteStored(ctx, key, &stored))
	b, _ := tensor.Bytes(want)
	if tensor.NativeLittleEndian {
		require.Equal(t, sha256.Sum256(b), sha256.Sum256(stored.Bytes()))
	}
}

func TestRulesThatDoNotApply(t *testing.T) {
	for _, c := range []struct {
		name string
		rule layout.Rule
	}{
		{"a missing stored name", layout.Sum(layout.PyTorch, "b", []string{"weight", "other"})},
		{"the object's own name is stored", layout.Permuted(layout.PyTorch, "kernel", "weight", 1, 0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, g := open(t, map[string]tensor.Any{"weight": matrix(t, 1, 2, 1, 2), "kernel": matrix(t, 2, 1, 1, 2)})
			applied, err := g.Extend(1, []layout.Rule{c.rule})
			require.NoError(t, err)
			require.Empty(t, applied)
			require.False(t, g.Used(2))
		})
	}
}

func TestShapesThatDoNotFitARule(t *testing.T) {
	_, g := open(t, map[string]tensor.Any{"a": matrix(t, 1, 2, 1, 2), "b": matrix(t, 2, 1, 1, 2)})
	_, err := g.Extend(1, []layout.Rule{layout.Sum(layout.PyTorch, "c", []string{"a", "b"})})
	require.ErrorContains(t, err, "a, b as pytorch's a, b: a has shape [1 2], b has [2 1]")
}

func TestSquare(t *testing.T) {
	_, g := open(t, map[string]tensor.Any{"weight": matrix(t, 2, 2, 1, 2, 3, 4)})
	applied, err := g.Extend(1, []layout.Rule{layout.Permuted(layout.PyTorch, "kernel", "weight", 1, 0)})
	require.NoError(t, err)
	require.True(t, applied[0].Square)
}

// TestSeveralResults reads the parts of one stored tensor from several goroutines, and then reads them again.
func TestSeveralResults(t *testing.T) {
	r, g := open(t, map[string]tensor.Any{"in_proj": matrix(t, 3, 2, 1, 2, 3, 4, 5, 6)})
	_, err := g.Extend(1, []layout.Rule{layout.Split(layout.PyTorch, []string{"q", "k", "v"}, "in_proj", "a b -> b a", nil)})
	require.NoError(t, err)
	for range 2 {
		var wg sync.WaitGroup
		for i, name := range []string{"q", "k", "v"} {
			key := keyOf(t, g, "l", name)
			wg.Go(func() {
				got := tensor.New[float32](2, 1)
				if err := r.Read(context.Background(), key, got); err != nil {
					t.Error(err)
				}
				if want := float32(2*i + 1); got.Data()[0] != want || got.Data()[1] != want+1 {
					t.Errorf("%s is %v, want [%v %v]", key, got.Data(), want, want+1)
				}
			})
		}
		wg.Wait()
	}
}

func TestWhatIsUnneededCountsAsUsed(t *testing.T) {
	_, g := open(t, map[string]tensor.Any{"num_batches_tracked": matrix(t, 1, 1, 7)})
	applied, err := g.Extend(1, []layout.Rule{layout.Unneeded(layout.PyTorch, "num_batches_tracked")})
	require.NoError(t, err)
	require.Len(t, applied, 1)
	require.True(t, g.Used(2))
}
