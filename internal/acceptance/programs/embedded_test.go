package programs

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// Adapted is embedded by pointer.
type Adapted struct {
	A     ckpttest.Variable `ckpt:",alloc"`
	Count int64             `ckpt:"count"`
}

type adaptedModel struct {
	*Adapted `ckpt:",inline,alloc"`
	W        ckpttest.Variable
}

type fullyAdapted struct {
	*Adapted
	W ckpttest.Variable
}

type perhapsAdapted struct {
	*Adapted `ckpt:",inline,optional,alloc"`
	W        ckpttest.Variable
}

// Nested has an embedded pointer in an embedded pointer.
type Nested struct {
	*Adapted `ckpt:",inline,alloc"`
	N        ckpttest.Variable `ckpt:",alloc"`
}

type nestedModel struct {
	*Nested `ckpt:",inline,alloc"`
	W       ckpttest.Variable
}

// TestEmbeddedPointers tests nil embedded pointers. A restore allocates them only if it has a value for them.
func TestEmbeddedPointers(t *testing.T) {
	without := ckpttest.Written(t, ckpttest.NodeOf("w", ckpttest.Scalar(1)))
	with := ckpttest.Written(t, ckpttest.NodeOf("w", ckpttest.Scalar(1), "a", ckpttest.Scalar(2), "count", tensor.Scalar(int64(3))))
	t.Run("New, Write, Save, SaveWeights and ViewOf do not allocate", func(t *testing.T) {
		for name, m := range map[string]func() (any, func() bool){
			"one": func() (any, func() bool) {
				m := &adaptedModel{W: ckpttest.Scalar(1)}
				return m, func() bool { return m.Adapted == nil }
			},
			"optional": func() (any, func() bool) {
				m := &perhapsAdapted{W: ckpttest.Scalar(1)}
				return m, func() bool { return m.Adapted == nil }
			},
			"in a list": func() (any, func() bool) {
				m := []*adaptedModel{{W: ckpttest.Scalar(1)}}
				return &m, func() bool { return m[0].Adapted == nil }
			},
			"in a map": func() (any, func() bool) {
				m := map[string]adaptedModel{"x": {W: ckpttest.Scalar(1)}}
				return &m, func() bool { return m["x"].Adapted == nil }
			},
			"in another": func() (any, func() bool) {
				m := &nestedModel{W: ckpttest.Scalar(1)}
				return m, func() bool { return m.Nested == nil }
			},
		} {
			t.Run(name, func(t *testing.T) {
				model, untouched := m()
				c := ckpttest.New(t, model)
				require.True(t, untouched(), "New")
				dir := t.TempDir()
				path := ckpttest.Must(c.Write(ctx, filepath.Join(dir, "written")))
				ckpttest.Must(c.Save(ctx, filepath.Join(dir, "saved")))
				require.NoError(t, ckpt.SaveWeights(ctx, filepath.Join(dir, "weights"), model))
				require.NoError(t, ckpt.SaveWeights(ctx, filepath.Join(dir, "w.safetensors"), model))
				ckpttest.Must(ckpt.ViewOf(model))
				require.True(t, untouched())
				require.NotContains(t, ckpttest.KeysOf(t, path), "count/.ATTRIBUTES/VARIABLE_VALUE", "a nil pointer is not saved as zero")
			})
		}
	})
	t.Run("an allocated pointer is saved", func(t *testing.T) {
		m := &adaptedModel{Adapted: &Adapted{ckpttest.Scalar(2), 3}, W: ckpttest.Scalar(1)}
		ckpttest.RequireSameFiles(t, ckpttest.Written(t, m), ckpttest.Written(t, &struct {
			A     ckpttest.Variable
			Count int64 `ckpt:"count"`
			W     ckpttest.Variable
		}{ckpttest.Scalar(2), 3, ckpttest.Scalar(1)}))
	})
	t.Run("a restore allocates pointers that have values in the checkpoint", func(t *testing.T) {
		m := &nestedModel{W: ckpttest.Scalar(0)}
		path := ckpttest.Written(t, ckpttest.NodeOf("w", ckpttest.Scalar(1), "a", ckpttest.Scalar(2), "n", ckpttest.Scalar(4), "count", tensor.Scalar(int64(3))))
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, m), path).AssertConsumed())
		require.EqualValues(t, 2, ckpttest.Value(m.A))
		require.EqualValues(t, 4, ckpttest.Value(m.N))
		require.EqualValues(t, 3, m.Count)
	})
	t.Run("a restore keeps nil if the checkpoint lacks the values, and the assertion reports it", func(t *testing.T) {
		m := &adaptedModel{W: ckpttest.Scalar(0)}
		s := ckpttest.Read(t, ckpttest.New(t, m), without)
		require.Nil(t, m.Adapted)
		require.EqualValues(t, 1, ckpttest.Value(m.W))
		var missing *ckpt.MismatchError
		require.ErrorAs(t, s.AssertExistingObjectsMatched(), &missing)
		require.Equal(t, []string{"a", "count"}, missing.Missing)
		require.Equal(t, []string{"a", "count"}, ckpttest.ItemPaths(s.Report().Missing))
		require.Nil(t, m.Adapted)
	})
	t.Run("the inner of two pointers is allocated only if it is needed", func(t *testing.T) {
		m := &nestedModel{W: ckpttest.Scalar(0)}
		ckpttest.Read(t, ckpttest.New(t, m), ckpttest.Written(t, ckpttest.NodeOf("w", ckpttest.Scalar(1), "n", ckpttest.Scalar(4)))).ExpectPartial()
		require.EqualValues(t, 4, ckpttest.Value(m.N))
		require.Nil(t, m.Adapted)
	})
	t.Run("without alloc the values wait for the pointer", func(t *testing.T) {
		m := &fullyAdapted{W: ckpttest.Scalar(0)}
		s := ckpttest.Read(t, ckpttest.New(t, m), with)
		require.Nil(t, m.Adapted)
		require.ElementsMatch(t, []string{"a", "count"}, ckpttest.ItemPaths(s.Report().Waiting))
		m.Adapted = &Adapted{A: ckpttest.Scalar(0)}
		require.NoError(t, s.AssertConsumed())
		require.EqualValues(t, 3, m.Count)
	})
	t.Run("a planned restore allocates the pointer when it runs", func(t *testing.T) {
		m := &adaptedModel{W: ckpttest.Scalar(0)}
		s := ckpttest.Must(ckpttest.New(t, m).Read(ctx, with, ckpt.Planned()))
		require.Nil(t, m.Adapted)
		require.NoError(t, s.RunRestoreOps(ctx))
		require.EqualValues(t, 3, m.Count)
	})
	t.Run("a failed restore resets the pointer to nil", func(t *testing.T) {
		m := &adaptedModel{W: ckpttest.Scalar(0)}
		_, err := ckpttest.New(t, m).Read(ctx, ckpttest.Written(t, ckpttest.NodeOf("w", tensor.New[float32](2), "a", ckpttest.Scalar(2))))
		require.ErrorIs(t, err, ckpt.ErrMismatch)
		require.Nil(t, m.Adapted)
	})
	t.Run("LoadWeights requires the values", func(t *testing.T) {
		for name, load := range map[string]func(string) (*Adapted, error){
			"without a tag": func(path string) (*Adapted, error) {
				m := &fullyAdapted{}
				err := ckpt.LoadWeights(ctx, path, m)
				return m.Adapted, err
			},
			"alloc": func(path string) (*Adapted, error) {
				m := &adaptedModel{}
				err := ckpt.LoadWeights(ctx, path, m)
				return m.Adapted, err
			},
		} {
			t.Run(name, func(t *testing.T) {
				got, err := load(with)
				require.NoError(t, err)
				require.EqualValues(t, 3, got.Count)
				got, err = load(without)
				var missing *ckpt.MismatchError
				require.ErrorAs(t, err, &missing)
				require.Equal(t, []string{"a", "count"}, missing.Missing)
				require.Nil(t, got)
			})
		}
	})
	t.Run("LoadWeights with Partial keeps nil if the checkpoint lacks the values", func(t *testing.T) {
		m := &fullyAdapted{}
		require.NoError(t, ckpt.LoadWeights(ctx, without, m, ckpt.Partial()))
		require.Nil(t, m.Adapted)
	})
	t.Run("optional: all values may be missing, but not only some", func(t *testing.T) {
		m := &perhapsAdapted{}
		require.NoError(t, ckpt.LoadWeights(ctx, without, m))
		require.Nil(t, m.Adapted)
		require.NoError(t, ckpt.LoadWeights(ctx, with, m))
		require.EqualValues(t, 3, m.Count)
		m = &perhapsAdapted{}
		var missing *ckpt.MismatchError
		require.ErrorAs(t, ckpt.LoadWeights(ctx, ckpttest.Written(t, ckpttest.NodeOf("w", ckpttest.Scalar(1), "a", ckpttest.Scalar(2))), m), &missing)
		require.Equal(t, []string{"count"}, missing.Missing)
		m = &perhapsAdapted{W: ckpttest.Scalar(0)}
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, m), without).AssertExistingObjectsMatched())
	})
	t.Run("by names", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "names")
		saved := func(root any) string { return ckpttest.Must(ckpttest.Saver(t, root).Save(ctx, path)) }
		with := saved(&fullyAdapted{&Adapted{ckpttest.Scalar(2), 3}, ckpttest.Scalar(1)})
		r := &adaptedModel{W: ckpttest.Scalar(0)}
		ckpttest.Read(t, ckpttest.New(t, r), with).ExpectPartial()
		require.EqualValues(t, 3, r.Count)
		without := saved(&struct{ W ckpttest.Variable }{ckpttest.Scalar(1)})
		r = &adaptedModel{W: ckpttest.Scalar(0)}
		ckpttest.Read(t, ckpttest.New(t, r), without).ExpectPartial()
		require.Nil(t, r.Adapted)
		require.ErrorIs(t, ckpt.LoadWeights(ctx, without, &fullyAdapted{}), ckpt.ErrMismatch)
		require.NoError(t, ckpt.LoadWeights(ctx, without, &perhapsAdapted{W: ckpttest.Scalar(0)}))
	})
}
