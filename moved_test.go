package ckpt

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

// TestMovedElements appends to lists of structs after a restore. An element that append moved shares the memory of its tensors with the one
// that took the values, and is not missing; one that the program made anew is.
func TestMovedElements(t *testing.T) {
	type block struct {
		W, B tensor.Tensor[float32]
	}
	type model struct{ Blocks []block }
	build := func(n int, v float32) *model {
		m := new(model)
		for range n {
			m.Blocks = append(m.Blocks, block{*f32(v, v), *f32(v)})
		}
		return m
	}
	path := written(t, build(3, 1))
	t.Run("moved", func(t *testing.T) {
		m := build(2, 0)
		s := mustRead(t, mustNew(t, m), path).ExpectPartial()
		m.Blocks = append(m.Blocks[:2:2], block{*f32(0, 0), *f32(0)})
		require.NoError(t, s.Update(ctx))
		require.NoError(t, s.AssertExistingObjectsMatched())
		require.NoError(t, s.AssertConsumed())
		require.Empty(t, s.Report().Missing)
		require.EqualValues(t, 1, m.Blocks[2].B.Data()[0], "the new one took what waited")
		require.EqualValues(t, 1, m.Blocks[0].W.Data()[1])
	})
	t.Run("made anew", func(t *testing.T) {
		m := build(2, 0)
		s := mustRead(t, mustNew(t, m), path).ExpectPartial()
		m.Blocks = build(2, 0).Blocks
		require.ErrorContains(t, s.AssertExistingObjectsMatched(), "blocks.0.w")
	})
}
