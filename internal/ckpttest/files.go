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
)

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

// FilesOf returns the files of the checkpoint called prefix: what their names end in, and their bytes.
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

// RequireSameFiles holds the checkpoint called prefix to another's files, byte for byte. What differs is said in terms of what
// is stored where that can be told.
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

// GraphOf returns the object graph that a checkpoint stores, a line per node.
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

// EntriesOf returns what a checkpoint's index says of each tensor but the object graph, whose length follows from what is in it.
func EntriesOf(t testing.TB, path string) []string {
	t.Helper()
	var lines []string
	for _, v := range Open(t, path).Variables() {
		if v.Key != "_CHECKPOINTABLE_OBJECT_GRAPH" {
			lines = append(lines, fmt.Sprintf("%+v", v))
		}
	}
	return lines
}

// KeysOf returns the keys that a checkpoint stores, in byte order and without the object graph's.
func KeysOf(t testing.TB, path string) []string {
	t.Helper()
	var keys []string
	for _, v := range Open(t, path).Variables() {
		if v.Key != "_CHECKPOINTABLE_OBJECT_GRAPH" {
			keys = append(keys, v.Key)
		}
	}
	return keys
}

// SortedKeys returns the keys of m in their order.
func SortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
