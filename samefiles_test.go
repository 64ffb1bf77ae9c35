package ckpt

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/tensor"
)

// filesOf returns the files of the checkpoint called prefix: what their names end in, and their bytes.
func filesOf(t *testing.T, prefix string) map[string]string {
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

// requireSameFiles holds the checkpoint called prefix to another's files, byte for byte. What differs is said in terms of what
// is stored where that can be told.
func requireSameFiles(t *testing.T, prefix, want string) {
	t.Helper()
	wantFiles, files := filesOf(t, want), filesOf(t, prefix)
	require.Contains(t, wantFiles, ".index", "no checkpoint is called %s", want)
	if reflect.DeepEqual(wantFiles, files) {
		return
	}
	require.Equal(t, graphOf(t, want), graphOf(t, prefix), "the object graph")
	require.Equal(t, entriesOf(t, want), entriesOf(t, prefix), "the tensors")
	require.Equal(t, sortedKeys(wantFiles), sortedKeys(files), "the names of the files")
	for end := range wantFiles {
		require.Equal(t, []byte(wantFiles[end]), []byte(files[end]), end)
	}
}

// graphOf returns the object graph that a checkpoint stores, a line per node.
func graphOf(t *testing.T, path string) []string {
	t.Helper()
	r := opened(t, path)
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

// entriesOf returns what a checkpoint's index says of each tensor but the object graph, whose length follows from what is in it.
func entriesOf(t *testing.T, path string) []string {
	t.Helper()
	var lines []string
	for _, v := range opened(t, path).Variables() {
		if v.Key != "_CHECKPOINTABLE_OBJECT_GRAPH" {
			lines = append(lines, fmt.Sprintf("%+v", v))
		}
	}
	return lines
}

// keysOf returns the keys that a checkpoint stores, in byte order and without the object graph's.
func keysOf(t *testing.T, path string) []string {
	t.Helper()
	var keys []string
	for _, v := range opened(t, path).Variables() {
		if v.Key != "_CHECKPOINTABLE_OBJECT_GRAPH" {
			keys = append(keys, v.Key)
		}
	}
	return keys
}

func opened(t *testing.T, path string) *Reader {
	t.Helper()
	r, err := Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	return r
}

// stateBytes is state of a program's own that is stored as one string.
type stateBytes struct{ data string }

func (s *stateBytes) MarshalBinary() ([]byte, error) { return []byte(s.data), nil }

func (s *stateBytes) UnmarshalBinary(b []byte) error {
	s.data = string(b)
	return nil
}

// A mirror is a program made in the form of an object graph that a checkpoint stores: structs whose fields are the edges, under
// the names and global names that the checkpoint gives them. Its tensors hold zeros.
type mirror struct {
	root    any
	more    []Option      // what a Checkpoint attached to its root, and the names of what no field holds
	tracked []namedObject // the edges of a Checkpoint without a root
	counted bool          // a save counter is among them
}

// mirrorOf mirrors a checkpoint.
func mirrorOf(t *testing.T, r *Reader) *mirror {
	t.Helper()
	g, err := r.Graph()
	require.NoError(t, err)
	root := &g.Nodes[0]
	rooted := len(root.Attributes) > 0
	for _, c := range root.Children {
		rooted = rooted || c.Name == "root" && c.ID == 0
	}
	objects := make([]any, len(g.Nodes))
	for id := range g.Nodes {
		objects[id] = mirrorNode(t, r, g, id)
	}
	m := &mirror{root: objects[0]}
	called := func(name string, id int) {
		if of := g.Nodes[id].Attributes; len(of) == 1 && of[0].FullName != "" {
			m.more = append(m.more, FullName(name, of[0].FullName))
		}
	}
	called("", 0)
	attached := false
	for i, c := range root.Children {
		switch {
		case c.Name == "save_counter":
			m.counted = true
		case !rooted:
			m.tracked = append(m.tracked, namedObject{c.Name, objects[c.ID]})
			called(c.Name, c.ID)
		case c.Name == "root" && c.ID == 0:
			attached = true
		case attached:
			m.more = append(m.more, With(c.Name, objects[c.ID]))
			called(c.Name, c.ID)
		default:
			reflect.ValueOf(objects[0]).Elem().Field(i).Set(reflect.ValueOf(objects[c.ID]))
		}
	}
	for id := 1; id < len(g.Nodes); id++ {
		for i, c := range g.Nodes[id].Children {
			reflect.ValueOf(objects[id]).Elem().Field(i).Set(reflect.ValueOf(objects[c.ID]))
		}
	}
	if !rooted {
		m.root = nil
	}
	return m
}

// mirrorNode makes the object of a stored node, its edges leading nowhere yet.
func mirrorNode(t *testing.T, r *Reader, g *StoredGraph, id int) any {
	n := &g.Nodes[id]
	zeros := func(key string) tensor.Any {
		e, err := r.Lookup(key)
		require.NoError(t, err)
		return must(tensor.NewAny(e.DType, e.Shape...))
	}
	switch {
	case len(n.Attributes) == 1 && n.Attributes[0].Name == "VARIABLE_VALUE":
		return zeros(n.Attributes[0].Key)
	case len(n.Attributes) == 1 && n.Attributes[0].Name == "py_state":
		return new(stateBytes)
	case len(n.Attributes) > 0:
		s := &several{got: make(map[string]tensor.Any)}
		for _, a := range n.Attributes {
			name := strings.NewReplacer(".S", "/", "..", ".").Replace(a.Name)
			s.names = append(s.names, name)
			s.got[name] = zeros(a.Key)
		}
		return s
	case len(n.Children) == 0:
		return new(group)
	}
	quote := func(s string) string { return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'" }
	var fields []reflect.StructField
	for i, c := range n.Children {
		if id == 0 && (c.Name == "root" && c.ID == 0 || c.Name == "save_counter") {
			break // what follows belongs to the Checkpoint
		}
		tag := quote(c.Name)
		if of := g.Nodes[c.ID].Attributes; len(of) == 1 && of[0].FullName != "" {
			tag += ",fullname=" + quote(of[0].FullName)
		}
		fields = append(fields, reflect.StructField{
			Name: "F" + strconv.Itoa(i), Type: reflect.TypeFor[any](), Tag: reflect.StructTag("ckpt:" + strconv.Quote(tag)),
		})
	}
	return reflect.New(reflect.StructOf(fields)).Interface()
}

// restored returns a Checkpoint of m that holds what is stored in path.
func (m *mirror) restored(t *testing.T, path string) *Checkpoint {
	t.Helper()
	root := m.root
	if root == nil {
		root = Group{}
	}
	c := mustNew(t, root, m.more...)
	for _, obj := range m.tracked {
		require.NoError(t, c.Track(obj.name, obj.object))
	}
	restore := c.Read
	if m.counted {
		restore = c.Restore
	}
	s, err := restore(ctx, path)
	require.NoError(t, err)
	require.NoError(t, s.Assert(Consumed, ExistingObjectsMatched))
	return c
}

// notMirrored are the checkpoints that no mirror writes again, and why; those of slot variables, which are an optimizer's to
// keep, are left to TestSlotVariablesAsTensorFlow.
var notMirrored = map[string]string{
	"objects-lookup-table/ckpt":     "the attribute's key is only the start of two keys that are stored",
	"objects-registered-saver/ckpt": "one node's tensors are another saver's",
	"saved-shards/ckpt":             "tensors are cut and distributed over several files: see TestMaxShardSize",
	"values-variant/ckpt":           "the attribute's key is only the start of the one that is stored",
}

// TestSameFiles lets programs in the form of every object graph that TensorFlow wrote take its values and write them again: the
// files come out as they went in, each byte of them.
func TestSameFiles(t *testing.T) {
	dirs, err := os.ReadDir(filepath.Join("testdata", "golden"))
	require.NoError(t, err)
	count := 0
	for _, d := range dirs {
		if strings.HasPrefix(d.Name(), "damaged-") && d.Name() != "damaged-none" {
			continue
		}
		g := golden(t, d.Name())
		for _, prefix := range append(sortedKeys(g.Others), g.Prefix) {
			name := d.Name() + "/" + prefix
			r, err := Open(g.dir + "/" + prefix)
			require.NoError(t, err)
			defer r.Close()
			if graph, err := r.Graph(); err != nil {
				require.ErrorIs(t, err, ErrNoObjectGraph)
				continue
			} else if _, known := notMirrored[name]; known || slices.ContainsFunc(graph.Nodes, func(n objectgraph.Node) bool { return len(n.Slots) > 0 }) {
				continue
			}
			t.Run(name, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "ckpt")
				_, err := mirrorOf(t, r).restored(t, r.Prefix()).Write(ctx, path, AllowEmpty())
				require.NoError(t, err)
				requireSameFiles(t, path, r.Prefix())
			})
			count++
		}
	}
	require.Greater(t, count, 35)
}
