package matching

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

func TestRestoreByName(t *testing.T) {
	path := ckpttest.Must(ckpttest.Saver(t, ckpt.Vars{"dense/kernel": ckpttest.Vector(7), "extra": ckpttest.Vector(8)}).Save(ctx, filepath.Join(t.TempDir(), "s")))
	type layer struct {
		W *tensor.Tensor[float32] `ckpt:"w,fullname=dense/kernel:0"`
	}
	t.Run("N-03 a variable with a name that is not in the file keeps its value, and the assertions name it", func(t *testing.T) {
		m, none := &layer{ckpttest.Vector(0)}, ckpttest.Vector(5)
		c := ckpttest.New(t, ckpt.Group{"m": m, "none": none})
		status := ckpttest.Read(t, c, path)
		require.EqualValues(t, 7, ckpttest.Value(m.W))
		require.EqualValues(t, 5, ckpttest.Value(none))
		var mismatch *ckpt.MismatchError
		require.ErrorAs(t, status.AssertConsumed(), &mismatch)
		require.Equal(t, []string{"none"}, mismatch.Missing)
		require.Equal(t, status.AssertConsumed(), status.AssertExistingObjectsMatched())
		require.Equal(t, status.AssertConsumed(), status.AssertNontrivialMatch())
	})
	t.Run("N-04 the save counter may be missing from the file, but not a variable with its name", func(t *testing.T) {
		status, err := ckpttest.New(t, ckpt.Group{"m": &layer{ckpttest.Vector(0)}}).Restore(ctx, path)
		require.NoError(t, err)
		require.NoError(t, status.AssertConsumed())
		type counting struct {
			M *layer
			N int64 `ckpt:"n,fullname=save_counter"`
		}
		status, err = ckpttest.New(t, &counting{M: &layer{ckpttest.Vector(0)}}).Restore(ctx, path)
		require.NoError(t, err)
		require.ErrorContains(t, status.AssertConsumed(), "n: missing")
	})
	t.Run("values that were restored by name are then saved by objects", func(t *testing.T) {
		m := &layer{ckpttest.Vector(0)}
		c := ckpttest.New(t, ckpt.Group{"m": m})
		ckpttest.Read(t, c, path)
		again := &layer{ckpttest.Vector(0)}
		ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"m": again}), ckpttest.Must(c.Write(ctx, filepath.Join(t.TempDir(), "objects"))))
		require.EqualValues(t, 7, ckpttest.Value(again.W))
	})
}

// A namedLayer names its variables, and the variables of the layers in it.
type namedLayer struct {
	W, B  *tensor.Tensor[float32]
	Inner *namedLayer
	names map[any]string
}

func (l *namedLayer) VariableName(variable any) string { return l.names[variable] }

func TestVariableNamer(t *testing.T) {
	t.Run("G-32 without a tag, the nearest object names a variable", func(t *testing.T) {
		inner := &namedLayer{W: ckpttest.Vector(1), B: ckpttest.Vector(2)}
		outer := &namedLayer{W: ckpttest.Vector(3), B: ckpttest.Vector(4), Inner: inner}
		inner.names = map[any]string{inner.W: "inner/w"}
		outer.names = map[any]string{inner.W: "hidden", inner.B: "outer/inner/b", outer.W: "outer/w"}
		path := ckpttest.Written(t, ckpt.Group{"l": outer})
		names := make(map[string]string)
		for _, n := range ckpttest.Must(ckpttest.Open(t, path).Graph()).Nodes {
			for _, a := range n.Attributes {
				names[a.Key[:len(a.Key)-len("/.ATTRIBUTES/VARIABLE_VALUE")]] = a.FullName
			}
		}
		require.Equal(t, map[string]string{"l/w": "outer/w", "l/b": "l/b", "l/inner/w": "inner/w", "l/inner/b": "outer/inner/b"}, names)
		type tagged struct {
			namedLayer
			T *tensor.Tensor[float32] `ckpt:"t,fullname=tag"`
		}
		m := &tagged{T: ckpttest.Vector(1)}
		m.names = map[any]string{m.T: "namer"}
		require.Equal(t, []string{"tag"}, ckpttest.KeysOf(t, ckpttest.Must(ckpttest.Saver(t, m).Save(ctx, filepath.Join(t.TempDir(), "s")))))
	})
}
