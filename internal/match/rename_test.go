package match_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format/nametree"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/match"
)

// valuePaths returns the paths of the values of a graph and their keys.
func valuePaths(g *objectgraph.Graph) []string {
	var out []string
	var visit func(id int, path string)
	visit = func(id int, path string) {
		for _, a := range g.Nodes[id].Attributes {
			out = append(out, strings.TrimPrefix(path, ".")+"="+a.Key)
		}
		for _, c := range g.Nodes[id].Children {
			visit(c.ID, path+"."+c.Name)
		}
	}
	visit(0, "")
	slices.Sort(out)
	return out
}

func TestRename(t *testing.T) {
	for _, c := range []struct {
		name    string
		keys    []string
		renames [][2]string
		want    []string
	}{
		{"a prefix of whole edges", []string{"bert.enc.w", "bert.encoder.w"}, [][2]string{{"bert.enc", "model"}}, []string{"bert.encoder.w=bert.encoder.w", "model.w=bert.enc.w"}},
		{"slashes and dots are equivalent", []string{"a/b/w"}, [][2]string{{"a/b", "x.y"}}, []string{"x.y.w=a/b/w"}},
		{"a wrapper is omitted", []string{"module.fc.weight", "module.fc.bias"}, [][2]string{{"module.", ""}}, []string{"fc.bias=module.fc.bias", "fc.weight=module.fc.weight"}},
		{"a level is added in front of all", []string{"w"}, [][2]string{{"", "model"}}, []string{"model.w=w"}},
		{"a regular expression with groups", []string{"h.0.w", "h.1.w"}, [][2]string{{`^h\.(\d+)\.`, "block$1."}}, []string{"block0.w=h.0.w", "block1.w=h.1.w"}},
		{"one after another", []string{"a.w"}, [][2]string{{"a", "b"}, {"b", "c"}}, []string{"c.w=a.w"}},
		{"a value with values below it", []string{"w", "w.absmax"}, [][2]string{{"w", "x"}}, []string{"x.absmax=w.absmax", "x=w"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, err := nametree.Graph(slices.Values(c.keys))
			require.NoError(t, err)
			got, err := match.Rename(g, renamings(t, c.renames))
			require.NoError(t, err)
			require.Equal(t, c.want, valuePaths(got))
		})
	}
}

func renamings(t *testing.T, of [][2]string) []match.Renaming {
	t.Helper()
	var all []match.Renaming
	for _, r := range of {
		n, err := match.NewRenaming(r[0], r[1])
		require.NoError(t, err)
		all = append(all, n)
	}
	return all
}

func TestRenameTiedValue(t *testing.T) {
	value := objectgraph.Node{Attributes: []objectgraph.Attribute{{Name: objectgraph.VariableValue, Key: "k"}}}
	g := &objectgraph.Graph{Nodes: []objectgraph.Node{{Children: []objectgraph.Child{{Name: "a", ID: 1}, {Name: "b", ID: 1}}}, value}}
	got, err := match.Rename(g, renamings(t, [][2]string{{"a", "x"}}))
	require.NoError(t, err)
	require.Equal(t, []string{"b=k", "x=k"}, valuePaths(got))
	require.Equal(t, got.Nodes[0].Children[0].ID, got.Nodes[0].Children[1].ID, "it is still the same value")
}

func TestRenameErrors(t *testing.T) {
	g, err := nametree.Graph(slices.Values([]string{"a.w", "b.w"}))
	require.NoError(t, err)
	_, err = match.Rename(g, renamings(t, [][2]string{{"c", "d"}}))
	require.ErrorContains(t, err, `Rename("c", "d"): no value of the checkpoint has such a path`)
	_, err = match.Rename(g, renamings(t, [][2]string{{"a", "b"}}))
	require.ErrorContains(t, err, "b.w, which another value has")
	_, err = match.NewRenaming("(", "")
	require.ErrorContains(t, err, "missing closing )")
}

// In a graph with additional names, a renaming may begin with any of them. No name is lost.
func TestRenameAliased(t *testing.T) {
	graph := func() *objectgraph.Graph { // layers/dense and head are one object
		value := func(key string) objectgraph.Node {
			return objectgraph.Node{Attributes: []objectgraph.Attribute{{Name: objectgraph.VariableValue, Key: key}}}
		}
		child := func(name string, id int) objectgraph.Child { return objectgraph.Child{Name: name, ID: id} }
		return &objectgraph.Graph{Aliased: true, Nodes: []objectgraph.Node{
			{Children: []objectgraph.Child{child("layers", 1), child("head", 2)}},
			{Children: []objectgraph.Child{child("dense", 2)}},
			{Children: []objectgraph.Child{child("kernel", 3), child("bias", 4)}},
			value("layers/dense/vars/0"), value("layers/dense/vars/1"),
		}}
	}
	kernels := func(paths []string) []string {
		return slices.DeleteFunc(paths, func(s string) bool { return !strings.HasSuffix(s, "0") })
	}
	for _, c := range []struct {
		name    string
		renames [][2]string
		want    []string
	}{
		{"the path in the file", [][2]string{{"layers/dense", "scores"}}, []string{"head.kernel", "layers.dense.kernel", "scores.kernel"}},
		{"the given name", [][2]string{{"head", "scores.out"}}, []string{"head.kernel", "layers.dense.kernel", "scores.out.kernel"}},
		{"levels are omitted one after another", [][2]string{{"head", "scores"}, {"scores", ""}}, []string{"head.kernel", "kernel", "layers.dense.kernel", "scores.kernel"}},
		{"a regular expression on keys", [][2]string{{`^layers\.(\w+)\.vars\.0$`, "$1.w"}}, []string{"dense.w", "head.kernel", "layers.dense.kernel"}},
		{"nothing changes", [][2]string{{"layers", "layers"}}, []string{"head.kernel", "layers.dense.kernel"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, err := match.Rename(graph(), renamings(t, c.renames))
			require.NoError(t, err)
			var want []string
			for _, w := range c.want {
				want = append(want, w+"=layers/dense/vars/0")
			}
			require.Equal(t, want, kernels(valuePaths(g)))
		})
	}
	_, err := match.Rename(graph(), renamings(t, [][2]string{{"body", "x"}}))
	require.ErrorContains(t, err, `Rename("body", "x"): no value`)
	_, err = match.Rename(graph(), renamings(t, [][2]string{{`\.(kernel|bias)$`, ".w"}}))
	require.ErrorContains(t, err, "which another value has")
}
