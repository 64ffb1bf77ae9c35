package programs

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// TestNilSlices tests tagged slices of plain values that are nil. They are variables that are not built.
func TestNilSlices(t *testing.T) {
	type model struct {
		F []float32           `ckpt:"f"`
		S []string            `ckpt:"s"`
		R [][]float64         `ckpt:"r"`
		A [2][]int32          `ckpt:"a,alloc"`
		K []float32           `ckpt:"k,shape=2x2"`
		P *[]int64            `ckpt:"p,alloc"`
		M map[string][]int64  `ckpt:"m"`
		I []tensor.Int4       `ckpt:"i"`
		O []complex64         `ckpt:"o,optional"`
		V tensor.Tensor[int8] `ckpt:"v"`
	}
	full := func() *model {
		p := []int64{9}
		return &model{[]float32{1, 2}, []string{"a", ""}, [][]float64{{1}, {2}}, [2][]int32{{3}, {4}}, []float32{1, 2, 3, 4}, &p, map[string][]int64{"x": {5}}, []tensor.Int4{7}, []complex64{1i}, *tensor.Scalar[int8](1)}
	}
	path := ckpttest.Written(t, full())
	empty := func() *model { return &model{M: map[string][]int64{"x": nil}} }
	t.Run("a restore fills them, like LoadWeights", func(t *testing.T) {
		got := empty()
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, got), path).AssertConsumed())
		require.Equal(t, full(), got)
		got = &model{}
		require.NoError(t, ckpt.LoadWeights(ctx, path, got))
		require.Equal(t, full(), got)
		got = empty()
		require.NoError(t, ckpttest.Must(ckpttest.New(t, got).Read(ctx, path, ckpt.Planned())).RunRestoreOps(ctx))
		require.Equal(t, full(), got)
	})
	t.Run("a slice that is not nil keeps its shape", func(t *testing.T) {
		got := empty()
		got.F = []float32{}
		_, err := ckpttest.New(t, got).Read(ctx, path)
		require.ErrorIs(t, err, ckpt.ErrMismatch)
		require.Nil(t, got.S, "nothing was assigned")
	})
	t.Run("a save omits them, and a restore lists them as missing", func(t *testing.T) {
		m := empty()
		m.F = []float32{1}
		path := ckpttest.Written(t, m)
		require.Equal(t, []string{"f/.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, path))
		got := empty()
		s := ckpttest.Read(t, ckpttest.New(t, got), path)
		require.Equal(t, []float32{1}, got.F)
		require.Nil(t, got.S)
		var missing *ckpt.MismatchError
		require.ErrorAs(t, s.AssertExistingObjectsMatched(), &missing)
		require.ElementsMatch(t, []string{"s", "r", "a", "k", "p", "m.x", "i", "v"}, missing.Missing)
	})
	t.Run("without other values, a save fails", func(t *testing.T) {
		_, err := ckpttest.New(t, empty()).Write(ctx, filepath.Join(t.TempDir(), "w"))
		require.ErrorIs(t, err, ckpt.ErrNoVariables)
		require.ErrorContains(t, err, "these have no values yet: F, S")
	})
	t.Run("a failed restore resets them to nil", func(t *testing.T) {
		got := &struct {
			F []float32        `ckpt:"f"`
			Z ckpttest.Refuser `ckpt:"z"`
		}{Z: ckpttest.Refuser{Err: ckpt.ErrStale, Value: *ckpttest.Vector(0)}}
		_, err := ckpttest.New(t, got).Read(ctx, ckpttest.Written(t, ckpttest.NodeOf("f", ckpttest.Vector(1, 2), "z", ckpttest.Vector(1))))
		require.ErrorIs(t, err, ckpt.ErrStale)
		require.Nil(t, got.F)
	})
	t.Run("by names", func(t *testing.T) {
		type model struct {
			F []float32 `ckpt:"f"`
			S []string  `ckpt:"s"`
		}
		m := &model{[]float32{1, 2}, []string{"a"}}
		path := ckpttest.Must(ckpttest.Saver(t, m).Save(ctx, filepath.Join(t.TempDir(), "n")))
		for name, load := range map[string]func(*model) error{
			"LoadWeights": func(m *model) error { return ckpt.LoadWeights(ctx, path, m) },
			"Restore":     func(m *model) error { return ckpttest.Must(ckpttest.New(t, m).Read(ctx, path)).AssertConsumed() },
			"Saver":       func(m *model) error { return ckpttest.Saver(t, m).Restore(ctx, path) },
		} {
			got := &model{}
			require.NoError(t, load(got), name)
			require.Equal(t, m, got, name)
		}
	})
}

// The values that a failed restore reports as restored hold the checkpoint's values, also in maps and interfaces.
func TestFailedRestoresOfCopies(t *testing.T) {
	type entry struct {
		N int64    `ckpt:"n"`
		W [2]int32 `ckpt:"w"`
	}
	type model struct {
		M map[string]entry `ckpt:"m"`
		I any              `ckpt:"i"`
		L []any            `ckpt:"l"`
		Z ckpttest.Refuser `ckpt:"z"`
	}
	m := &model{M: map[string]entry{"a": {1, [2]int32{2, 3}}}, I: entry{4, [2]int32{5, 6}}, L: []any{entry{7, [2]int32{8, 9}}}, Z: ckpttest.Refuser{Value: *ckpttest.Vector(1)}}
	path := ckpttest.Written(t, m)
	for name, opts := range map[string][]ckpt.RestoreOption{"plain": nil, "atomic": {ckpt.Atomic()}} {
		t.Run(name, func(t *testing.T) {
			got := &model{M: map[string]entry{"a": {}}, I: entry{}, L: []any{entry{}}, Z: ckpttest.Refuser{Value: *ckpttest.Vector(0), Err: ckpt.ErrStale}}
			_, err := ckpttest.New(t, got).Read(ctx, path, opts...)
			var failed *ckpt.RestoreError
			require.ErrorAs(t, err, &failed)
			holds := map[string]bool{
				"m.a.n": got.M["a"].N == 1, "m.a.w": got.M["a"].W == m.M["a"].W, "i.n": got.I.(entry).N == 4, "i.w": got.I.(entry).W == m.I.(entry).W,
				"l.0.n": got.L[0].(entry).N == 7, "l.0.w": got.L[0].(entry).W == m.L[0].(entry).W,
			}
			var restored []string
			for path, has := range holds {
				if has {
					restored = append(restored, path)
				}
			}
			require.ElementsMatch(t, restored, failed.Restored)
		})
	}
}
