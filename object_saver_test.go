package ckpt_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

func TestObjectSavers(t *testing.T) {
	g := ckpttest.Golden(t, "objects-registered-saver")
	saver := ckpt.WithSaver(ckpttest.PartsSaver("golden.Parts"))
	t.Run("G-36 the graph has the saver's name and the object's path, and the saver's tensors are in a data file before all others", func(t *testing.T) {
		m := ckpttest.WithParts{Parts: ckpttest.Parts{Values: []int32{1, 2, 3}}, V: *ckpttest.Scalar(5)}
		path := ckpttest.Written(t, &m, saver)
		ckpttest.RequireSameFiles(t, path, g.Path())
		require.Equal(t, "golden.Parts", ckpttest.Must(ckpttest.Open(t, path).Graph()).Nodes[1].Saver.Name)
	})
	t.Run("G-36 a restore calls the saver with that name, with all its objects, after everything else", func(t *testing.T) {
		var m ckpttest.WithParts
		s := ckpttest.PartsSaver("golden.Parts")
		restore := s.Restore
		s.Restore = func(ctx context.Context, objects map[string]any, from *ckpt.Reader) error {
			require.EqualValues(t, 5, ckpttest.Value(&m.V))
			require.Equal(t, map[string]any{"parts": &m.Parts}, objects)
			return restore(ctx, objects, from)
		}
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, &m, ckpt.WithSaver(s)), g.Path()).AssertConsumed())
		require.Equal(t, []int32{1, 2, 3}, m.Parts.Values)
	})
	t.Run("G-36 LoadWeights and SaveWeights", func(t *testing.T) {
		var m struct {
			Parts *ckpttest.Parts `ckpt:"parts"`
			V     tensor.Tensor[float32]
		}
		require.NoError(t, ckpt.LoadWeights(ctx, g.Path(), &m, saver))
		require.Equal(t, []int32{1, 2, 3}, m.Parts.Values)
		again := filepath.Join(t.TempDir(), "ckpt")
		require.NoError(t, ckpt.SaveWeights(ctx, again, &m, saver))
		require.Equal(t, ckpttest.KeysOf(t, g.Path()), ckpttest.KeysOf(t, again))
		require.ErrorIs(t, ckpt.LoadWeights(ctx, ckpttest.Written(t, ckpt.Group{"v": ckpttest.Scalar(1)}), &m, saver), ckpt.ErrMismatch, "the checkpoint does not have parts")
	})
	t.Run("G-36 an object that is attached later is restored then", func(t *testing.T) {
		c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(0)}, saver)
		ckpttest.Read(t, c, g.Path())
		late := new(ckpttest.Parts)
		require.NoError(t, c.Track("parts", late))
		require.Equal(t, []int32{1, 2, 3}, late.Values)
	})
	t.Run("G-36 an object that was saved without a saver is passed to the program's current saver, with its first key", func(t *testing.T) {
		path := ckpttest.Written(t, ckpt.Group{"parts": ckpttest.Vector(7)})
		s := ckpttest.PartsSaver("golden.Parts")
		var paths []string
		s.Restore = func(_ context.Context, objects map[string]any, _ *ckpt.Reader) error {
			paths = ckpttest.SortedKeys(objects)
			return nil
		}
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"parts": new(ckpttest.Parts)}, ckpt.WithSaver(s)), path).AssertConsumed())
		require.Equal(t, []string{"parts/.ATTRIBUTES/VARIABLE_VALUE"}, paths)
	})
	t.Run("G-37 an unknown saver is skipped with a warning, and the rest is restored", func(t *testing.T) {
		var m ckpttest.WithParts
		logger, lines := ckpttest.Logged()
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, &m, ckpt.WithLogger(logger)), g.Path()).AssertConsumed())
		require.EqualValues(t, 5, ckpttest.Value(&m.V))
		require.Empty(t, m.Parts.Values)
		require.Contains(t, lines()[0], "Registered saver golden.Parts was not found")
	})
	t.Run("G-37 an object that the recorded saver does not match is an error, and nothing is restored", func(t *testing.T) {
		v := ckpttest.Scalar(1)
		_, err := ckpttest.New(t, ckpt.Group{"parts": &ckpttest.Block{W: *ckpttest.Vector(1)}, "v": v}, saver).Read(ctx, g.Path())
		require.ErrorIs(t, err, ckpt.ErrMismatch)
		require.ErrorContains(t, err, "registered saver golden.Parts, which does not match a ckpttest.Block")
		require.EqualValues(t, 1, ckpttest.Value(v))
	})
	t.Run("G-37 with a lenient saver, the object is skipped", func(t *testing.T) {
		s, v, other := ckpttest.PartsSaver("golden.Parts"), ckpttest.Scalar(1), &ckpttest.Block{W: *ckpttest.Vector(1)}
		s.Lenient = true
		ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"parts": other, "v": v}, ckpt.WithSaver(s)), g.Path())
		require.EqualValues(t, 5, ckpttest.Value(v))
		require.EqualValues(t, 1, other.W.Data()[0])
	})
}

func TestObjectSaverOptions(t *testing.T) {
	group := func() ckpt.Group {
		return ckpt.Group{"a": &ckpttest.Parts{Values: []int32{1}}, "b": &ckpttest.Parts{Values: []int32{2, 3}}, "v": ckpttest.Vector(1, 2, 3, 4)}
	}
	t.Run("the last saver is asked first", func(t *testing.T) {
		path := ckpttest.Written(t, group(), ckpt.WithSaver(ckpttest.PartsSaver("first")), ckpt.WithSaver(ckpttest.PartsSaver("last")))
		require.Equal(t, "last", ckpttest.Must(ckpttest.Open(t, path).Graph()).Nodes[1].Saver.Name)
	})
	t.Run("the saver's data file is separate from those of a sharding function", func(t *testing.T) {
		path := ckpttest.Written(t, group(), ckpt.WithSaver(ckpttest.PartsSaver("p")), ckpt.MaxShardSize(8))
		require.Equal(t, []int64{12, 8, 8 + graphSize(t, path)}, shardSizes(t, path))
	})
	t.Run("an asynchronous save calls the saver before it returns", func(t *testing.T) {
		g := group()
		c := ckpttest.New(t, g, ckpt.WithSaver(ckpttest.PartsSaver("p")))
		path := ckpttest.Must(c.Write(ctx, filepath.Join(t.TempDir(), "ckpt"), ckpt.Async()))
		g["a"].(*ckpttest.Parts).Values[0] = 9
		require.NoError(t, c.Sync(ctx))
		require.Equal(t, []int32{1}, ckpttest.Must(ckpttest.Open(t, path).Tensor("a/parts")).Values())
	})
	t.Run("the saver's errors are returned by the save and the restore", func(t *testing.T) {
		s := ckpttest.PartsSaver("p")
		path := ckpttest.Written(t, group(), ckpt.WithSaver(s))
		s.Save = func(context.Context, map[string]any) ([]ckpt.NamedTensor, error) { return nil, errors.New("no table") }
		s.Restore = func(context.Context, map[string]any, *ckpt.Reader) error { return errors.New("no table either") }
		c := ckpttest.New(t, group(), ckpt.WithSaver(s))
		_, err := c.Write(ctx, filepath.Join(t.TempDir(), "ckpt"))
		require.ErrorContains(t, err, "saver p: no table")
		_, err = c.Read(ctx, path)
		var restoring *ckpt.RestoreError
		require.ErrorAs(t, err, &restoring)
		require.ErrorContains(t, err, "saver p: no table either")
	})
	t.Run("a key of another object is rejected", func(t *testing.T) {
		s := ckpttest.PartsSaver("p")
		s.Save = func(context.Context, map[string]any) ([]ckpt.NamedTensor, error) {
			return []ckpt.NamedTensor{{Name: "v/.ATTRIBUTES/VARIABLE_VALUE", Tensor: tensor.Scalar(int32(1))}}, nil
		}
		_, err := ckpttest.New(t, group(), ckpt.WithSaver(s)).Write(ctx, filepath.Join(t.TempDir(), "ckpt"))
		require.ErrorContains(t, err, `"v/.ATTRIBUTES/VARIABLE_VALUE"`)
	})
	for name, s := range map[string]ckpt.ObjectSaver{"no name": {Match: ckpttest.IsParts}, "must have Match": {Name: "p", Match: ckpttest.IsParts}} {
		_, err := ckpt.New(group(), ckpt.WithSaver(s))
		require.ErrorContains(t, err, name)
	}
	_, err := ckpt.New(group(), ckpt.WithSaver(ckpttest.PartsSaver("p")), ckpt.WithSaver(ckpttest.PartsSaver("p")))
	require.ErrorContains(t, err, "two savers are called p")
}
