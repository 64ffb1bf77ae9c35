package ckpt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// storeBundle writes tensors under the given keys. It does not check an object graph among them.
func storeBundle(t *testing.T, values map[string]tensor.Any) string {
	t.Helper()
	prefix := filepath.Join(t.TempDir(), "ckpt")
	w := bundle.Create(fsx.OS{}, prefix, bundle.Options{})
	for _, key := range ckpttest.SortedKeys(values) {
		require.NoError(t, w.Add(0, key, format.SourceOf(values[key])))
	}
	require.NoError(t, w.Commit(ctx))
	return prefix
}

// problems returns the problems that Verify reports, with warnings marked.
func problems(t *testing.T, path string, opts ...ckpt.OpenOption) (found []string) {
	t.Helper()
	r, err := ckpt.Open(path, opts...)
	require.NoError(t, err)
	defer r.Close()
	require.NoError(t, r.Verify(ctx, func(p ckpt.Problem) { found = append(found, p.String()) }))
	return found
}

func TestVerify(t *testing.T) {
	graphOf := func(keys ...string) *tensor.Tensor[string] {
		g := &objectgraph.Graph{Nodes: []objectgraph.Node{{}}}
		for i, key := range keys {
			_, name, _ := strings.Cut(key, "/.ATTRIBUTES/")
			g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: fmt.Sprint(i), ID: i + 1})
			g.Nodes = append(g.Nodes, objectgraph.Node{Attributes: []objectgraph.Attribute{{Name: name, Key: key}}})
		}
		return tensor.Scalar(string(g.Marshal()))
	}
	const key = objectgraph.GraphKey
	v := ckpttest.Scalar(1)
	for name, test := range map[string]struct {
		values map[string]tensor.Any
		want   []string // want[i] is part of problem i
	}{
		"everything exists":                                      {map[string]tensor.Any{key: graphOf("a/.ATTRIBUTES/VARIABLE_VALUE"), "a/.ATTRIBUTES/VARIABLE_VALUE": v}, nil},
		"a name-based checkpoint does not have a graph":          {map[string]tensor.Any{"a": v, "b/c": v}, nil},
		"keys outside of the graph belong to a registered saver": {map[string]tensor.Any{key: graphOf(), "a": v, "b/.ATTRIBUTES/x": v}, nil},
		"the key of a table is a prefix of two keys": {map[string]tensor.Any{
			key: graphOf("t/.ATTRIBUTES/table", "a/.ATTRIBUTES/VARIABLE_VALUE"), "a/.ATTRIBUTES/VARIABLE_VALUE": v,
			"t/.ATTRIBUTES/table-keys": v, "t/.ATTRIBUTES/table-values": v}, nil},
		"one prefix may be a prefix of another": {map[string]tensor.Any{key: graphOf("t/.ATTRIBUTES/t", "t/.ATTRIBUTES/tab"), "t/.ATTRIBUTES/table": v}, nil},
		"the key of a variable is not a prefix": {map[string]tensor.Any{
			key: graphOf("a/.ATTRIBUTES/VARIABLE_VALUE"), "a/.ATTRIBUTES/VARIABLE_VALUE_OLD": v},
			[]string{`the key "a/.ATTRIBUTES/VARIABLE_VALUE" for the attribute "VARIABLE_VALUE" of node 1`}},
		"keys that are not a prefix of any stored key": {map[string]tensor.Any{
			key: graphOf("z/.ATTRIBUTES/table", "b/.ATTRIBUTES/x", "m/.ATTRIBUTES/VARIABLE_VALUE"), "m/.ATTRIBUTES/VARIABLE_VALUE": v},
			[]string{`"b/.ATTRIBUTES/x"`, `"z/.ATTRIBUTES/table"`}},
		"the graph is missing":      {map[string]tensor.Any{"a/.ATTRIBUTES/VARIABLE_VALUE": v, "b/.ATTRIBUTES/VARIABLE_VALUE": v}, []string{"the object graph is missing"}},
		"the graph is not a string": {map[string]tensor.Any{key: v}, []string{"the object graph is a float32"}},
		"the graph is invalid":      {map[string]tensor.Any{key: tensor.Scalar("no graph")}, []string{"object graph"}},
		"nothing is stored":         {nil, []string{"nothing is stored in it"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := storeBundle(t, test.values)
			found := problems(t, path)
			require.Len(t, found, len(test.want), found)
			for i, want := range test.want {
				require.Contains(t, found[i], want)
				require.Contains(t, found[i], path)
			}
		})
	}

	t.Run("Verify continues after a problem, and warns of harmless ones", func(t *testing.T) {
		path := storeBundle(t, map[string]tensor.Any{"a": ckpttest.Vector(1, 2), "b": ckpttest.Vector(3, 4), "c": ckpttest.Vector(5, 6)})
		data, err := os.ReadFile(path + ".data-00000-of-00001")
		require.NoError(t, err)
		data[0] ^= 1
		data[len(data)-1] ^= 1
		require.NoError(t, os.WriteFile(path+".data-00000-of-00001", append(data, 7), 0o666))
		found := problems(t, path)
		require.Len(t, found, 3)
		require.Contains(t, found[0], `"a" at offset 0: checksum`)
		require.Contains(t, found[1], `"c" at offset 16: checksum`)
		require.Contains(t, found[2], "warning: "+path+".data-00000-of-00001 at offset 24: 1 bytes after the last tensor")
	})
	t.Run("a damaged graph is one problem, not two", func(t *testing.T) {
		path := storeBundle(t, map[string]tensor.Any{key: graphOf()})
		require.NoError(t, os.Truncate(path+".data-00000-of-00001", 3))
		require.Len(t, problems(t, path), 1)
	})
	t.Run("N-08 Verify also reads the older format", func(t *testing.T) {
		dir := filepath.Join("testdata", "golden", "saver-v1-two-shards")
		g := ckpttest.Golden(t, "saver-v1-two-shards")
		require.Empty(t, problems(t, filepath.Join(dir, g.Prefix)))
	})
	t.Run("progress counts every byte once", func(t *testing.T) {
		path := storeBundle(t, map[string]tensor.Any{"a": tensor.New[float32](1000), "b": tensor.New[float64](500), "c": ckpttest.Must(tensor.FromSlice([]string{"x", "yz"}, 2))})
		var last ckpt.Progress
		require.Empty(t, problems(t, path, ckpt.WithProgress(func(p ckpt.Progress) {
			require.Greater(t, p.Done, last.Done)
			require.LessOrEqual(t, p.Done, p.Total)
			last = p
		})))
		require.Equal(t, ckpt.Progress{Done: 8009, Total: 8009}, last)
	})
	t.Run("Verify ends with its context", func(t *testing.T) {
		path := storeBundle(t, map[string]tensor.Any{"a": v})
		r, err := ckpt.Open(path)
		require.NoError(t, err)
		defer r.Close()
		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(ctx)
		cancel(gone)
		none := func(p ckpt.Problem) { require.Fail(t, p.String()) }
		require.Error(t, r.Verify(ctx, none))
		require.Error(t, r.VerifyGraph(ctx, none))
	})
}
