package tensorflow

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// A mirror is a program in the form of a stored object graph. The fields of its structs are the edges, with the names and global
// names that the checkpoint has. Its tensors hold zeros.
type mirror struct {
	root    any
	more    []ckpt.Option // objects that a Checkpoint attached to its root, and names of objects that no field holds
	tracked []child       // the edges of a Checkpoint without a root
	counted bool          // whether they include a save counter
}

// A child is an object and its name.
type child struct {
	name   string
	object any
}

// mirrorOf mirrors a checkpoint.
func mirrorOf(t *testing.T, r *ckpt.Reader) *mirror {
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
			m.more = append(m.more, ckpt.FullName(name, of[0].FullName))
		}
	}
	called("", 0)
	attached := false
	for i, c := range root.Children {
		switch {
		case c.Name == "save_counter":
			m.counted = true
		case !rooted:
			m.tracked = append(m.tracked, child{c.Name, objects[c.ID]})
			called(c.Name, c.ID)
		case c.Name == "root" && c.ID == 0:
			attached = true
		case attached:
			m.more = append(m.more, ckpt.With(c.Name, objects[c.ID]))
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

// mirrorNode makes the object of a stored node. Its edges do not lead to objects yet.
func mirrorNode(t *testing.T, r *ckpt.Reader, g *ckpt.StoredGraph, id int) any {
	n := &g.Nodes[id]
	zeros := func(key string) tensor.Any {
		e, err := r.Lookup(key)
		require.NoError(t, err)
		return ckpttest.Must(tensor.NewAny(e.DType, e.Shape...))
	}
	switch {
	case len(n.Attributes) == 1 && n.Attributes[0].Name == "VARIABLE_VALUE":
		return zeros(n.Attributes[0].Key)
	case len(n.Attributes) == 1 && n.Attributes[0].Name == "py_state":
		return new(ckpttest.StateBytes)
	case len(n.Attributes) > 0:
		s := &ckpttest.Several{Got: make(map[string]tensor.Any)}
		for _, a := range n.Attributes {
			name := strings.NewReplacer(".S", "/", "..", ".").Replace(a.Name)
			s.Names = append(s.Names, name)
			s.Got[name] = zeros(a.Key)
		}
		return s
	case len(n.Children) == 0:
		return new(ckpttest.Node)
	}
	quote := func(s string) string { return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'" }
	var fields []reflect.StructField
	for i, c := range n.Children {
		if id == 0 && (c.Name == "root" && c.ID == 0 || c.Name == "save_counter") {
			break // the following edges belong to the Checkpoint
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

// restored returns a Checkpoint of m that holds the values stored at path.
func (m *mirror) restored(t *testing.T, path string) *ckpt.Checkpoint {
	t.Helper()
	root := m.root
	if root == nil {
		root = ckpt.Group{}
	}
	c := ckpttest.New(t, root, m.more...)
	for _, obj := range m.tracked {
		require.NoError(t, c.Track(obj.name, obj.object))
	}
	restore := c.Read
	if m.counted {
		restore = c.Restore
	}
	s, err := restore(ctx, path)
	require.NoError(t, err)
	require.NoError(t, s.Assert(ckpt.Consumed, ckpt.ExistingObjectsMatched))
	return c
}

// notMirrored lists the checkpoints that a mirror cannot write again, and the reasons. TestSlotVariablesAsTensorFlow tests those
// with slot variables, because an optimizer keeps them.
var notMirrored = map[string]string{
	"objects-lookup-table/ckpt":     "the attribute's key is only the start of two keys that are stored",
	"objects-registered-saver/ckpt": "one node's tensors are another saver's",
	"saved-shards/ckpt":             "tensors are cut and distributed over several files: see TestMaxShardSize",
	"values-variant/ckpt":           "the attribute's key is only the start of the one that is stored",
}

// TestSameFiles restores every object graph that TensorFlow wrote into a program of that form, and saves it again. Every byte of
// the files must be the same.
func TestSameFiles(t *testing.T) {
	dirs, err := os.ReadDir(filepath.Join("testdata", "golden"))
	require.NoError(t, err)
	count := 0
	for _, d := range dirs {
		if strings.HasPrefix(d.Name(), "damaged-") && d.Name() != "damaged-none" {
			continue
		}
		g := ckpttest.Golden(t, d.Name())
		for _, prefix := range append(ckpttest.SortedKeys(g.Others), g.Prefix) {
			name := d.Name() + "/" + prefix
			r, err := ckpt.Open(g.Dir + "/" + prefix)
			require.NoError(t, err)
			defer r.Close()
			if graph, err := r.Graph(); err != nil {
				require.ErrorIs(t, err, ckpt.ErrNoObjectGraph)
				continue
			} else if _, known := notMirrored[name]; known || slices.ContainsFunc(graph.Nodes, func(n objectgraph.Node) bool { return len(n.Slots) > 0 }) {
				continue
			}
			t.Run(name, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "ckpt")
				_, err := mirrorOf(t, r).restored(t, r.Prefix()).Write(ctx, path, ckpt.AllowEmpty())
				require.NoError(t, err)
				ckpttest.RequireSameFiles(t, path, r.Prefix())
			})
			count++
		}
	}
	require.Greater(t, count, 35)
}
