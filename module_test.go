package ckpt_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

func TestTracking(t *testing.T) {
	first, second, last := ckpttest.Scalar(1), ckpttest.Scalar(2), ckpttest.Scalar(3)
	edges := func(g *ckpttest.Node) string { return ckpttest.GraphOf(t, ckpttest.Written(t, g))[0] }
	t.Run("G-26 a name in use is rejected, and Replace keeps its position", func(t *testing.T) {
		g := ckpttest.NodeOf("a", first, "b", last)
		require.ErrorContains(t, g.Track("a", second), "in use for another object")
		require.Same(t, first, g.Tracked("a"))
		require.NoError(t, g.Replace("a", second))
		require.Equal(t, "0 a:1 b:2 root:0", edges(g))
		require.Same(t, second, g.Tracked("a"))
		require.NoError(t, g.Replace("c", first))
		require.Equal(t, "0 a:1 b:2 c:3 root:0", edges(g), "if the name is free, it does the same as Track")
		c := ckpttest.New(t, ckpt.Group{"a": first})
		require.ErrorContains(t, c.Track("a", second), "in use for another object")
	})
	t.Run("G-27 the same object again changes nothing", func(t *testing.T) {
		g := ckpttest.NodeOf("a", first, "b", last)
		require.NoError(t, g.Track("a", first))
		require.Equal(t, "0 a:1 b:2 root:0", edges(g))
		require.NoError(t, ckpttest.New(t, ckpt.Group{"a": first}).Track("a", first))
	})
	t.Run("G-28 a removed child does not have an edge, and becomes the last one if it is added again", func(t *testing.T) {
		g := ckpttest.NodeOf("a", first, "b", last)
		g.Untrack("a")
		require.Nil(t, g.Tracked("a"))
		require.Equal(t, "0 b:1 root:0", edges(g))
		c := ckpttest.New(t, g)
		ckpttest.Read(t, c, ckpttest.Written(t, ckpttest.NodeOf("a", ckpttest.Scalar(9))))
		back := ckpttest.Scalar(0)
		require.NoError(t, g.Track("a", back))
		require.Equal(t, "0 b:1 a:2 root:0", edges(g))
		require.EqualValues(t, 9, ckpttest.Value(back), "it takes the values that waited for it")
	})
	t.Run("G-29 a field that is not tracked does not have an edge and keeps its value", func(t *testing.T) {
		type model struct {
			W       *tensor.Tensor[float32]
			Scratch *tensor.Tensor[float32] `ckpt:"-"`
			private *tensor.Tensor[float32]
		}
		m := &model{ckpttest.Scalar(1), ckpttest.Scalar(2), ckpttest.Scalar(3)}
		path := ckpttest.Written(t, m)
		require.Equal(t, []string{"w/.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, path))
		got := &model{ckpttest.Scalar(0), ckpttest.Scalar(5), ckpttest.Scalar(6)}
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, got), path).AssertConsumed())
		require.Equal(t, &model{ckpttest.Scalar(1), ckpttest.Scalar(5), ckpttest.Scalar(6)}, got)
	})
	t.Run("G-30 G-31 global names do not affect matching", func(t *testing.T) {
		type one struct {
			W *tensor.Tensor[float32] `ckpt:"w,fullname=same"`
			V *tensor.Tensor[float32] `ckpt:"v,fullname=same"`
		}
		type other struct {
			V *tensor.Tensor[float32] `ckpt:"v,fullname=w"`
			W *tensor.Tensor[float32] `ckpt:"w,fullname=v"`
		}
		path := ckpttest.Written(t, &one{ckpttest.Scalar(1), ckpttest.Scalar(2)})
		require.Equal(t, []string{"v/.ATTRIBUTES/VARIABLE_VALUE", "w/.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, path))
		got := &other{ckpttest.Scalar(0), ckpttest.Scalar(0)}
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, got), path).AssertConsumed())
		require.Equal(t, &other{ckpttest.Scalar(2), ckpttest.Scalar(1)}, got)
	})
	t.Run("a module remembers only Checkpoints that have values for it", func(t *testing.T) {
		g, path := ckpttest.NodeOf("a", ckpttest.Scalar(0)), ckpttest.Written(t, ckpttest.NodeOf("a", ckpttest.Scalar(1), "b", ckpttest.Scalar(2)))
		ckpttest.Must(ckpttest.New(t, g).Save(ctx, filepath.Join(t.TempDir(), "ckpt")))
		ckpttest.Must(ckpt.ViewOf(g))
		require.Empty(t, g.Owners())
		c := ckpttest.New(t, g)
		ckpttest.Read(t, c, path)
		require.Equal(t, []*ckpt.Checkpoint{c}, g.Owners())
		b := ckpttest.Scalar(0)
		require.NoError(t, g.Track("b", b))
		require.EqualValues(t, 2, ckpttest.Value(b))
		require.Empty(t, g.Owners(), "all values have arrived")
		closed := ckpttest.New(t, g)
		ckpttest.Read(t, closed, ckpttest.Written(t, ckpttest.NodeOf("c", ckpttest.Scalar(3)))).ExpectPartial()
		require.NoError(t, closed.Close())
		require.NoError(t, g.Track("c", ckpttest.Scalar(0)))
		require.Empty(t, g.Owners())
	})
	t.Run("if the values of two Checkpoints wait for one child, it takes those of the later one", func(t *testing.T) {
		for range 8 {
			g := ckpttest.NodeOf()
			for _, v := range []float32{1, 2} {
				ckpttest.Read(t, ckpttest.New(t, g), ckpttest.Written(t, ckpttest.NodeOf("v", ckpttest.Scalar(v))))
			}
			v := ckpttest.Scalar(0)
			require.NoError(t, g.Track("v", v))
			require.EqualValues(t, 2, ckpttest.Value(v))
		}
	})
	t.Run("a child that cannot be saved is not attached", func(t *testing.T) {
		g := ckpttest.NodeOf("a", first)
		require.ErrorIs(t, g.Track("b", 3), ckpt.ErrNotTrackable)
		require.Nil(t, g.Tracked("b"))
		require.ErrorIs(t, g.Replace("a", "text"), ckpt.ErrNotTrackable)
		require.Same(t, first, g.Tracked("a"), "the earlier object stays")
	})
}
