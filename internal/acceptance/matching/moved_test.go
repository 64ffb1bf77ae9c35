package matching

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// TestMovedElements appends to lists of structs after a restore. An element that append moved shares its tensors' memory with the
// restored element, and is not missing. A new element is missing.
func TestMovedElements(t *testing.T) {
	type block struct {
		W, B tensor.Tensor[float32]
	}
	type model struct{ Blocks []block }
	build := func(n int, v float32) *model {
		m := new(model)
		for range n {
			m.Blocks = append(m.Blocks, block{*ckpttest.Vector(v, v), *ckpttest.Vector(v)})
		}
		return m
	}
	path := ckpttest.Written(t, build(3, 1))
	t.Run("moved", func(t *testing.T) {
		m := build(2, 0)
		s := ckpttest.Read(t, ckpttest.New(t, m), path).ExpectPartial()
		m.Blocks = append(m.Blocks[:2:2], block{*ckpttest.Vector(0, 0), *ckpttest.Vector(0)})
		require.NoError(t, s.Update(ctx))
		require.NoError(t, s.AssertExistingObjectsMatched())
		require.NoError(t, s.AssertConsumed())
		require.Empty(t, s.Report().Missing)
		require.EqualValues(t, 1, m.Blocks[2].B.Data()[0], "the new element took the waiting value")
		require.EqualValues(t, 1, m.Blocks[0].W.Data()[1])
	})
	t.Run("newly made", func(t *testing.T) {
		m := build(2, 0)
		s := ckpttest.Read(t, ckpttest.New(t, m), path).ExpectPartial()
		m.Blocks = build(2, 0).Blocks
		require.ErrorContains(t, s.AssertExistingObjectsMatched(), "blocks.0.w")
	})
}

// TestMovedPlainValues moves elements that hold plain values. Elements that hold the same values as the old element count as
// restored. An element that the program made with other values, or after it had cleared the old one, does not.
func TestMovedPlainValues(t *testing.T) {
	type inner struct {
		Rate float64  `ckpt:"rate"`
		Axes [2]int32 `ckpt:"axes"`
	}
	type block struct {
		W      tensor.Tensor[float32]
		Steps  int64            `ckpt:"steps"`
		Name   string           `ckpt:"name"`
		On     bool             `ckpt:"on"`
		Zero   int32            `ckpt:"zero"`
		IDs    []int64          `ckpt:"ids"`
		Rows   [][]int64        `ckpt:"rows"`
		Count  map[string]int64 `ckpt:"count"`
		Deep   [2]inner
		Opaque time.Time `ckpt:"opaque"`
	}
	type model struct{ Blocks []block }
	made := func(v int64) block {
		return block{*ckpttest.Vector(float32(v)), v, fmt.Sprint(v), v != 0, 0, []int64{v, v}, [][]int64{{v}, {v}}, map[string]int64{"a": v}, [2]inner{{float64(v), [2]int32{int32(v)}}, {}}, time.Unix(v, 0)}
	}
	build := func(n int, v int64) *model {
		m := new(model)
		for range n {
			m.Blocks = append(m.Blocks, made(v))
		}
		return m
	}
	path := ckpttest.Written(t, build(3, 1))
	restored := func(t *testing.T) (*model, *ckpt.Status) {
		m := build(2, 0)
		return m, ckpttest.Read(t, ckpttest.New(t, m), path).ExpectPartial()
	}
	for name, move := range map[string]func(*model){
		"appended":       func(m *model) { m.Blocks = append(m.Blocks[:2:2], made(0)) },
		"appended again": func(m *model) { m.Blocks = append(append(m.Blocks[:2:2], made(0)), make([]block, 0)...) },
		"copied":         func(m *model) { m.Blocks = append(slices.Clone(m.Blocks), made(0)) },
		"trained after the restore": func(m *model) {
			m.Blocks[0].Steps, m.Blocks[1].W = 70, *ckpttest.Vector(8)
			m.Blocks = append(m.Blocks[:2:2], made(0))
		},
		"reordered": func(m *model) { m.Blocks[1].Steps = 9; m.Blocks = []block{m.Blocks[1], m.Blocks[0], made(0)} },
	} {
		t.Run(name, func(t *testing.T) {
			m, s := restored(t)
			move(m)
			require.NoError(t, s.AssertExistingObjectsMatched())
			require.Empty(t, s.Report().Missing)
			if name != "reordered" {
				require.NoError(t, s.AssertConsumed())
			}
			require.EqualValues(t, 1, m.Blocks[2].Steps, "the new element took the waiting value")
		})
	}
	for name, c := range map[string]struct {
		change func(*model)
		want   string
	}{
		"newly made":                             {func(m *model) { m.Blocks = build(2, 5).Blocks }, "blocks.0.steps"},
		"newly made with a tensor":               {func(m *model) { b := made(5); b.W = m.Blocks[0].W; m.Blocks = []block{b, m.Blocks[1]} }, "blocks.0.steps"},
		"cleared, then newly made":               {func(m *model) { clear(m.Blocks); m.Blocks = make([]block, 2) }, "blocks.0.steps"},
		"one value changed during the move":      {func(m *model) { m.Blocks = slices.Clone(m.Blocks); m.Blocks[1].Name = "x" }, "blocks.1.name"},
		"an inner value changed during the move": {func(m *model) { m.Blocks = slices.Clone(m.Blocks); m.Blocks[1].Deep[0].Rate = 8 }, "blocks.1.deep.0.rate"},
		"an entry changed during the move":       {func(m *model) { m.Blocks = slices.Clone(m.Blocks); m.Blocks[1].Count = map[string]int64{"a": 8} }, "blocks.1.count.a"},
	} {
		t.Run(name, func(t *testing.T) {
			m, s := restored(t)
			c.change(m)
			require.ErrorContains(t, s.AssertExistingObjectsMatched(), c.want)
			require.True(t, slices.ContainsFunc(s.Report().Missing, func(i ckpt.Item) bool { return i.Path == c.want }), "%v", s.Report().Missing)
		})
	}
}

// TestMovedPlainOnly moves elements that hold a single number.
func TestMovedPlainOnly(t *testing.T) {
	type counter struct {
		N int64 `ckpt:"n"`
	}
	type model struct {
		Counters []counter `ckpt:"counters"`
		W        tensor.Tensor[float32]
	}
	path := ckpttest.Written(t, &model{[]counter{{3}, {0}, {5}}, *ckpttest.Vector(1)})
	restored := func(t *testing.T) (*model, *ckpt.Status) {
		m := &model{make([]counter, 2), *ckpttest.Vector(0)}
		return m, ckpttest.Read(t, ckpttest.New(t, m), path).ExpectPartial()
	}
	t.Run("appended", func(t *testing.T) {
		m, s := restored(t)
		m.Counters = append(m.Counters[:2:2], counter{})
		require.NoError(t, s.AssertConsumed())
		require.Equal(t, []counter{{3}, {0}, {5}}, m.Counters)
	})
	t.Run("newly made", func(t *testing.T) {
		m, s := restored(t)
		m.Counters = []counter{{7}, {0}}
		require.ErrorContains(t, s.AssertExistingObjectsMatched(), "counters.0.n")
	})
	t.Run("cleared", func(t *testing.T) {
		m, s := restored(t)
		clear(m.Counters)
		m.Counters = make([]counter, 2)
		require.ErrorContains(t, s.AssertExistingObjectsMatched(), "counters.0.n")
	})
}

// TestMovedByNames appends after a restore by names. The moved elements have been trained since, and are not overwritten.
func TestMovedByNames(t *testing.T) {
	type block struct {
		W     tensor.Tensor[float32]
		Steps int64 `ckpt:"steps"`
	}
	type model struct {
		Blocks []block `ckpt:"blocks"`
	}
	saver, err := ckpt.NewSaver(ckpt.Vars{"blocks/0/w": ckpttest.Vector(1), "blocks/1/w": ckpttest.Vector(1), "blocks/2/w": ckpttest.Vector(1), "blocks/0/steps": tensor.Scalar(int64(1)), "blocks/1/steps": tensor.Scalar(int64(1)), "blocks/2/steps": tensor.Scalar(int64(1))})
	require.NoError(t, err)
	path, err := saver.Save(ctx, filepath.Join(t.TempDir(), "names"))
	require.NoError(t, err)
	m := &model{[]block{{*ckpttest.Vector(0), 0}, {*ckpttest.Vector(0), 0}}}
	s := ckpttest.Read(t, ckpttest.New(t, m), path)
	require.NoError(t, s.AssertConsumed())
	m.Blocks[0].W.Data()[0], m.Blocks[0].Steps = 7, 70
	m.Blocks = append(m.Blocks[:2:2], block{*ckpttest.Vector(0), 0})
	require.NoError(t, s.AssertConsumed())
	require.Empty(t, s.Report().Missing)
	require.EqualValues(t, 7, m.Blocks[0].W.Data()[0], "trained since")
	require.EqualValues(t, 70, m.Blocks[0].Steps, "trained since")
	require.EqualValues(t, 1, m.Blocks[2].W.Data()[0])
	require.EqualValues(t, 1, m.Blocks[2].Steps)
	m.Blocks[2].Steps = 5
	m.Blocks = append(m.Blocks[:3:3], block{*ckpttest.Vector(0), 3})
	require.ErrorContains(t, s.AssertConsumed(), "the names of 2 values")
	require.EqualValues(t, 5, m.Blocks[2].Steps)
}
