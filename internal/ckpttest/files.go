package ckpttest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/objectgraph"
)

// Path returns the path of a file of the module, given by its path from the module's root.
func Path(parts ...string) string {
	root := "."
	for range 8 {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			return filepath.Join(root, filepath.Join(parts...))
		}
		root = filepath.Join(root, "..")
	}
	panic("the test does not run in a directory of the module")
}

// NamesIn returns the names of the files in dir.
func NamesIn(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// FilesOf returns the bytes of the files of the checkpoint called prefix, by the rest of their names.
func FilesOf(t testing.TB, prefix string) map[string]string {
	t.Helper()
	dir, base := filepath.Split(prefix)
	entries, err := os.ReadDir(filepath.Clean(dir))
	require.NoError(t, err)
	files := make(map[string]string)
	for _, e := range entries {
		end, ok := strings.CutPrefix(e.Name(), base)
		if ok && (end == ".index" || strings.HasPrefix(end, ".data-")) {
			data, err := os.ReadFile(filepath.Join(dir, e.Name()))
			require.NoError(t, err)
			files[end] = string(data)
		}
	}
	return files
}

// RequireSameFiles fails the test if the files of two checkpoints differ in any byte. It compares object graphs and tensors
// first, so that the failure shows the difference.
func RequireSameFiles(t testing.TB, prefix, want string) {
	t.Helper()
	wantFiles, files := FilesOf(t, want), FilesOf(t, prefix)
	require.Contains(t, wantFiles, ".index", "no checkpoint is called %s", want)
	if reflect.DeepEqual(wantFiles, files) {
		return
	}
	require.Equal(t, GraphOf(t, want), GraphOf(t, prefix), "the object graph")
	require.Equal(t, EntriesOf(t, want), EntriesOf(t, prefix), "the tensors")
	require.Equal(t, SortedKeys(wantFiles), SortedKeys(files), "the names of the files")
	for end := range wantFiles {
		require.Equal(t, []byte(wantFiles[end]), []byte(files[end]), end)
	}
}

// GraphOf returns the object graph of a checkpoint, with a line per node.
func GraphOf(t testing.TB, path string) []string {
	t.Helper()
	r := Open(t, path)
	g, err := r.Graph()
	require.NoError(t, err)
	var lines []string
	for id, n := range g.Nodes {
		var b strings.Builder
		fmt.Fprintf(&b, "%d", id)
		for _, c := range n.Children {
			fmt.Fprintf(&b, " %s:%d", c.Name, c.ID)
		}
		for _, a := range n.Attributes {
			fmt.Fprintf(&b, " [%s %q %s]", a.Name, a.FullName, a.Key)
		}
		for _, s := range n.Slots {
			fmt.Fprintf(&b, " %s(%d):%d", s.Name, s.Original, s.Variable)
		}
		if n.HasValues == nil || !*n.HasValues {
			b.WriteString(" without values")
		}
		lines = append(lines, b.String())
	}
	return lines
}

// EntriesOf returns the index entries of a checkpoint's tensors, a line each, without the object graph.
func EntriesOf(t testing.TB, path string) []string {
	t.Helper()
	var lines []string
	for _, v := range tensorsOf(t, path) {
		lines = append(lines, fmt.Sprintf("%+v", v))
	}
	return lines
}

// KeysOf returns the keys in a checkpoint, in byte order, without the key of the object graph.
func KeysOf(t testing.TB, path string) []string {
	t.Helper()
	var keys []string
	for _, v := range tensorsOf(t, path) {
		keys = append(keys, v.Key)
	}
	return keys
}

// tensorsOf returns a checkpoint's tensors in the byte order of their keys, without the object graph.
func tensorsOf(t testing.TB, path string) []ckpt.VariableInfo {
	t.Helper()
	return slices.DeleteFunc(Open(t, path).Variables(), func(v ckpt.VariableInfo) bool { return v.Key == objectgraph.GraphKey })
}

// SortedKeys returns the keys of m, sorted.
func SortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
