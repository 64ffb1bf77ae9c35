package ckpt

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

func TestRestoreByName(t *testing.T) {
	path := must(mustSaver(t, Vars{"dense/kernel": f32(7), "extra": f32(8)}).Save(ctx, filepath.Join(t.TempDir(), "s")))
	type layer struct {
		W *tensor.Tensor[float32] `ckpt:"w,fullname=dense/kernel:0"`
	}
	t.Run("N-03 a variable whose name is not in the file keeps its value, and the assertions name it", func(t *testing.T) {
		m, none := &layer{f32(0)}, f32(5)
		c := mustNew(t, Group{"m": m, "none": none})
		status := mustRead(t, c, path)
		require.EqualValues(t, 7, value0(m.W))
		require.EqualValues(t, 5, value0(none))
		var mismatch *MismatchError
		require.ErrorAs(t, status.AssertConsumed(), &mismatch)
		require.Equal(t, []string{"none"}, mismatch.Missing)
		require.Equal(t, status.AssertConsumed(), status.AssertExistingObjectsMatched())
		require.Equal(t, status.AssertConsumed(), status.AssertNontrivialMatch())
	})
	t.Run("N-04 the checkpoint's own counter need not be in the file, a variable called as it is must", func(t *testing.T) {
		status, err := mustNew(t, Group{"m": &layer{f32(0)}}).Restore(ctx, path)
		require.NoError(t, err)
		require.NoError(t, status.AssertConsumed())
		type counting struct {
			M *layer
			N int64 `ckpt:"n,fullname=save_counter"`
		}
		status, err = mustNew(t, &counting{M: &layer{f32(0)}}).Restore(ctx, path)
		require.NoError(t, err)
		require.ErrorContains(t, status.AssertConsumed(), "n: missing")
	})
	t.Run("what was restored by name is saved by objects from then on", func(t *testing.T) {
		m := &layer{f32(0)}
		c := mustNew(t, Group{"m": m})
		mustRead(t, c, path)
		again := &layer{f32(0)}
		mustRead(t, mustNew(t, Group{"m": again}), must(c.Write(ctx, filepath.Join(t.TempDir(), "objects"))))
		require.EqualValues(t, 7, value0(again.W))
	})
}

// A namedLayer says what its variables are called, and those of the layers in it.
type namedLayer struct {
	W, B  *tensor.Tensor[float32]
	Inner *namedLayer
	names map[any]string
}

func (l *namedLayer) VariableName(variable any) string { return l.names[variable] }

func TestVariableNamer(t *testing.T) {
	t.Run("G-32 an object names the variables below it, the nearest first, where no tag does", func(t *testing.T) {
		inner := &namedLayer{W: f32(1), B: f32(2)}
		outer := &namedLayer{W: f32(3), B: f32(4), Inner: inner}
		inner.names = map[any]string{inner.W: "inner/w"}
		outer.names = map[any]string{inner.W: "hidden", inner.B: "outer/inner/b", outer.W: "outer/w"}
		path := written(t, Group{"l": outer})
		names := make(map[string]string)
		for _, n := range must(opened(t, path).Graph()).Nodes {
			for _, a := range n.Attributes {
				names[a.Key[:len(a.Key)-len("/.ATTRIBUTES/VARIABLE_VALUE")]] = a.FullName
			}
		}
		require.Equal(t, map[string]string{"l/w": "outer/w", "l/b": "l/b", "l/inner/w": "inner/w", "l/inner/b": "outer/inner/b"}, names)
		type tagged struct {
			namedLayer
			T *tensor.Tensor[float32] `ckpt:"t,fullname=tag"`
		}
		m := &tagged{T: f32(1)}
		m.names = map[any]string{m.T: "namer"}
		require.Equal(t, []string{"tag"}, keysOf(t, must(mustSaver(t, m).Save(ctx, filepath.Join(t.TempDir(), "s")))))
	})
}
