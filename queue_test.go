package ckpt_test

import (
	"io"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

func TestDeferred(t *testing.T) {
	xy := func(x, y float32) *ckpttest.Node {
		return ckpttest.NodeOf("x", ckpttest.Scalar(x), "y", ckpttest.Scalar(y))
	}
	t.Run("D-01 a child attached after the restore takes its values, whatever it had before", func(t *testing.T) {
		root := ckpttest.NodeOf()
		c := ckpttest.New(t, root)
		s := ckpttest.Read(t, c, ckpttest.Written(t, ckpttest.NodeOf("v", ckpttest.Scalar(1))))
		v := ckpttest.Scalar(99)
		require.NoError(t, root.Track("v", v))
		require.EqualValues(t, 1, ckpttest.Value(v))
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("D-01 a pointer that was nil is filled when the status is checked", func(t *testing.T) {
		var m struct {
			Dep *struct{ W *tensor.Tensor[float32] }
		}
		c := ckpttest.New(t, &m)
		s := ckpttest.Read(t, c, ckpttest.Written(t, ckpttest.NodeOf("dep", ckpttest.NodeOf("w", ckpttest.Scalar(3)))))
		require.Equal(t, []ckpt.Item{{Path: "dep.w", Key: "dep/w/.ATTRIBUTES/VARIABLE_VALUE"}}, s.Report().Waiting)
		m.Dep = &struct{ W *tensor.Tensor[float32] }{ckpttest.Scalar(0)}
		require.NoError(t, s.AssertConsumed())
		require.EqualValues(t, 3, ckpttest.Value(m.Dep.W))
	})
	t.Run("D-02 a tensor without values takes shape and values from the checkpoint", func(t *testing.T) {
		root, w := ckpttest.NodeOf(), new(tensor.Tensor[float32])
		ckpttest.Read(t, ckpttest.New(t, root), ckpttest.Written(t, ckpttest.NodeOf("w", ckpttest.Vector(1, 2, 3))))
		require.NoError(t, root.Track("w", w))
		require.Equal(t, ckpttest.Vector(1, 2, 3), w)
	})
	t.Run("D-03 a child that is complete when it is attached is restored in one go", func(t *testing.T) {
		root, dep := ckpttest.NodeOf(), ckpttest.NodeOf("a", ckpttest.Scalar(0), "b", xy(0, 0))
		ckpttest.Read(t, ckpttest.New(t, root), ckpttest.Written(t, ckpttest.NodeOf("dep", ckpttest.NodeOf("a", ckpttest.Scalar(1), "b", xy(2, 3)))))
		require.NoError(t, root.Track("dep", dep))
		require.Equal(t, []float32{1}, dep.Tracked("a").(*tensor.Tensor[float32]).Data())
		require.Equal(t, []float32{3}, dep.Tracked("b").(*ckpttest.Node).Tracked("y").(*tensor.Tensor[float32]).Data())
	})
	for name, order := range map[string][]string{"the older one first": {"old", "new"}, "the newer one first": {"new", "old"}} {
		t.Run("D-04 D-05 D-06 the restore requested last wins, "+name, func(t *testing.T) {
			dep := ckpttest.NodeOf()
			paths := map[string]string{
				"old": ckpttest.Written(t, ckpt.Group{"dep": ckpttest.NodeOf("v", ckpttest.Scalar(1))}), "new": ckpttest.Written(t, ckpt.Group{"dep": ckpttest.NodeOf("v", ckpttest.Scalar(2))}),
			}
			c := ckpttest.New(t, ckpt.Group{"dep": dep})
			var statuses []*ckpt.Status
			for _, which := range order {
				statuses = append(statuses, ckpttest.Read(t, c, paths[which]))
			}
			v := ckpttest.Scalar(0)
			require.NoError(t, dep.Track("v", v))
			want := map[string]float32{"old": 1, "new": 2}[order[1]]
			require.Equal(t, want, ckpttest.Value(v))
			for _, s := range statuses {
				require.NoError(t, s.AssertConsumed(), "the older restore matched its objects too")
			}
		})
	}
	t.Run("D-05 if two restores wait at different objects and both reach a third one, the later restore wins there", func(t *testing.T) {
		a, b := ckpttest.NodeOf(), ckpttest.NodeOf()
		c := ckpttest.New(t, ckpt.Group{"a": a, "b": b})
		ckpttest.Read(t, c, ckpttest.Written(t, ckpt.Group{"a": ckpttest.NodeOf("dep", ckpttest.Scalar(1))}))
		ckpttest.Read(t, c, ckpttest.Written(t, ckpt.Group{"b": ckpttest.NodeOf("dep", ckpttest.Scalar(2))}))
		dep := ckpttest.Scalar(0)
		require.NoError(t, a.Track("dep", dep))
		require.EqualValues(t, 1, ckpttest.Value(dep))
		require.NoError(t, b.Track("dep", dep))
		require.EqualValues(t, 2, ckpttest.Value(dep))

		a, b = ckpttest.NodeOf(), ckpttest.NodeOf()
		c = ckpttest.New(t, ckpt.Group{"a": a, "b": b})
		ckpttest.Read(t, c, ckpttest.Written(t, ckpt.Group{"b": ckpttest.NodeOf("dep", ckpttest.Scalar(2))}))
		ckpttest.Read(t, c, ckpttest.Written(t, ckpt.Group{"a": ckpttest.NodeOf("dep", ckpttest.Scalar(1))}))
		require.NoError(t, a.Track("dep", dep))
		require.NoError(t, b.Track("dep", dep))
		require.EqualValues(t, 1, ckpttest.Value(dep), "the older restore does not overwrite the newer one's value")
	})
	t.Run("D-07 each restore has a larger id, even one that restores nothing", func(t *testing.T) {
		c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(0)})
		path := ckpttest.Written(t, ckpt.Group{"v": ckpttest.Scalar(1)})
		ckpttest.Read(t, c, path)
		before := c.NextRestore()
		_, err := c.Restore(ctx, "")
		require.NoError(t, err)
		ckpttest.Read(t, c, path)
		require.Equal(t, before+3, c.NextRestore())
	})
	t.Run("D-08 values that only the older checkpoint has are restored from it", func(t *testing.T) {
		root := ckpttest.NodeOf()
		c := ckpttest.New(t, root)
		ckpttest.Read(t, c, ckpttest.Written(t, ckpttest.NodeOf("g", xy(1, 2))))
		ckpttest.Read(t, c, ckpttest.Written(t, ckpttest.NodeOf("g", ckpttest.NodeOf("x", ckpttest.Scalar(3)))))
		g := xy(0, 0)
		require.NoError(t, root.Track("g", g))
		checkValues(t, root, map[string]any{"g.x": 3, "g.y": 2})
	})
	t.Run("D-09 a second object that claims values through a waiting edge is not changed, with a warning", func(t *testing.T) {
		shared := ckpttest.Scalar(1)
		path := ckpttest.Written(t, ckpttest.NodeOf("a", ckpttest.NodeOf("v", shared), "b", ckpttest.NodeOf("v", shared)))
		logger, lines := ckpttest.Logged()
		root, a, b := ckpttest.NodeOf(), ckpttest.NodeOf("v", ckpttest.Scalar(0)), ckpttest.NodeOf("v", ckpttest.Scalar(5))
		s := ckpttest.Read(t, ckpttest.New(t, root, ckpt.WithLogger(logger)), path)
		require.NoError(t, root.Track("a", a))
		require.NoError(t, root.Track("b", b))
		checkValues(t, root, map[string]any{"a.v": 1, "b.v": 5})
		require.Len(t, lines(), 1)
		require.Contains(t, lines()[0], "Inconsistent references when loading the checkpoint into this object graph: b.v (")
		require.ErrorContains(t, s.AssertConsumed(), "Found 1 Go objects")
	})
	t.Run("D-10 if both exist already, there is no warning, and the assertions fail", func(t *testing.T) {
		shared := ckpttest.Scalar(1)
		logger, lines := ckpttest.Logged()
		root := ckpt.Group{"a": ckpttest.Scalar(0), "b": ckpttest.Scalar(5)}
		s := ckpttest.Read(t, ckpttest.New(t, root, ckpt.WithLogger(logger)), ckpttest.Written(t, ckpt.Group{"a": shared, "b": shared}))
		checkValues(t, root, map[string]any{"a": 1, "b": 5})
		require.Empty(t, lines())
		require.ErrorContains(t, s.AssertExistingObjectsMatched(), "Found 1 Go objects")
	})
	t.Run("D-11 if two stored objects match one of the program, the first supplies the values", func(t *testing.T) {
		v := ckpttest.Scalar(0)
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"a": v, "b": v}), ckpttest.Written(t, ckpt.Group{"a": ckpttest.Scalar(1), "b": ckpttest.Scalar(2)}))
		require.EqualValues(t, 1, ckpttest.Value(v))
		require.NoError(t, s.Assert(ckpt.Consumed, ckpt.ExistingObjectsMatched, ckpt.NontrivialMatch))
	})
	t.Run("D-12 each child of a merged object is restored from the stored object that has it", func(t *testing.T) {
		g := xy(0, 0)
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"a": g, "b": g}), ckpttest.Written(t, ckpt.Group{"a": ckpttest.NodeOf("x", ckpttest.Scalar(1)), "b": ckpttest.NodeOf("y", ckpttest.Scalar(2))}))
		checkValues(t, ckpt.Group{"g": g}, map[string]any{"g.x": 1, "g.y": 2})
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("D-13 a cycle is restored from any entry", func(t *testing.T) {
		ring := func(a, b float32) (*ckpttest.Node, *ckpttest.Node) {
			first, second := ckpttest.NodeOf("v", ckpttest.Scalar(a)), ckpttest.NodeOf("v", ckpttest.Scalar(b))
			require.NoError(t, first.Track("second", second))
			require.NoError(t, second.Track("first", first))
			return first, second
		}
		first, _ := ring(1, 2)
		path := ckpttest.Written(t, first)
		root := ckpttest.NodeOf("v", ckpttest.Scalar(0))
		c := ckpttest.New(t, root)
		s := ckpttest.Read(t, c, path)
		second := ckpttest.NodeOf("v", ckpttest.Scalar(0), "first", root)
		require.NoError(t, root.Track("second", second))
		checkValues(t, root, map[string]any{"v": 1, "second.v": 2})
		require.NoError(t, s.AssertConsumed())
		require.NoError(t, ckpttest.Read(t, c, path).AssertConsumed())
	})
	t.Run("D-16 D-17 waiting values are assigned once: a replaced object does not get them", func(t *testing.T) {
		root := ckpttest.NodeOf()
		c := ckpttest.New(t, root)
		ckpttest.Read(t, c, ckpttest.Written(t, ckpttest.NodeOf("v", ckpttest.Scalar(1), "g", xy(1, 2))))
		require.NoError(t, root.Track("v", ckpttest.Scalar(0)))
		second := ckpttest.Scalar(0)
		require.NoError(t, root.Replace("v", second))
		require.Zero(t, ckpttest.Value(second))

		require.NoError(t, root.Track("g", ckpttest.NodeOf()))
		g := ckpttest.NodeOf()
		require.NoError(t, root.Replace("g", g))
		late := ckpttest.Scalar(0)
		require.NoError(t, g.Track("x", late))
		require.Zero(t, ckpttest.Value(late), "the values wait at the first object")
	})
	t.Run("D-18 D-19 the shallowest object is bound where several paths lead to one node", func(t *testing.T) {
		shared := ckpttest.Scalar(1)
		path := ckpttest.Written(t, ckpttest.NodeOf("deep", ckpttest.NodeOf("v", shared), "near", shared))
		root := ckpttest.NodeOf("deep", ckpttest.NodeOf("v", ckpttest.Scalar(5)), "near", ckpttest.Scalar(6))
		ckpttest.Read(t, ckpttest.New(t, root), path)
		checkValues(t, root, map[string]any{"deep.v": 5, "near": 1})
	})
	t.Run("D-20 a waiting counter takes the value of the last read, also with a root object", func(t *testing.T) {
		save := func(root func() any, n int) string {
			c := ckpttest.New(t, root())
			dir := t.TempDir()
			var path string
			for range n {
				path = ckpttest.Must(c.Save(ctx, filepath.Join(dir, "ckpt")))
			}
			return path
		}
		for _, root := range []func() any{func() any { return ckpt.Group{"v": ckpttest.Scalar(0)} }, func() any { return ckpttest.NodeOf("v", ckpttest.Scalar(0)) }} {
			c := ckpttest.New(t, root())
			ckpttest.Read(t, c, save(root, 2))
			ckpttest.Read(t, c, save(root, 5))
			require.EqualValues(t, 5, c.SaveCounter())
		}
	})
	t.Run("D-21 objects attached by With are matched after those below the root", func(t *testing.T) {
		v := ckpttest.Scalar(1)
		path := ckpttest.Written(t, ckpttest.NodeOf("g", ckpttest.NodeOf("v", v)), ckpt.With("extra", v), ckpt.With("other", ckpttest.Scalar(2)))
		v2, other := ckpttest.Scalar(0), ckpttest.Scalar(0)
		s := ckpttest.Read(t, ckpttest.New(t, ckpttest.NodeOf("g", ckpttest.NodeOf("v", v2)), ckpt.With("extra", v2), ckpt.With("other", other)), path)
		require.NoError(t, s.AssertConsumed())
		require.Equal(t, []float32{1, 2}, []float32{ckpttest.Value(v2), ckpttest.Value(other)})
	})
	t.Run("D-22 D-23 an edge that is removed before the restore is filled when it is added again", func(t *testing.T) {
		root := ckpttest.NodeOf("v", ckpttest.Scalar(0))
		c := ckpttest.New(t, root)
		root.Untrack("v")
		ckpttest.Read(t, c, ckpttest.Written(t, ckpttest.NodeOf("v", ckpttest.Scalar(1))))
		v := ckpttest.Scalar(0)
		require.NoError(t, root.Track("v", v))
		require.EqualValues(t, 1, ckpttest.Value(v))
	})
	t.Run("D-24 only the current object is restored", func(t *testing.T) {
		old, now := ckpttest.Scalar(0), ckpttest.Scalar(0)
		root := ckpttest.NodeOf("v", old)
		c := ckpttest.New(t, root)
		require.NoError(t, root.Replace("v", now))
		ckpttest.Read(t, c, ckpttest.Written(t, ckpttest.NodeOf("v", ckpttest.Scalar(1))))
		require.Equal(t, []float32{0, 1}, []float32{ckpttest.Value(old), ckpttest.Value(now)})
	})
	t.Run("D-25 assertions check what was matched, not the values", func(t *testing.T) {
		v := ckpttest.Scalar(0)
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"v": v}), ckpttest.Written(t, ckpt.Group{"v": ckpttest.Scalar(1)}))
		v.Data()[0] = 7
		require.NoError(t, s.AssertConsumed())
		require.EqualValues(t, 7, ckpttest.Value(v))
	})
	t.Run("D-26 C-08 a list that grows after the restore takes its elements' values", func(t *testing.T) {
		var m struct{ Layers []*ckpttest.Dense }
		m.Layers = []*ckpttest.Dense{}
		path := ckpttest.Written(t, &struct{ Layers []*ckpttest.Dense }{[]*ckpttest.Dense{{Kernel: *ckpttest.Vector(1), Bias: *ckpttest.Vector(2)}, {Kernel: *ckpttest.Vector(3), Bias: *ckpttest.Vector(4)}}})
		s := ckpttest.Read(t, ckpttest.New(t, &m), path)
		m.Layers = append(m.Layers, &ckpttest.Dense{Kernel: *ckpttest.Vector(0), Bias: *ckpttest.Vector(0)})
		require.NoError(t, s.Update(ctx))
		require.Equal(t, ckpttest.Vector(1), &m.Layers[0].Kernel)
		m.Layers = append(m.Layers, new(ckpttest.Dense))
		require.NoError(t, s.AssertConsumed())
		require.Equal(t, ckpttest.Vector(4), &m.Layers[1].Bias)
	})
	t.Run("D-26 a map that grows after the restore takes its elements' values", func(t *testing.T) {
		var m struct{ Heads map[string]*ckpttest.Block }
		s := ckpttest.Read(t, ckpttest.New(t, &m), ckpttest.Written(t, &struct{ Heads map[string]*ckpttest.Block }{map[string]*ckpttest.Block{"a": {W: *ckpttest.Vector(1)}, "b": {W: *ckpttest.Vector(2)}}}))
		m.Heads = map[string]*ckpttest.Block{"b": {}}
		require.NoError(t, s.Update(ctx))
		require.Equal(t, ckpttest.Vector(2), &m.Heads["b"].W)
	})
	t.Run("D-27 variables held by a field and by a list are saved once, before and after they change", func(t *testing.T) {
		type model struct {
			Weights []*tensor.Tensor[float32]
			Kernel  *tensor.Tensor[float32]
		}
		k := ckpttest.Scalar(1)
		m := &model{[]*tensor.Tensor[float32]{k}, k}
		c := ckpttest.New(t, m)
		dir := t.TempDir()
		ckpttest.Must(c.Save(ctx, filepath.Join(dir, "ckpt")))
		k.Data()[0] = 2
		path := ckpttest.Must(c.Save(ctx, filepath.Join(dir, "ckpt")))
		r := ckpttest.Must(ckpt.Open(path))
		defer r.Close()
		require.True(t, r.Has("kernel/.ATTRIBUTES/VARIABLE_VALUE"))
		require.False(t, r.Has("weights/0/.ATTRIBUTES/VARIABLE_VALUE"))
		require.Equal(t, ckpttest.Scalar(2), ckpttest.Must(r.Tensor("kernel/.ATTRIBUTES/VARIABLE_VALUE")))
	})
	t.Run("D-28 a training loop that is started three times continues where it stopped", func(t *testing.T) {
		dir := t.TempDir()
		for run := range 3 {
			step := int64(0)
			c := ckpttest.New(t, ckpt.Group{"step": &step})
			_, err := c.Restore(ctx, ckpttest.Must(ckpt.Latest(dir)))
			require.NoError(t, err)
			for range 10 {
				step++
			}
			ckpttest.Must(c.Save(ctx, filepath.Join(dir, "ckpt")))
			require.EqualValues(t, 10*(run+1), step)
			require.EqualValues(t, run+1, c.SaveCounter())
		}
	})
	t.Run("C-09 a list that starts with its second element takes the second value", func(t *testing.T) {
		var m struct {
			L []any `ckpt:"l"`
		}
		m.L = []any{5}
		s := ckpttest.Read(t, ckpttest.New(t, &m), ckpttest.Written(t, ckpttest.NodeOf("l", []any{ckpttest.Scalar(1), ckpttest.Scalar(2)})))
		v := ckpttest.Scalar(0)
		m.L = append(m.L, v)
		require.ErrorContains(t, s.AssertConsumed(), "Unresolved object in checkpoint (root).l.0")
		require.EqualValues(t, 2, ckpttest.Value(v))
	})
}

// A program may restore any number of times. The library does not keep a restore that assigned all its values.
func TestNothingIsKeptOfARestoreThatIsDone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ckpt")
	_, err := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1), "w": ckpttest.Scalar(2)}).Write(ctx, path)
	require.NoError(t, err)
	whole := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(0), "w": ckpttest.Scalar(0)})
	for range 3 {
		require.NoError(t, ckpttest.Read(t, whole, path).AssertConsumed())
		require.Zero(t, whole.Restorations())
	}
	part := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(0)})
	ckpttest.Read(t, part, path)
	require.Equal(t, 1, part.Restorations(), "w waits, and a warning about it is due")
	planned := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(0), "w": ckpttest.Scalar(0)})
	s := ckpttest.Read(t, planned, path, ckpt.Planned())
	require.Equal(t, 1, planned.Restorations())
	require.NoError(t, s.RunRestoreOps(ctx))
	require.NoError(t, s.AssertConsumed())
	ckpttest.Read(t, planned, path)
	require.Zero(t, planned.Restorations())
}

func TestAllocTag(t *testing.T) {
	type leaf struct{ W *tensor.Tensor[float32] }
	type model struct {
		Made    *leaf              `ckpt:"made,alloc"`
		Waiting *leaf              `ckpt:"waiting"`
		Absent  *leaf              `ckpt:"absent,alloc,optional"`
		List    []leaf             `ckpt:"list,alloc"`
		Dict    map[string]leaf    `ckpt:"dict,alloc"`
		Flat    []float32          `ckpt:"flat,alloc"`
		Rows    [][]int64          `ckpt:"rows,alloc"`
		Shaped  []float32          `ckpt:"shaped,alloc,shape=2x2"`
		None    []float32          `ckpt:"none,alloc,optional"`
		Counts  map[string]float64 `ckpt:"counts,alloc"`
	}
	full := model{
		Made: &leaf{ckpttest.Scalar(1)}, Waiting: &leaf{ckpttest.Scalar(2)}, List: []leaf{{ckpttest.Scalar(3)}, {ckpttest.Scalar(4)}}, Dict: map[string]leaf{"k": {ckpttest.Scalar(5)}},
		Flat: []float32{6, 7}, Rows: [][]int64{{1, 2, 3}, {4, 5, 6}}, Shaped: []float32{1, 2, 3, 4}, Counts: map[string]float64{"a": 1},
	}
	path := ckpttest.Written(t, &full)
	var got model
	s := ckpttest.Read(t, ckpttest.New(t, &got), path)
	require.Nil(t, got.Waiting, "without alloc the value waits")
	require.ErrorContains(t, s.AssertConsumed(), "waiting.w")
	got.Made.W, got.List[0].W, got.List[1].W = ckpttest.Scalar(0), ckpttest.Scalar(0), ckpttest.Scalar(0)
	got.Waiting = &leaf{ckpttest.Scalar(0)}
	got.Dict["k"] = leaf{ckpttest.Scalar(0)}
	require.NoError(t, s.AssertConsumed())
	require.Equal(t, full, got)

	t.Run("LoadWeights allocates everything that the checkpoint has", func(t *testing.T) {
		var got model
		require.NoError(t, ckpt.LoadWeights(ctx, path, &got))
		require.Equal(t, full, got)
		require.NoError(t, ckpt.LoadWeights(ctx, path, &got, ckpt.Partial()))
		require.Equal(t, full, got)
	})
}

// A program that repeatedly restores only a part of a checkpoint keeps the last restore, not all of them.
func TestRestoresThatAreReplaced(t *testing.T) {
	quiet := ckpt.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))
	dir := t.TempDir()
	save := func(name string, root ckpt.Group) string {
		path, err := ckpttest.New(t, root).Save(ctx, filepath.Join(dir, name))
		require.NoError(t, err)
		return path
	}
	first := save("a", ckpt.Group{"model": ckpttest.NodeOf("w", ckpttest.Scalar(1)), "optimizer": ckpttest.NodeOf("m", ckpttest.Scalar(2))})
	second := save("b", ckpt.Group{"model": ckpttest.NodeOf("w", ckpttest.Scalar(3)), "optimizer": ckpttest.NodeOf("m", ckpttest.Scalar(4))})
	more := save("c", ckpt.Group{"model": ckpttest.NodeOf("w", ckpttest.Scalar(5)), "optimizer": ckpttest.NodeOf("m", ckpttest.Scalar(6), "v", ckpttest.Scalar(7))})

	c := ckpttest.New(t, ckpt.Group{"model": ckpttest.NodeOf("w", ckpttest.Scalar(0))}, quiet)
	var statuses []*ckpt.Status
	for range 5 {
		for _, path := range []string{first, second} {
			statuses = append(statuses, ckpttest.Read(t, c, path))
		}
	}
	require.Equal(t, 1, c.Restorations())
	ckpttest.Read(t, c, more)
	require.Equal(t, 1, c.Restorations(), "the latest restore has all values of the others")
	ckpttest.Read(t, c, first)
	require.Equal(t, 2, c.Restorations(), "v waits in the earlier restore")
	for range 5 {
		ckpttest.Read(t, c, first)
	}
	require.Equal(t, 2, c.Restorations())

	m, v := ckpttest.Scalar(0), ckpttest.Scalar(0)
	require.NoError(t, c.Track("optimizer", ckpttest.NodeOf("m", m, "v", v)))
	require.EqualValues(t, 2, ckpttest.Value(m), "from the latest restore")
	require.EqualValues(t, 7, ckpttest.Value(v), "from the restore that has it")
	require.ErrorContains(t, statuses[0].AssertExistingObjectsMatched(), "optimizer.v", "the first restore lacks it")
}

func TestNameBasedRestoresThatAreReplaced(t *testing.T) {
	quiet := ckpt.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))
	saver, err := ckpt.NewSaver(ckpt.Vars{"w": ckpttest.Scalar(1), "v": ckpttest.Scalar(2)})
	require.NoError(t, err)
	path, err := saver.Save(ctx, filepath.Join(t.TempDir(), "a"))
	require.NoError(t, err)
	w, v := ckpttest.Scalar(0), ckpttest.Scalar(0)
	c := ckpttest.New(t, ckpt.Group{"w": w}, quiet)
	for range 5 {
		_, err := c.Restore(ctx, path)
		require.NoError(t, err)
	}
	require.Equal(t, 1, c.Restorations())
	require.NoError(t, c.Track("v", v))
	require.EqualValues(t, 2, ckpttest.Value(v))
}
