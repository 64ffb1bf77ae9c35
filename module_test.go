package ckpt

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

func TestTracking(t *testing.T) {
	first, second, last := scalar(1), scalar(2), scalar(3)
	edges := func(g *group) string { return graphOf(t, written(t, g))[0] }
	t.Run("G-26 a name in use is refused, Replace keeps its place", func(t *testing.T) {
		g := groupOf("a", first, "b", last)
		require.ErrorContains(t, g.Track("a", second), "in use for another object")
		require.Same(t, first, g.Tracked("a"))
		require.NoError(t, g.Replace("a", second))
		require.Equal(t, "0 a:1 b:2 root:0", edges(g))
		require.Same(t, second, g.Tracked("a"))
		require.NoError(t, g.Replace("c", first))
		require.Equal(t, "0 a:1 b:2 c:3 root:0", edges(g), "where the name is free it is Track")
		c := mustNew(t, Group{"a": first})
		require.ErrorContains(t, c.Track("a", second), "in use for another object")
	})
	t.Run("G-27 the same object again changes nothing", func(t *testing.T) {
		g := groupOf("a", first, "b", last)
		require.NoError(t, g.Track("a", first))
		require.Equal(t, "0 a:1 b:2 root:0", edges(g))
		require.NoError(t, mustNew(t, Group{"a": first}).Track("a", first))
	})
	t.Run("G-28 what is taken away has no edge, and comes back as the last", func(t *testing.T) {
		g := groupOf("a", first, "b", last)
		g.Untrack("a")
		require.Nil(t, g.Tracked("a"))
		require.Equal(t, "0 b:1 root:0", edges(g))
		c := mustNew(t, g)
		mustRead(t, c, written(t, groupOf("a", scalar(9))))
		back := scalar(0)
		require.NoError(t, g.Track("a", back))
		require.Equal(t, "0 b:1 a:2 root:0", edges(g))
		require.EqualValues(t, 9, value0(back), "it takes the values that waited for it")
	})
	t.Run("G-29 a field that is not tracked has no edge and keeps its value", func(t *testing.T) {
		type model struct {
			W       *tensor.Tensor[float32]
			Scratch *tensor.Tensor[float32] `ckpt:"-"`
			private *tensor.Tensor[float32]
		}
		m := &model{scalar(1), scalar(2), scalar(3)}
		path := written(t, m)
		require.Equal(t, []string{"w/.ATTRIBUTES/VARIABLE_VALUE"}, keysOf(t, path))
		got := &model{scalar(0), scalar(5), scalar(6)}
		require.NoError(t, mustRead(t, mustNew(t, got), path).AssertConsumed())
		require.Equal(t, &model{scalar(1), scalar(5), scalar(6)}, got)
	})
	t.Run("G-30 G-31 global names have no part in matching", func(t *testing.T) {
		type one struct {
			W *tensor.Tensor[float32] `ckpt:"w,fullname=same"`
			V *tensor.Tensor[float32] `ckpt:"v,fullname=same"`
		}
		type other struct {
			V *tensor.Tensor[float32] `ckpt:"v,fullname=w"`
			W *tensor.Tensor[float32] `ckpt:"w,fullname=v"`
		}
		path := written(t, &one{scalar(1), scalar(2)})
		require.Equal(t, []string{"v/.ATTRIBUTES/VARIABLE_VALUE", "w/.ATTRIBUTES/VARIABLE_VALUE"}, keysOf(t, path))
		got := &other{scalar(0), scalar(0)}
		require.NoError(t, mustRead(t, mustNew(t, got), path).AssertConsumed())
		require.Equal(t, &other{scalar(2), scalar(1)}, got)
	})
	t.Run("a module remembers those Checkpoints only that have values for it", func(t *testing.T) {
		g, path := groupOf("a", scalar(0)), written(t, groupOf("a", scalar(1), "b", scalar(2)))
		must(mustNew(t, g).Save(ctx, filepath.Join(t.TempDir(), "ckpt")))
		must(ViewOf(g))
		require.Empty(t, g.owners)
		c := mustNew(t, g)
		mustRead(t, c, path)
		require.Equal(t, []*Checkpoint{c}, g.owners)
		b := scalar(0)
		require.NoError(t, g.Track("b", b))
		require.EqualValues(t, 2, value0(b))
		require.Empty(t, g.owners, "all values are there")
		closed := mustNew(t, g)
		mustRead(t, closed, written(t, groupOf("c", scalar(3)))).ExpectPartial()
		require.NoError(t, closed.Close())
		require.NoError(t, g.Track("c", scalar(0)))
		require.Empty(t, g.owners)
	})
	t.Run("of two Checkpoints whose values wait for one child the later one's are taken", func(t *testing.T) {
		for range 8 {
			g := groupOf()
			for _, v := range []float32{1, 2} {
				mustRead(t, mustNew(t, g), written(t, groupOf("v", scalar(v))))
			}
			v := scalar(0)
			require.NoError(t, g.Track("v", v))
			require.EqualValues(t, 2, value0(v))
		}
	})
	t.Run("a child that cannot take part is not attached", func(t *testing.T) {
		g := groupOf("a", first)
		require.ErrorIs(t, g.Track("b", 3), ErrNotTrackable)
		require.Nil(t, g.Tracked("b"))
		require.ErrorIs(t, g.Replace("a", "text"), ErrNotTrackable)
		require.Same(t, first, g.Tracked("a"), "the one that was there stays")
	})
}
