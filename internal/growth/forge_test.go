package growth

import (
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/sections"
	"github.com/gockpt/ckpt/tensor"
)

// forge writes a checkpoint with the graph g and returns its prefix (see [ckpttest.ForgeGraph]).
func forge(t testing.TB, dir string, g *objectgraph.Graph) string {
	t.Helper()
	prefix := filepath.Join(dir, "ckpt")
	ckpttest.ForgeGraph(t, bundle.CreateFile(prefix, bundle.Options{}), g)
	return prefix
}

// graph returns a graph of n nodes.
func graph(n int) *objectgraph.Graph { return &objectgraph.Graph{Nodes: make([]objectgraph.Node, n)} }

// value returns the attributes of the variable with a key.
func value(key string) []objectgraph.Attribute {
	return []objectgraph.Attribute{{Name: objectgraph.VariableValue, FullName: key, Key: key}}
}

// forgeSection replaces the part of the object graph in the only section of prefix, which must have been
// written.
func forgeSection(t testing.TB, prefix string, g *objectgraph.Graph) {
	t.Helper()
	names, err := filepath.Glob(sections.Dir(prefix) + "/a-*/section-*")
	require.NoError(t, err)
	require.Len(t, names, 1)
	b, err := os.ReadFile(names[0])
	require.NoError(t, err)
	m, err := sections.DecodeManifest(b)
	require.NoError(t, err)
	blob := g.Marshal()
	m.Graph = sections.SumOf(blob)
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(names[0]), m.Nonce+".graph"), blob, 0o666))
	require.NoError(t, os.WriteFile(names[0], m.Encode(), 0o666))
}

// A variable is a program with one variable.
type variable struct{ W tensor.Tensor[float32] }

// built returns a program with a value in its variable.
func built() *variable { return &variable{W: *tensor.Scalar(float32(1))} }

// silent are options that discard the warnings of a verb.
func silent() ckpt.AnyOption { return ckpt.WithLogger(slog.New(slog.DiscardHandler)) }

// checkpoint returns a Checkpoint of root.
func checkpoint(t testing.TB, root any, opts ...ckpt.Option) *ckpt.Checkpoint {
	t.Helper()
	c, err := ckpt.New(root, append(opts, silent())...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// words formats an error, because the text may list many problems.
func words(err error) {
	if err != nil {
		_ = err.Error()
	}
}

// verbs calls everything that reads the checkpoint at prefix into a program. program returns a new one
// for each call.
func verbs(t testing.TB, prefix string, program func() any) {
	ctx := t.Context()
	words(ckpt.LoadWeights(ctx, prefix, program(), silent()))
	words(ckpt.LoadWeights(ctx, prefix, program(), silent(), ckpt.Partial()))
	words(ckpt.LoadWeights(ctx, prefix, program(), silent(), ckpt.Partial(), ckpt.Strict()))
	c := checkpoint(t, program())
	status, err := c.Read(ctx, prefix)
	words(err)
	if err == nil {
		words(status.AssertConsumed())
		words(status.AssertExistingObjectsMatched())
		words(status.AssertNontrivialMatch())
		_ = status.Report().String()
		words(status.Update(ctx))
	}
	if s, err := ckpt.NewSaver(program(), silent()); err == nil {
		words(s.Restore(ctx, prefix))
	}
	look(t, prefix)
}

// look calls everything that reads the checkpoint at path without a program.
func look(t testing.TB, path string) {
	r, err := ckpt.Open(path)
	words(err)
	if err != nil {
		return
	}
	for _, v := range r.Variables() {
		_, err := r.Tensor(v.Key)
		words(err)
	}
	words(r.Verify(t.Context(), func(p ckpt.Problem) { words(p.Err) }))
	words(r.VerifyGraph(t.Context(), func(p ckpt.Problem) { words(p.Err) }))
	if v, err := r.View(); err == nil {
		_ = ckpt.Diff(v, v)
	}
	require.NoError(t, r.Close())
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
