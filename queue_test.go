package ckpt

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

func TestDeferred(t *testing.T) {
	xy := func(x, y float32) *group { return groupOf("x", scalar(x), "y", scalar(y)) }
	t.Run("D-01 a child attached after the restore takes its values, whatever it held", func(t *testing.T) {
		root := groupOf()
		c := mustNew(t, root)
		s := mustRead(t, c, written(t, groupOf("v", scalar(1))))
		v := scalar(99)
		require.NoError(t, root.Track("v", v))
		require.EqualValues(t, 1, value0(v))
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("D-01 a pointer that was nil is filled when the status is asked", func(t *testing.T) {
		var m struct {
			Dep *struct{ W *tensor.Tensor[float32] }
		}
		c := mustNew(t, &m)
		s := mustRead(t, c, written(t, groupOf("dep", groupOf("w", scalar(3)))))
		require.Equal(t, []Item{{Path: "dep.w", Key: "dep/w/.ATTRIBUTES/VARIABLE_VALUE"}}, s.Report().Waiting)
		m.Dep = &struct{ W *tensor.Tensor[float32] }{scalar(0)}
		require.NoError(t, s.AssertConsumed())
		require.EqualValues(t, 3, value0(m.Dep.W))
	})
	t.Run("D-02 a tensor without values takes shape and values from the checkpoint", func(t *testing.T) {
		root, w := groupOf(), new(tensor.Tensor[float32])
		mustRead(t, mustNew(t, root), written(t, groupOf("w", f32(1, 2, 3))))
		require.NoError(t, root.Track("w", w))
		require.Equal(t, f32(1, 2, 3), w)
	})
	t.Run("D-03 a child that is complete when it is attached is restored in one go", func(t *testing.T) {
		root, dep := groupOf(), groupOf("a", scalar(0), "b", xy(0, 0))
		mustRead(t, mustNew(t, root), written(t, groupOf("dep", groupOf("a", scalar(1), "b", xy(2, 3)))))
		require.NoError(t, root.Track("dep", dep))
		require.Equal(t, []float32{1}, dep.Tracked("a").(*tensor.Tensor[float32]).Data())
		require.Equal(t, []float32{3}, dep.Tracked("b").(*group).Tracked("y").(*tensor.Tensor[float32]).Data())
	})
	for name, order := range map[string][]string{"the older first": {"old", "new"}, "the newer first": {"new", "old"}} {
		t.Run("D-04 D-05 D-06 the restore requested last wins, "+name, func(t *testing.T) {
			dep := groupOf()
			paths := map[string]string{
				"old": written(t, Group{"dep": groupOf("v", scalar(1))}), "new": written(t, Group{"dep": groupOf("v", scalar(2))}),
			}
			c := mustNew(t, Group{"dep": dep})
			var statuses []*Status
			for _, which := range order {
				statuses = append(statuses, mustRead(t, c, paths[which]))
			}
			v := scalar(0)
			require.NoError(t, dep.Track("v", v))
			want := map[string]float32{"old": 1, "new": 2}[order[1]]
			require.Equal(t, want, value0(v))
			for _, s := range statuses {
				require.NoError(t, s.AssertConsumed(), "the older one knows its objects too")
			}
		})
	}
	t.Run("D-05 one restore waits at one place, another at a second, and the later wins at the object that both reach", func(t *testing.T) {
		a, b := groupOf(), groupOf()
		c := mustNew(t, Group{"a": a, "b": b})
		mustRead(t, c, written(t, Group{"a": groupOf("dep", scalar(1))}))
		mustRead(t, c, written(t, Group{"b": groupOf("dep", scalar(2))}))
		dep := scalar(0)
		require.NoError(t, a.Track("dep", dep))
		require.EqualValues(t, 1, value0(dep))
		require.NoError(t, b.Track("dep", dep))
		require.EqualValues(t, 2, value0(dep))

		a, b = groupOf(), groupOf()
		c = mustNew(t, Group{"a": a, "b": b})
		mustRead(t, c, written(t, Group{"b": groupOf("dep", scalar(2))}))
		mustRead(t, c, written(t, Group{"a": groupOf("dep", scalar(1))}))
		require.NoError(t, a.Track("dep", dep))
		require.NoError(t, b.Track("dep", dep))
		require.EqualValues(t, 1, value0(dep), "the older restore does not take the newer one's value back")
	})
	t.Run("D-07 each restore has a larger id, one of nothing too", func(t *testing.T) {
		c := mustNew(t, Group{"v": scalar(0)})
		path := written(t, Group{"v": scalar(1)})
		mustRead(t, c, path)
		before := c.history.Next()
		_, err := c.Restore(ctx, "")
		require.NoError(t, err)
		mustRead(t, c, path)
		require.Equal(t, before+3, c.history.Next())
	})
	t.Run("D-08 values that only the older checkpoint has still come from it", func(t *testing.T) {
		root := groupOf()
		c := mustNew(t, root)
		mustRead(t, c, written(t, groupOf("g", xy(1, 2))))
		mustRead(t, c, written(t, groupOf("g", groupOf("x", scalar(3)))))
		g := xy(0, 0)
		require.NoError(t, root.Track("g", g))
		checkValues(t, root, map[string]any{"g.x": 3, "g.y": 2})
	})
	t.Run("D-09 a second object that claims values through a waiting edge is left alone, with a warning", func(t *testing.T) {
		shared := scalar(1)
		path := written(t, groupOf("a", groupOf("v", shared), "b", groupOf("v", shared)))
		logger, lines := logged()
		root, a, b := groupOf(), groupOf("v", scalar(0)), groupOf("v", scalar(5))
		s := mustRead(t, mustNew(t, root, WithLogger(logger)), path)
		require.NoError(t, root.Track("a", a))
		require.NoError(t, root.Track("b", b))
		checkValues(t, root, map[string]any{"a.v": 1, "b.v": 5})
		require.Len(t, lines(), 1)
		require.Contains(t, lines()[0], "Inconsistent references when loading the checkpoint into this object graph: b.v (")
		require.ErrorContains(t, s.AssertConsumed(), "Found 1 Go objects")
	})
	t.Run("D-10 where both exist already there is no warning, and the assertions fail", func(t *testing.T) {
		shared := scalar(1)
		logger, lines := logged()
		root := Group{"a": scalar(0), "b": scalar(5)}
		s := mustRead(t, mustNew(t, root, WithLogger(logger)), written(t, Group{"a": shared, "b": shared}))
		checkValues(t, root, map[string]any{"a": 1, "b": 5})
		require.Empty(t, lines())
		require.ErrorContains(t, s.AssertExistingObjectsMatched(), "Found 1 Go objects")
	})
	t.Run("D-11 of two stored objects for one of the program the first supplies the values", func(t *testing.T) {
		v := scalar(0)
		s := mustRead(t, mustNew(t, Group{"a": v, "b": v}), written(t, Group{"a": scalar(1), "b": scalar(2)}))
		require.EqualValues(t, 1, value0(v))
		require.NoError(t, s.Assert(Consumed, ExistingObjectsMatched, NontrivialMatch))
	})
	t.Run("D-12 each child of a merged object comes from its own", func(t *testing.T) {
		g := xy(0, 0)
		s := mustRead(t, mustNew(t, Group{"a": g, "b": g}), written(t, Group{"a": groupOf("x", scalar(1)), "b": groupOf("y", scalar(2))}))
		checkValues(t, Group{"g": g}, map[string]any{"g.x": 1, "g.y": 2})
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("D-13 a cycle is restored from wherever it is entered", func(t *testing.T) {
		ring := func(a, b float32) (*group, *group) {
			first, second := groupOf("v", scalar(a)), groupOf("v", scalar(b))
			require.NoError(t, first.Track("second", second))
			require.NoError(t, second.Track("first", first))
			return first, second
		}
		first, _ := ring(1, 2)
		path := written(t, first)
		root := groupOf("v", scalar(0))
		c := mustNew(t, root)
		s := mustRead(t, c, path)
		second := groupOf("v", scalar(0), "first", root)
		require.NoError(t, root.Track("second", second))
		checkValues(t, root, map[string]any{"v": 1, "second.v": 2})
		require.NoError(t, s.AssertConsumed())
		require.NoError(t, mustRead(t, c, path).AssertConsumed())
	})
	t.Run("D-16 D-17 what was waited for is given once: a replacement gets nothing", func(t *testing.T) {
		root := groupOf()
		c := mustNew(t, root)
		mustRead(t, c, written(t, groupOf("v", scalar(1), "g", xy(1, 2))))
		require.NoError(t, root.Track("v", scalar(0)))
		second := scalar(0)
		require.NoError(t, root.Replace("v", second))
		require.Zero(t, value0(second))

		require.NoError(t, root.Track("g", groupOf()))
		g := groupOf()
		require.NoError(t, root.Replace("g", g))
		late := scalar(0)
		require.NoError(t, g.Track("x", late))
		require.Zero(t, value0(late), "the values wait at the first object")
	})
	t.Run("D-18 D-19 the shallowest object is bound where several paths lead to one node", func(t *testing.T) {
		shared := scalar(1)
		path := written(t, groupOf("deep", groupOf("v", shared), "near", shared))
		root := groupOf("deep", groupOf("v", scalar(5)), "near", scalar(6))
		mustRead(t, mustNew(t, root), path)
		checkValues(t, root, map[string]any{"deep.v": 5, "near": 1})
	})
	t.Run("D-20 a counter that waits takes the value of the last read, with a root object too", func(t *testing.T) {
		save := func(root func() any, n int) string {
			c := mustNew(t, root())
			dir := t.TempDir()
			var path string
			for range n {
				path = must(c.Save(ctx, filepath.Join(dir, "ckpt")))
			}
			return path
		}
		for _, root := range []func() any{func() any { return Group{"v": scalar(0)} }, func() any { return groupOf("v", scalar(0)) }} {
			c := mustNew(t, root())
			mustRead(t, c, save(root, 2))
			mustRead(t, c, save(root, 5))
			require.EqualValues(t, 5, c.SaveCounter())
		}
	})
	t.Run("D-21 what With attaches is matched after all that the root leads to", func(t *testing.T) {
		v := scalar(1)
		path := written(t, groupOf("g", groupOf("v", v)), With("extra", v), With("other", scalar(2)))
		v2, other := scalar(0), scalar(0)
		s := mustRead(t, mustNew(t, groupOf("g", groupOf("v", v2)), With("extra", v2), With("other", other)), path)
		require.NoError(t, s.AssertConsumed())
		require.Equal(t, []float32{1, 2}, []float32{value0(v2), value0(other)})
	})
	t.Run("D-22 D-23 an edge taken away before the restore is filled when it comes back", func(t *testing.T) {
		root := groupOf("v", scalar(0))
		c := mustNew(t, root)
		root.Untrack("v")
		mustRead(t, c, written(t, groupOf("v", scalar(1))))
		v := scalar(0)
		require.NoError(t, root.Track("v", v))
		require.EqualValues(t, 1, value0(v))
	})
	t.Run("D-24 only the object that is there now is restored", func(t *testing.T) {
		old, now := scalar(0), scalar(0)
		root := groupOf("v", old)
		c := mustNew(t, root)
		require.NoError(t, root.Replace("v", now))
		mustRead(t, c, written(t, groupOf("v", scalar(1))))
		require.Equal(t, []float32{0, 1}, []float32{value0(old), value0(now)})
	})
	t.Run("D-25 assertions look at what was matched, not at values", func(t *testing.T) {
		v := scalar(0)
		s := mustRead(t, mustNew(t, Group{"v": v}), written(t, Group{"v": scalar(1)}))
		v.Data()[0] = 7
		require.NoError(t, s.AssertConsumed())
		require.EqualValues(t, 7, value0(v))
	})
	t.Run("D-26 C-08 a list that grows after the restore takes its elements' values", func(t *testing.T) {
		var m struct{ Layers []*dense }
		m.Layers = []*dense{}
		path := written(t, &struct{ Layers []*dense }{[]*dense{{Kernel: *f32(1), Bias: *f32(2)}, {Kernel: *f32(3), Bias: *f32(4)}}})
		s := mustRead(t, mustNew(t, &m), path)
		m.Layers = append(m.Layers, &dense{Kernel: *f32(0), Bias: *f32(0)})
		require.NoError(t, s.Update(ctx))
		require.Equal(t, f32(1), &m.Layers[0].Kernel)
		m.Layers = append(m.Layers, new(dense))
		require.NoError(t, s.AssertConsumed())
		require.Equal(t, f32(4), &m.Layers[1].Bias)
	})
	t.Run("D-26 a map that grows likewise", func(t *testing.T) {
		var m struct{ Heads map[string]*block }
		s := mustRead(t, mustNew(t, &m), written(t, &struct{ Heads map[string]*block }{map[string]*block{"a": {*f32(1)}, "b": {*f32(2)}}}))
		m.Heads = map[string]*block{"b": {}}
		require.NoError(t, s.Update(ctx))
		require.Equal(t, f32(2), &m.Heads["b"].W)
	})
	t.Run("D-27 variables held by a field and by a list are saved once, before and after they change", func(t *testing.T) {
		type model struct {
			Weights []*tensor.Tensor[float32]
			Kernel  *tensor.Tensor[float32]
		}
		k := scalar(1)
		m := &model{[]*tensor.Tensor[float32]{k}, k}
		c := mustNew(t, m)
		dir := t.TempDir()
		must(c.Save(ctx, filepath.Join(dir, "ckpt")))
		k.Data()[0] = 2
		path := must(c.Save(ctx, filepath.Join(dir, "ckpt")))
		r := must(Open(path))
		defer r.Close()
		require.True(t, r.Has("kernel/.ATTRIBUTES/VARIABLE_VALUE"))
		require.False(t, r.Has("weights/0/.ATTRIBUTES/VARIABLE_VALUE"))
		require.Equal(t, scalar(2), must(r.Tensor("kernel/.ATTRIBUTES/VARIABLE_VALUE")))
	})
	t.Run("D-28 a training loop that is started three times goes on where it stopped", func(t *testing.T) {
		dir := t.TempDir()
		for run := range 3 {
			step := int64(0)
			c := mustNew(t, Group{"step": &step})
			_, err := c.Restore(ctx, must(Latest(dir)))
			require.NoError(t, err)
			for range 10 {
				step++
			}
			must(c.Save(ctx, filepath.Join(dir, "ckpt")))
			require.EqualValues(t, 10*(run+1), step)
			require.EqualValues(t, run+1, c.SaveCounter())
		}
	})
	t.Run("C-09 a list that starts with its second element takes that one's value", func(t *testing.T) {
		var m struct {
			L []any `ckpt:"l"`
		}
		m.L = []any{5}
		s := mustRead(t, mustNew(t, &m), written(t, groupOf("l", []any{scalar(1), scalar(2)})))
		v := scalar(0)
		m.L = append(m.L, v)
		require.ErrorContains(t, s.AssertConsumed(), "Unresolved object in checkpoint (root).l.0")
		require.EqualValues(t, 2, value0(v))
	})
}

// A program may restore as often as it likes: of a restore that found a place for everything nothing is kept.
func TestNothingIsKeptOfARestoreThatIsDone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ckpt")
	_, err := mustNew(t, Group{"v": scalar(1), "w": scalar(2)}).Write(ctx, path)
	require.NoError(t, err)
	whole := mustNew(t, Group{"v": scalar(0), "w": scalar(0)})
	for range 3 {
		require.NoError(t, mustRead(t, whole, path).AssertConsumed())
		require.Empty(t, whole.restorations)
	}
	part := mustNew(t, Group{"v": scalar(0)})
	mustRead(t, part, path)
	require.Len(t, part.restorations, 1, "w waits, and is told of in the end")
	planned := mustNew(t, Group{"v": scalar(0), "w": scalar(0)})
	s := mustRead(t, planned, path, Planned())
	require.Len(t, planned.restorations, 1)
	require.NoError(t, s.RunRestoreOps(ctx))
	require.NoError(t, s.AssertConsumed())
	mustRead(t, planned, path)
	require.Empty(t, planned.restorations)
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
		Made: &leaf{scalar(1)}, Waiting: &leaf{scalar(2)}, List: []leaf{{scalar(3)}, {scalar(4)}}, Dict: map[string]leaf{"k": {scalar(5)}},
		Flat: []float32{6, 7}, Rows: [][]int64{{1, 2, 3}, {4, 5, 6}}, Shaped: []float32{1, 2, 3, 4}, Counts: map[string]float64{"a": 1},
	}
	path := written(t, &full)
	var got model
	s := mustRead(t, mustNew(t, &got), path)
	require.Nil(t, got.Waiting, "without alloc the value waits")
	require.ErrorContains(t, s.AssertConsumed(), "waiting.w")
	got.Made.W, got.List[0].W, got.List[1].W = scalar(0), scalar(0), scalar(0)
	got.Waiting = &leaf{scalar(0)}
	got.Dict["k"] = leaf{scalar(0)}
	require.NoError(t, s.AssertConsumed())
	require.Equal(t, full, got)

	t.Run("LoadWeights makes all that the checkpoint has", func(t *testing.T) {
		var got model
		require.NoError(t, LoadWeights(ctx, path, &got))
		require.Equal(t, full, got)
		require.NoError(t, LoadWeights(ctx, path, &got, Partial()))
		require.Equal(t, full, got)
	})
}
