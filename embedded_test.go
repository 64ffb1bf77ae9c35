package ckpt

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

// Adapted is embedded by pointer.
type Adapted struct {
	A     variable `ckpt:",alloc"`
	Count int64    `ckpt:"count"`
}

type adaptedModel struct {
	*Adapted `ckpt:",inline,alloc"`
	W        variable
}

type fullyAdapted struct {
	*Adapted
	W variable
}

type perhapsAdapted struct {
	*Adapted `ckpt:",inline,optional,alloc"`
	W        variable
}

// Nested has an embedded pointer within an embedded pointer.
type Nested struct {
	*Adapted `ckpt:",inline,alloc"`
	N        variable `ckpt:",alloc"`
}

type nestedModel struct {
	*Nested `ckpt:",inline,alloc"`
	W       variable
}

// TestEmbeddedPointers covers embedded pointers that are nil: only a restore that has something for them makes what they lack.
func TestEmbeddedPointers(t *testing.T) {
	without := written(t, groupOf("w", scalar(1)))
	with := written(t, groupOf("w", scalar(1), "a", scalar(2), "count", tensor.Scalar(int64(3))))
	t.Run("New, Write, Save, SaveWeights and ViewOf do not allocate", func(t *testing.T) {
		for name, m := range map[string]func() (any, func() bool){
			"one": func() (any, func() bool) {
				m := &adaptedModel{W: scalar(1)}
				return m, func() bool { return m.Adapted == nil }
			},
			"optional": func() (any, func() bool) {
				m := &perhapsAdapted{W: scalar(1)}
				return m, func() bool { return m.Adapted == nil }
			},
			"in a list": func() (any, func() bool) {
				m := []*adaptedModel{{W: scalar(1)}}
				return &m, func() bool { return m[0].Adapted == nil }
			},
			"in a map": func() (any, func() bool) {
				m := map[string]adaptedModel{"x": {W: scalar(1)}}
				return &m, func() bool { return m["x"].Adapted == nil }
			},
			"in another": func() (any, func() bool) {
				m := &nestedModel{W: scalar(1)}
				return m, func() bool { return m.Nested == nil }
			},
		} {
			t.Run(name, func(t *testing.T) {
				model, untouched := m()
				c := mustNew(t, model)
				require.True(t, untouched(), "New")
				dir := t.TempDir()
				path := must(c.Write(ctx, filepath.Join(dir, "written")))
				must(c.Save(ctx, filepath.Join(dir, "saved")))
				require.NoError(t, SaveWeights(ctx, filepath.Join(dir, "weights"), model))
				require.NoError(t, SaveWeights(ctx, filepath.Join(dir, "w.safetensors"), model))
				must(ViewOf(model))
				require.True(t, untouched())
				require.NotContains(t, keysOf(t, path), "count/.ATTRIBUTES/VARIABLE_VALUE", "there is no zero to save")
			})
		}
	})
	t.Run("what is there is saved", func(t *testing.T) {
		m := &adaptedModel{Adapted: &Adapted{scalar(2), 3}, W: scalar(1)}
		requireSameFiles(t, written(t, m), written(t, &struct {
			A     variable
			Count int64 `ckpt:"count"`
			W     variable
		}{scalar(2), 3, scalar(1)}))
	})
	t.Run("a restore makes what the checkpoint has", func(t *testing.T) {
		m := &nestedModel{W: scalar(0)}
		path := written(t, groupOf("w", scalar(1), "a", scalar(2), "n", scalar(4), "count", tensor.Scalar(int64(3))))
		require.NoError(t, mustRead(t, mustNew(t, m), path).AssertConsumed())
		require.EqualValues(t, 2, value0(m.A))
		require.EqualValues(t, 4, value0(m.N))
		require.EqualValues(t, 3, m.Count)
	})
	t.Run("a restore leaves nil what the checkpoint lacks, and the assertion says so", func(t *testing.T) {
		m := &adaptedModel{W: scalar(0)}
		s := mustRead(t, mustNew(t, m), without)
		require.Nil(t, m.Adapted)
		require.EqualValues(t, 1, value0(m.W))
		var missing *MismatchError
		require.ErrorAs(t, s.AssertExistingObjectsMatched(), &missing)
		require.Equal(t, []string{"a", "count"}, missing.Missing)
		require.Equal(t, []string{"a", "count"}, itemPaths(s.Report().Missing))
		require.Nil(t, m.Adapted)
	})
	t.Run("the inner of two is made only where it is needed", func(t *testing.T) {
		m := &nestedModel{W: scalar(0)}
		mustRead(t, mustNew(t, m), written(t, groupOf("w", scalar(1), "n", scalar(4)))).ExpectPartial()
		require.EqualValues(t, 4, value0(m.N))
		require.Nil(t, m.Adapted)
	})
	t.Run("without alloc the values wait for it", func(t *testing.T) {
		m := &fullyAdapted{W: scalar(0)}
		s := mustRead(t, mustNew(t, m), with)
		require.Nil(t, m.Adapted)
		require.ElementsMatch(t, []string{"a", "count"}, itemPaths(s.Report().Waiting))
		m.Adapted = &Adapted{A: scalar(0)}
		require.NoError(t, s.AssertConsumed())
		require.EqualValues(t, 3, m.Count)
	})
	t.Run("a planned restore makes it when it runs", func(t *testing.T) {
		m := &adaptedModel{W: scalar(0)}
		s := must(mustNew(t, m).Read(ctx, with, Planned()))
		require.Nil(t, m.Adapted)
		require.NoError(t, s.RunRestoreOps(ctx))
		require.EqualValues(t, 3, m.Count)
	})
	t.Run("a failed restore takes it back", func(t *testing.T) {
		m := &adaptedModel{W: scalar(0)}
		_, err := mustNew(t, m).Read(ctx, written(t, groupOf("w", tensor.New[float32](2), "a", scalar(2))))
		require.ErrorIs(t, err, ErrMismatch)
		require.Nil(t, m.Adapted)
	})
	t.Run("LoadWeights wants it", func(t *testing.T) {
		for name, load := range map[string]func(string) (*Adapted, error){
			"without a tag": func(path string) (*Adapted, error) {
				m := &fullyAdapted{}
				err := LoadWeights(ctx, path, m)
				return m.Adapted, err
			},
			"alloc": func(path string) (*Adapted, error) {
				m := &adaptedModel{}
				err := LoadWeights(ctx, path, m)
				return m.Adapted, err
			},
		} {
			t.Run(name, func(t *testing.T) {
				got, err := load(with)
				require.NoError(t, err)
				require.EqualValues(t, 3, got.Count)
				got, err = load(without)
				var missing *MismatchError
				require.ErrorAs(t, err, &missing)
				require.Equal(t, []string{"a", "count"}, missing.Missing)
				require.Nil(t, got)
			})
		}
	})
	t.Run("LoadWeights with Partial leaves nil what it has nothing for", func(t *testing.T) {
		m := &fullyAdapted{}
		require.NoError(t, LoadWeights(ctx, without, m, Partial()))
		require.Nil(t, m.Adapted)
	})
	t.Run("optional: it may be absent, not in half", func(t *testing.T) {
		m := &perhapsAdapted{}
		require.NoError(t, LoadWeights(ctx, without, m))
		require.Nil(t, m.Adapted)
		require.NoError(t, LoadWeights(ctx, with, m))
		require.EqualValues(t, 3, m.Count)
		m = &perhapsAdapted{}
		var missing *MismatchError
		require.ErrorAs(t, LoadWeights(ctx, written(t, groupOf("w", scalar(1), "a", scalar(2))), m), &missing)
		require.Equal(t, []string{"count"}, missing.Missing)
		m = &perhapsAdapted{W: scalar(0)}
		require.NoError(t, mustRead(t, mustNew(t, m), without).AssertExistingObjectsMatched())
	})
	t.Run("by names", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "names")
		saved := func(root any) string { return must(mustSaver(t, root).Save(ctx, path)) }
		with := saved(&fullyAdapted{&Adapted{scalar(2), 3}, scalar(1)})
		r := &adaptedModel{W: scalar(0)}
		mustRead(t, mustNew(t, r), with).ExpectPartial()
		require.EqualValues(t, 3, r.Count)
		without := saved(&struct{ W variable }{scalar(1)})
		r = &adaptedModel{W: scalar(0)}
		mustRead(t, mustNew(t, r), without).ExpectPartial()
		require.Nil(t, r.Adapted)
		require.ErrorIs(t, LoadWeights(ctx, without, &fullyAdapted{}), ErrMismatch)
		require.NoError(t, LoadWeights(ctx, without, &perhapsAdapted{W: scalar(0)}))
	})
}
