package tensorflow

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// blobOf returns the object graph's bytes as a checkpoint stores them.
func blobOf(t *testing.T, path string) string {
	t.Helper()
	blob, ok := tensor.As[string](ckpttest.Must(ckpttest.Open(t, path).Tensor("_CHECKPOINTABLE_OBJECT_GRAPH")))
	require.True(t, ok)
	return blob.Data()[0]
}

func TestKeys(t *testing.T) {
	t.Run("G-01 dots are doubled first, then slashes become .S", func(t *testing.T) {
		for name, segment := range map[string]string{
			"a/b/c": "a.Sb.Sc", "c/": "c.S", "d/.S": "d.S..S", "a.b": "a..b", "/": ".S", ".": "..", "./": "...S", "/.": ".S..", "x y": "x y", "日本": "日本",
		} {
			require.Equal(t, []string{segment + "/.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, ckpttest.Written(t, ckpt.Group{name: ckpttest.Scalar(1)})), name)
		}
	})
	t.Run("G-02 G-03 a key is the escaped edges from the root joined by slashes, and the attribute", func(t *testing.T) {
		path := ckpttest.Written(t, ckpt.Group{"a": ckpttest.NodeOf("b/c", ckpttest.NodeOf("d", ckpttest.Scalar(1)))})
		require.Equal(t, []string{"a/b.Sc/d/.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, path))
	})
	t.Run("G-04 G-40 a name that equals a reserved word is not mistaken for the word", func(t *testing.T) {
		program := func(v float32) *ckpttest.Node {
			return ckpttest.NodeOf(".ATTRIBUTES", ckpttest.Scalar(v), ".OPTIMIZER_SLOT", ckpttest.NodeOf("v", ckpttest.Scalar(v)), "x/.ATTRIBUTES/VARIABLE_VALUE", ckpttest.Scalar(v), "ATTRIBUTES", ckpttest.Scalar(v))
		}
		path := ckpttest.Written(t, program(1))
		require.Equal(t, []string{
			"..ATTRIBUTES/.ATTRIBUTES/VARIABLE_VALUE", "..OPTIMIZER_SLOT/v/.ATTRIBUTES/VARIABLE_VALUE",
			"ATTRIBUTES/.ATTRIBUTES/VARIABLE_VALUE", "x.S..ATTRIBUTES.SVARIABLE_VALUE/.ATTRIBUTES/VARIABLE_VALUE",
		}, ckpttest.KeysOf(t, path))
		got := program(0)
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, got), path).AssertConsumed())
		for _, n := range ckpttest.Must(ckpttest.New(t, got).View()).Nodes {
			if v, ok := n.Object.(tensor.Any); ok {
				require.Equal(t, ckpttest.Scalar(1), v, n.Path)
			}
		}
	})
	t.Run("G-05 an edge without a name has an empty segment and no local_name", func(t *testing.T) {
		path := ckpttest.Written(t, ckpttest.NodeOf("d", ckpttest.NodeOf("", ckpttest.Scalar(7))))
		require.Equal(t, []string{"d//.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, path))
		// Node 1's only child is node 2, without a local_name; it has values.
		require.Contains(t, blobOf(t, path), "\x0a\x08"+"\x0a\x02\x08\x02"+"\x2a\x02\x08\x01")
		v := ckpttest.Scalar(0)
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, ckpttest.NodeOf("d", ckpttest.NodeOf("", v))), path).AssertConsumed())
		require.EqualValues(t, 7, ckpttest.Value(v))
	})
	t.Run("G-06 a variable that is the root has an empty path", func(t *testing.T) {
		path := ckpttest.Written(t, ckpttest.Scalar(3))
		require.Equal(t, []string{"/.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, path))
		v := ckpttest.Scalar(0)
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, v), path).Assert(ckpt.Consumed, ckpt.ExistingObjectsMatched, ckpt.NontrivialMatch))
		require.EqualValues(t, 3, ckpttest.Value(v))

		g := ckpttest.Golden(t, "objects-variable-root")
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, v), g.Path()).AssertConsumed())
		ckpttest.RequireSameFiles(t, ckpttest.Written(t, v, ckpt.FullName("", "alone")), g.Path())
	})
	t.Run("G-07 G-08 the names of several tensors are escaped once in the attribute and twice in the key, and a read uses the stored key", func(t *testing.T) {
		stats := func(mean, count, class tensor.Any) *ckpttest.Several {
			return &ckpttest.Several{Names: []string{"mean", "count", "per.class"}, Got: map[string]tensor.Any{"mean": mean, "count": count, "per.class": class}}
		}
		full := stats(ckpttest.Vector(1, 2), tensor.Scalar(int64(3)), ckpttest.Must(tensor.FromSlice([]int32{4}, 1)))
		path := ckpttest.Written(t, ckpttest.NodeOf("stats", full, "v", ckpttest.Scalar(0)))
		ckpttest.RequireSameFiles(t, path, ckpttest.Golden(t, "objects-several-tensors").Path())
		require.Contains(t, ckpttest.GraphOf(t, path)[1], `[per..class "" stats/.ATTRIBUTES/per....class]`)

		got := stats(ckpttest.Vector(0, 0), tensor.Scalar(int64(0)), ckpttest.Must(tensor.FromSlice([]int32{0}, 1)))
		s := ckpttest.Read(t, ckpttest.New(t, ckpttest.NodeOf("stats", got, "v", ckpttest.Scalar(5))), ckpttest.Golden(t, "objects-several-tensors").Path())
		require.NoError(t, s.AssertConsumed())
		require.Equal(t, full.Got, got.Got)
	})
	t.Run("G-09 one of several tensors may have an empty name", func(t *testing.T) {
		path := ckpttest.Written(t, ckpttest.NodeOf("o", &ckpttest.Several{Names: []string{"", "b"}, Got: map[string]tensor.Any{"": ckpttest.Scalar(1), "b": ckpttest.Scalar(2)}}))
		require.Equal(t, []string{"o/.ATTRIBUTES/", "o/.ATTRIBUTES/b"}, ckpttest.KeysOf(t, path))
		got := &ckpttest.Several{Names: []string{"", "b"}, Got: map[string]tensor.Any{"": ckpttest.Scalar(0), "b": ckpttest.Scalar(0)}}
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, ckpttest.NodeOf("o", got)), path).AssertConsumed())
		require.Equal(t, map[string]tensor.Any{"": ckpttest.Scalar(1), "b": ckpttest.Scalar(2)}, got.Got)
	})
	t.Run("G-42 two tensors with one key are rejected before any write", func(t *testing.T) {
		dir := t.TempDir()
		o := &ckpttest.Several{Names: []string{"a", "a"}, Got: map[string]tensor.Any{"a": ckpttest.Scalar(1)}}
		_, err := ckpttest.New(t, ckpttest.NodeOf("o", o)).Save(ctx, filepath.Join(dir, "sub", "ckpt"))
		require.ErrorContains(t, err, `"o/.ATTRIBUTES/a"`)
		requireNoFiles(t, dir)
	})
}

// requireNoFiles fails the test if a directory or its subdirectories have files.
func requireNoFiles(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		require.True(t, err != nil || e.IsDir(), "unexpected file %s", path)
		return err
	}))
}

// TestObjectsAsTensorFlow writes the graphs of the golden cases objects-* from Go structs. It compares the files with those that
// TensorFlow wrote from the modules in expect.json.
func TestObjectsAsTensorFlow(t *testing.T) {
	same := func(t *testing.T, name string, root any, opts ...ckpt.Option) {
		t.Helper()
		g := ckpttest.Golden(t, name)
		ckpttest.RequireSameFiles(t, ckpttest.Written(t, root, opts...), g.Path())
	}
	t.Run("G-10 G-12 G-30 nodes are numbered breadth first, fields in the order of their declaration", func(t *testing.T) {
		type inner struct {
			Zeta  ckpttest.Variable `ckpt:"zeta,fullname=zeta"`
			Alpha ckpttest.Variable `ckpt:"alpha,fullname=alpha"`
		}
		type leaf struct {
			W     tensor.Tensor[float32] `ckpt:"w,fullname=w"`
			Plain int
		}
		type model struct {
			Second inner
			First  *leaf
			Bias   float32 `ckpt:"bias,fullname=bias"`
		}
		w := ckpttest.Must(tensor.FromSlice([]float32{1, 2, 3, 4}, 2, 2))
		m := &model{inner{ckpttest.Vector(1, 2), ckpttest.Vector(3)}, &leaf{*w, 7}, 0.5}
		same(t, "objects-nested", ckpt.Group{"model": m, "head": ckpttest.Vector(9)})
	})
	t.Run("G-11 G-14 G-15 a shared variable is one node and one tensor, by the first of its shortest paths; a Group is sorted", func(t *testing.T) {
		type weights struct{ Weights ckpttest.Variable }
		type decoder struct{ Output weights }
		type encoder struct {
			Embedding ckpttest.Variable
			Scale     ckpttest.Variable `ckpt:"scale,fullname=scale"`
		}
		type twice struct {
			Zero ckpttest.Variable `ckpt:"0,fullname=table"`
			One  ckpttest.Variable `ckpt:"1"`
		}
		table := ckpttest.Must(tensor.FromSlice([]float32{1, 2}, 1, 2))
		group := ckpt.Group{"twice": &twice{table, table}, "encoder": &encoder{table, ckpttest.Scalar(2)}, "decoder": &decoder{weights{table}}}
		g := ckpttest.Golden(t, "objects-shared")
		path := ckpttest.Written(t, group)
		require.Equal(t, ckpttest.KeysOf(t, g.Path()), ckpttest.KeysOf(t, path))
		// The walk first reaches it by a field that does not give its name.
		group["encoder"] = &struct {
			Embedding ckpttest.Variable `ckpt:"embedding,fullname=table"`
			Scale     ckpttest.Variable `ckpt:"scale,fullname=scale"`
		}{table, ckpttest.Scalar(2)}
		same(t, "objects-shared", group)
	})
	t.Run("G-16 edges back to a parent, to itself and to the root", func(t *testing.T) {
		type ring struct {
			V           ckpttest.Variable `ckpt:"v,fullname=a"`
			Next, Owner any
		}
		type second struct {
			V        ckpttest.Variable `ckpt:"v,fullname=b"`
			Next, Me any
		}
		a, b := &ring{V: ckpttest.Scalar(1)}, &second{V: ckpttest.Scalar(2)}
		root := &struct {
			A *ring
			B *second
		}{a, b}
		a.Next, a.Owner, b.Next, b.Me = b, root, a, b
		same(t, "objects-cycle", root)
	})
	t.Run("G-17 an edge to node 0 has no node_id", func(t *testing.T) {
		require.Contains(t, blobOf(t, ckpttest.Written(t, ckpttest.NodeOf("v", ckpttest.Scalar(1)))), "\x0a\x06\x12\x04root")
	})
	t.Run("G-01 G-04 G-05 every name that an edge can have", func(t *testing.T) {
		g := ckpttest.Golden(t, "objects-escaped-names")
		type names struct {
			V00 float32 `ckpt:"'a/b',fullname=v0"`
			V01 float32 `ckpt:"a.b,fullname=v1"`
			V02 float32 `ckpt:"a.Sb,fullname=v2"`
			V03 float32 `ckpt:"/,fullname=v3"`
			V04 float32 `ckpt:".,fullname=v4"`
			V05 float32 `ckpt:"..,fullname=v5"`
			V06 float32 `ckpt:"./,fullname=v6"`
			V07 float32 `ckpt:"/.,fullname=v7"`
			V08 float32 `ckpt:".S,fullname=v8"`
			V09 float32 `ckpt:"'',fullname=v9"`
			V10 float32 `ckpt:" ,fullname=v10"`
			V11 float32 `ckpt:"ümlaut,fullname=v11"`
			V12 float32 `ckpt:"日本,fullname=v12"`
			V13 float32 `ckpt:"a\nb,fullname=v13"`
			V14 float32 `ckpt:"\",fullname=v14"`
			V15 float32 `ckpt:"\\,fullname=v15"`
			V16 float32 `ckpt:".ATTRIBUTES,fullname=v16"`
			V17 float32 `ckpt:"VARIABLE_VALUE,fullname=v17"`
			V18 float32 `ckpt:".OPTIMIZER_SLOT,fullname=v18"`
			V19 float32 `ckpt:"x/.ATTRIBUTES/VARIABLE_VALUE,fullname=v19"`
		}
		type deep struct {
			V float32 `ckpt:"'',fullname=deep"`
		}
		root := &struct {
			Flat   names
			Nested struct {
				PQ struct {
					RS deep `ckpt:"r/s"`
				} `ckpt:"p.q"`
			}
		}{}
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, root), g.Path()).AssertConsumed())
		require.Equal(t, names{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}, root.Flat)
		require.EqualValues(t, -1, root.Nested.PQ.RS.V)
		same(t, "objects-escaped-names", root)
	})
	t.Run("G-31 G-32 global names come from tags, only variables have them, and they may repeat", func(t *testing.T) {
		same(t, "objects-full-names", &struct {
			Scoped  ckpttest.Variable `ckpt:"scoped,fullname=outer/kernel"`
			Deeper  ckpttest.Variable `ckpt:"deeper,fullname=outer/inner/kernel"`
			Unnamed ckpttest.Variable `ckpt:"unnamed,fullname=Variable"`
			Same    ckpttest.Variable `ckpt:"same,fullname=Variable"`
		}{ckpttest.Scalar(1), ckpttest.Scalar(2), ckpttest.Scalar(3), ckpttest.Scalar(4)})
		path := ckpttest.Written(t, ckpttest.NodeOf("dense", ckpttest.NodeOf("a.b", ckpttest.Scalar(1))))
		require.Equal(t, []string{"0 dense:1 root:0", "1 a.b:2", `2 [VARIABLE_VALUE "dense/a.b" dense/a..b/.ATTRIBUTES/VARIABLE_VALUE]`}, ckpttest.GraphOf(t, path),
			"without a tag the edges from the root are the name")
	})
	t.Run("G-32 G-33 objects outside of fields get their names when the Checkpoint is created", func(t *testing.T) {
		step := int64(7)
		c := ckpttest.New(t, ckpt.Group{"step": &step, "w": ckpttest.Scalar(1)}, ckpt.FullName("step", "Variable"), ckpt.FullName("late", "outer/late"))
		require.NoError(t, c.Track("late", ckpttest.Scalar(2)))
		path := ckpttest.Must(c.Save(ctx, filepath.Join(t.TempDir(), "ckpt")))
		require.Equal(t, []string{"0 step:1 w:2 late:3 save_counter:4", `1 [VARIABLE_VALUE "Variable" step/.ATTRIBUTES/VARIABLE_VALUE]`, `2 [VARIABLE_VALUE "w" w/.ATTRIBUTES/VARIABLE_VALUE]`,
			`3 [VARIABLE_VALUE "outer/late" late/.ATTRIBUTES/VARIABLE_VALUE]`, `4 [VARIABLE_VALUE "save_counter" save_counter/.ATTRIBUTES/VARIABLE_VALUE]`}, ckpttest.GraphOf(t, path))
		path = ckpttest.Written(t, ckpttest.NodeOf("v", ckpttest.Scalar(1)), ckpt.With("step", &step), ckpt.FullName("step", "global_step"))
		require.Equal(t, `2 [VARIABLE_VALUE "global_step" step/.ATTRIBUTES/VARIABLE_VALUE]`, ckpttest.GraphOf(t, path)[2])
	})
	t.Run("G-34 G-35 every node tells whether it or a node below it has values", func(t *testing.T) {
		type tree struct {
			Branch ckpttest.Node       `ckpt:"branch"`
			Leaf   []ckpttest.Variable `ckpt:"leaf"`
		}
		g := ckpttest.Golden(t, "objects-no-values")
		ckpttest.RequireSameFiles(t, ckpttest.Written(t, ckpt.Group{"tree": &tree{Leaf: []ckpttest.Variable{}}}, ckpt.AllowEmpty()), filepath.Join(g.Dir, "bare"))
		path := ckpttest.Written(t, ckpt.Group{"tree": &tree{Leaf: []ckpttest.Variable{ckpttest.Scalar(1)}}})
		require.Equal(t, ckpttest.KeysOf(t, g.Path()), ckpttest.KeysOf(t, path))
		require.Equal(t, []string{"0 tree:1", "1 branch:2 leaf:3", "2 without values", "3 0:4", `4 [VARIABLE_VALUE "tree/leaf/0" tree/leaf/0/.ATTRIBUTES/VARIABLE_VALUE]`}, ckpttest.GraphOf(t, path))
		blob := blobOf(t, path)
		require.Equal(t, 1, strings.Count(blob, "\x2a\x00"), "one node without")
		require.Equal(t, 4, strings.Count(blob, "\x2a\x02\x08\x01"), "four with")
	})
}

func TestGraph(t *testing.T) {
	t.Run("G-11 G-19 objects that are attached later keep their order, including the counter", func(t *testing.T) {
		c := ckpttest.New(t, ckpt.Group{"b": ckpttest.Scalar(1), "a": ckpttest.Scalar(2)})
		require.NoError(t, c.Track("z", ckpttest.Scalar(3)))
		path := ckpttest.Must(c.Save(ctx, filepath.Join(t.TempDir(), "ckpt")))
		require.Equal(t, "0 a:1 b:2 z:3 save_counter:4", ckpttest.GraphOf(t, path)[0])
		require.NoError(t, c.Track("c", ckpttest.Scalar(4)))
		path = ckpttest.Must(c.Save(ctx, filepath.Join(t.TempDir(), "ckpt")))
		require.Equal(t, "0 a:1 b:2 z:3 save_counter:4 c:5", ckpttest.GraphOf(t, path)[0])
	})
	t.Run("G-13 a map's children are sorted by key, since it has no order", func(t *testing.T) {
		m := map[string]*tensor.Tensor[float32]{"z": ckpttest.Scalar(1), "a": ckpttest.Scalar(2), "m": ckpttest.Scalar(3)}
		require.Equal(t, "0 a:1 m:2 z:3 root:0", ckpttest.GraphOf(t, ckpttest.Written(t, &m))[0])
	})
	t.Run("G-14 the first of two shortest paths gives the key", func(t *testing.T) {
		v := ckpttest.Scalar(1)
		type model struct{ Second, First *tensor.Tensor[float32] }
		require.Equal(t, []string{"second/.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, ckpttest.Written(t, &model{v, v})))
		path := ckpttest.Written(t, ckpttest.NodeOf("deep", ckpttest.NodeOf("v", v), "near", v))
		require.Equal(t, []string{"near/.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, path))
	})
	t.Run("G-15 each parent keeps its edge to a shared object, and a list keeps one per position", func(t *testing.T) {
		v := ckpttest.Scalar(1)
		path := ckpttest.Written(t, ckpttest.NodeOf("l", []*tensor.Tensor[float32]{v, v}, "g", ckpttest.NodeOf("v", v)))
		require.Equal(t, []string{"0 l:1 g:2 root:0", "1 0:3 1:3", "2 v:3", `3 [VARIABLE_VALUE "l/0" l/0/.ATTRIBUTES/VARIABLE_VALUE]`}, ckpttest.GraphOf(t, path))
	})
	t.Run("G-18 G-33 the counter is part of the graph after a save, a restore or SaveCounter has created it", func(t *testing.T) {
		root := func() ckpt.Group { return ckpt.Group{"v": ckpttest.Scalar(1)} }
		bare := ckpttest.Written(t, root())
		require.Equal(t, "0 v:1", ckpttest.GraphOf(t, bare)[0])
		for name, touch := range map[string]func(*ckpt.Checkpoint) error{
			"save":        func(c *ckpt.Checkpoint) error { _, err := c.Save(ctx, filepath.Join(t.TempDir(), "ckpt")); return err },
			"restore":     func(c *ckpt.Checkpoint) error { _, err := c.Restore(ctx, bare); return err },
			"SaveCounter": func(c *ckpt.Checkpoint) error { c.SaveCounter(); return nil },
		} {
			c := ckpttest.New(t, root())
			require.NoError(t, touch(c), name)
			path := ckpttest.Must(c.Write(ctx, filepath.Join(t.TempDir(), "ckpt")))
			require.Equal(t, `2 [VARIABLE_VALUE "save_counter" save_counter/.ATTRIBUTES/VARIABLE_VALUE]`, ckpttest.GraphOf(t, path)[2], name)
			e := ckpttest.Must(ckpttest.Open(t, path).Lookup("save_counter/.ATTRIBUTES/VARIABLE_VALUE"))
			require.Equal(t, "int64[]", e.DType.String()+e.Shape.String())
		}
		c := ckpttest.New(t, root())
		ckpttest.Read(t, c, bare)
		require.Equal(t, "0 v:1", ckpttest.GraphOf(t, ckpttest.Must(c.Write(ctx, filepath.Join(t.TempDir(), "ckpt"))))[0], "Read does not create a counter")
	})
	t.Run("G-43 each checkpoint has the objects at the time of its save", func(t *testing.T) {
		g := ckpttest.NodeOf("a", ckpttest.Scalar(1))
		c, dir := ckpttest.New(t, g), t.TempDir()
		first := ckpttest.Must(c.Write(ctx, filepath.Join(dir, "1")))
		before := ckpttest.FilesOf(t, first)
		require.NoError(t, g.Track("b", ckpttest.Scalar(2)))
		g.Untrack("a")
		second := ckpttest.Must(c.Write(ctx, filepath.Join(dir, "2")))
		require.Equal(t, []string{"b/.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, second))
		require.Equal(t, before, ckpttest.FilesOf(t, first))
	})
	t.Run("G-44 a copy of a struct is a separate object and can restore the original's checkpoints", func(t *testing.T) {
		type model struct {
			Step  int64      `ckpt:"step"`
			Scale [2]float32 `ckpt:"scale"`
		}
		original := model{1, [2]float32{1, 2}}
		deep := original
		deep.Step, deep.Scale[0] = 5, 6
		path := ckpttest.Written(t, &deep)
		require.Equal(t, model{1, [2]float32{1, 2}}, original)
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, &original), path).AssertConsumed())
		require.Equal(t, deep, original)
	})
	t.Run("G-45 objects are listed in the order of their nodes, slot variables last", func(t *testing.T) {
		w, m := ckpttest.Scalar(1), ckpttest.Scalar(2)
		opt := &ckpttest.Optimizer[struct{}]{Names: []string{"m"}, Slots: map[string]map[any]*tensor.Tensor[float32]{"m": {w: m}}}
		root := ckpttest.NodeOf("opt", opt, "w", w)
		view := ckpttest.Must(ckpt.ViewOf(root))
		var objects []any
		for _, n := range view.Nodes {
			objects = append(objects, n.Object)
		}
		require.Len(t, objects, 4)
		for i, want := range []any{root, opt, w, m} {
			require.Same(t, want, objects[i])
		}
	})
	t.Run("G-46 a root that is falsy in Python is a root", func(t *testing.T) {
		zero, list, table := ckpttest.Scalar(0), &[]*ckpttest.Block{}, &map[string]*ckpttest.Block{}
		require.Equal(t, []string{"/.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, ckpttest.Written(t, zero)))
		require.Equal(t, []string{"0 root:0 without values"}, ckpttest.GraphOf(t, ckpttest.Written(t, list, ckpt.AllowEmpty())))
		require.Equal(t, []string{"0 root:0 without values"}, ckpttest.GraphOf(t, ckpttest.Written(t, table, ckpt.AllowEmpty())))
	})
}

func TestRootAndObjects(t *testing.T) {
	t.Run("G-20 the root's edges come first, then those of With and the root by its name, then the counter", func(t *testing.T) {
		type model struct {
			W tensor.Tensor[float32] `ckpt:"w,fullname=w"`
			B tensor.Tensor[float32] `ckpt:"b,fullname=b"`
		}
		g := ckpttest.Golden(t, "saved-root")
		build := func() *model { return &model{*ckpttest.Vector(1, 2), *ckpttest.Vector(3)} }
		m, step := build(), int64(4)
		c := ckpttest.New(t, m, ckpt.With("step", &step), ckpt.With("aux", ckpttest.Scalar(5)))
		path := ckpttest.Must(c.Save(ctx, filepath.Join(t.TempDir(), "ckpt")))
		require.Equal(t, "0 w:1 b:2 aux:3 root:0 step:4 save_counter:5", ckpttest.GraphOf(t, path)[0])
		ckpttest.RequireSameFiles(t, path, g.Path())
		require.Equal(t, build(), m, "the root itself does not change")

		ckpttest.RequireSameFiles(t, ckpttest.Saved(t, build()), filepath.Join(g.Dir, "plain-1"))
		ckpttest.RequireSameFiles(t, ckpttest.Written(t, build()), filepath.Join(g.Dir, "written"))
	})
	t.Run("G-21 an object that the root already has under the name is not attached twice", func(t *testing.T) {
		v := ckpttest.Scalar(1)
		require.Equal(t, "0 v:1 root:0", ckpttest.GraphOf(t, ckpttest.Written(t, ckpttest.NodeOf("v", v), ckpt.With("v", v)))[0])
	})
	t.Run("G-22 another object under a name of the root is rejected, even with the same value", func(t *testing.T) {
		_, err := ckpt.New(ckpttest.NodeOf("v", ckpttest.Scalar(1)), ckpt.With("v", ckpttest.Scalar(1)))
		require.ErrorContains(t, err, `already has an edge "v"`)
		_, err = ckpt.New(ckpttest.NodeOf("root", ckpttest.Scalar(1)))
		require.ErrorContains(t, err, `already has an edge "root"`)
	})
	t.Run("G-23 if the root has a counter, that one is used", func(t *testing.T) {
		type model struct {
			V           *tensor.Tensor[float32]
			SaveCounter int64 `ckpt:"save_counter"`
		}
		m := &model{ckpttest.Scalar(1), 7}
		c := ckpttest.New(t, m)
		path := ckpttest.Must(c.Save(ctx, filepath.Join(t.TempDir(), "own")))
		require.Equal(t, "own-8", filepath.Base(path))
		require.EqualValues(t, 8, m.SaveCounter)
		require.EqualValues(t, 8, c.SaveCounter())
		require.Equal(t, "0 v:1 save_counter:2 root:0", ckpttest.GraphOf(t, path)[0])
		for name, other := range map[string]any{"a number of another type": ckpttest.Scalar(1), "a list": []*ckpttest.Block{}} {
			_, err := ckpttest.New(t, ckpttest.NodeOf("save_counter", other)).Save(ctx, filepath.Join(t.TempDir(), "own"))
			require.ErrorContains(t, err, "is not an int64 scalar", name)
		}
	})
	t.Run("G-24 the error names the object that is not trackable", func(t *testing.T) {
		for name, object := range map[string]any{"an int": 3, "nil": nil, "a struct by value": ckpttest.Block{}, "a nil pointer": (*ckpttest.Block)(nil)} {
			_, err := ckpt.New(ckpt.Group{"x": object})
			require.ErrorIs(t, err, ckpt.ErrNotTrackable, name)
			require.Regexp(t, `^ckpt: ("x"|x \(x\)): `, err.Error(), name)
			_, err = ckpt.New(ckpttest.NodeOf(), ckpt.With("x", object))
			require.ErrorIs(t, err, ckpt.ErrNotTrackable, name)
			require.ErrorContains(t, err, `With("x")`, name)
			require.ErrorIs(t, ckpttest.New(t, ckpt.Group{}).Track("x", object), ckpt.ErrNotTrackable, name)
		}
	})
	t.Run("G-25 the counter's name is reserved", func(t *testing.T) {
		_, err := ckpt.New(ckpt.Group{"save_counter": new(int64)})
		require.ErrorContains(t, err, `"save_counter" is reserved`)
		_, err = ckpt.New(ckpttest.NodeOf(), ckpt.With("save_counter", new(int64)))
		require.ErrorContains(t, err, `"save_counter" is reserved`)
		require.ErrorContains(t, ckpttest.New(t, ckpt.Group{}).Track("save_counter", new(int64)), `"save_counter" is reserved`)
	})
}

func TestNameBasedHasNoGraph(t *testing.T) {
	t.Run("G-39 the error of the graph says that the checkpoint is name-based", func(t *testing.T) {
		r := ckpttest.Open(t, ckpttest.Golden(t, "saver-v2").Path())
		_, err := r.Graph()
		require.ErrorIs(t, err, ckpt.ErrNoObjectGraph)
		require.ErrorContains(t, err, "name-based")
		_, err = r.View()
		require.ErrorIs(t, err, ckpt.ErrNoObjectGraph)
	})
}
