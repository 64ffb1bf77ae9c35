package ckpt

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

// parts is saved by a saver of its own: one tensor for all its values, under a key that is not a variable's.
type parts struct {
	Values []int32 `ckpt:"-"`
}

func isParts(object any) bool { _, ok := object.(*parts); return ok }

func partsSaver(name string) ObjectSaver {
	return ObjectSaver{
		Name: name, Match: isParts,
		Save: func(_ context.Context, objects map[string]any) ([]NamedTensor, error) {
			var tensors []NamedTensor
			for _, path := range slices.Sorted(maps.Keys(objects)) {
				values := objects[path].(*parts).Values
				t, err := tensor.FromSlice(values, len(values))
				if err != nil {
					return nil, err
				}
				tensors = append(tensors, NamedTensor{Name: path + "/parts", Tensor: t})
			}
			return tensors, nil
		},
		Restore: func(ctx context.Context, objects map[string]any, from *Reader) error {
			defer from.Close() // of no consequence: others still read
			for path, object := range objects {
				t, err := from.ReadTensor(ctx, path+"/parts")
				if err != nil {
					return err
				}
				values, _ := tensor.As[int32](t)
				object.(*parts).Values = values.Data()
			}
			return nil
		},
	}
}

type withParts struct {
	Parts parts                  `ckpt:"parts"`
	V     tensor.Tensor[float32] `ckpt:"v,fullname=v"`
}

func TestObjectSavers(t *testing.T) {
	g := golden(t, "objects-registered-saver")
	saver := WithSaver(partsSaver("golden.Parts"))
	t.Run("G-36 its name and the object's path are in the graph, its tensors in a data file before all others", func(t *testing.T) {
		m := withParts{Parts: parts{[]int32{1, 2, 3}}, V: *scalar(5)}
		path := written(t, &m, saver)
		requireSameFiles(t, path, g.path())
		require.Equal(t, "golden.Parts", must(opened(t, path).Graph()).Nodes[1].Saver.Name)
	})
	t.Run("G-36 a restore goes to the saver of that name, with all its objects, after all else", func(t *testing.T) {
		var m withParts
		s := partsSaver("golden.Parts")
		restore := s.Restore
		s.Restore = func(ctx context.Context, objects map[string]any, from *Reader) error {
			require.EqualValues(t, 5, value0(&m.V))
			require.Equal(t, map[string]any{"parts": &m.Parts}, objects)
			return restore(ctx, objects, from)
		}
		require.NoError(t, mustRead(t, mustNew(t, &m, WithSaver(s)), g.path()).AssertConsumed())
		require.Equal(t, []int32{1, 2, 3}, m.Parts.Values)
	})
	t.Run("G-36 LoadWeights and SaveWeights", func(t *testing.T) {
		var m struct {
			Parts *parts `ckpt:"parts"`
			V     tensor.Tensor[float32]
		}
		require.NoError(t, LoadWeights(ctx, g.path(), &m, saver))
		require.Equal(t, []int32{1, 2, 3}, m.Parts.Values)
		again := filepath.Join(t.TempDir(), "ckpt")
		require.NoError(t, SaveWeights(ctx, again, &m, saver))
		require.Equal(t, keysOf(t, g.path()), keysOf(t, again))
		require.ErrorIs(t, LoadWeights(ctx, written(t, Group{"v": scalar(1)}), &m, saver), ErrMismatch, "the checkpoint has no parts")
	})
	t.Run("G-36 an object that is attached later is restored then", func(t *testing.T) {
		c := mustNew(t, Group{"v": scalar(0)}, saver)
		mustRead(t, c, g.path())
		late := new(parts)
		require.NoError(t, c.Track("parts", late))
		require.Equal(t, []int32{1, 2, 3}, late.Values)
	})
	t.Run("G-36 what was saved as usual goes to the saver that the program has now, by its first key", func(t *testing.T) {
		path := written(t, Group{"parts": f32(7)})
		s := partsSaver("golden.Parts")
		var paths []string
		s.Restore = func(_ context.Context, objects map[string]any, _ *Reader) error {
			paths = sortedKeys(objects)
			return nil
		}
		require.NoError(t, mustRead(t, mustNew(t, Group{"parts": new(parts)}, WithSaver(s)), path).AssertConsumed())
		require.Equal(t, []string{"parts/.ATTRIBUTES/VARIABLE_VALUE"}, paths)
	})
	t.Run("G-37 a saver that the program does not know is passed over with a warning, and the rest restored", func(t *testing.T) {
		var m withParts
		logger, lines := logged()
		require.NoError(t, mustRead(t, mustNew(t, &m, WithLogger(logger)), g.path()).AssertConsumed())
		require.EqualValues(t, 5, value0(&m.V))
		require.Empty(t, m.Parts.Values)
		require.Contains(t, lines()[0], "Registered saver golden.Parts was not found")
	})
	t.Run("G-37 an object that the recorded saver does not match is an error, and nothing is restored", func(t *testing.T) {
		v := scalar(1)
		_, err := mustNew(t, Group{"parts": &block{*f32(1)}, "v": v}, saver).Read(ctx, g.path())
		require.ErrorIs(t, err, ErrMismatch)
		require.ErrorContains(t, err, "registered saver golden.Parts, which does not match a ckpt.block")
		require.EqualValues(t, 1, value0(v))
	})
	t.Run("G-37 a lenient one is passed over", func(t *testing.T) {
		s, v, other := partsSaver("golden.Parts"), scalar(1), &block{*f32(1)}
		s.Lenient = true
		mustRead(t, mustNew(t, Group{"parts": other, "v": v}, WithSaver(s)), g.path())
		require.EqualValues(t, 5, value0(v))
		require.EqualValues(t, 1, other.W.Data()[0])
	})
}

func TestObjectSaverOptions(t *testing.T) {
	group := func() Group { return Group{"a": &parts{[]int32{1}}, "b": &parts{[]int32{2, 3}}, "v": f32(1, 2, 3, 4)} }
	t.Run("the one given last is asked first", func(t *testing.T) {
		path := written(t, group(), WithSaver(partsSaver("first")), WithSaver(partsSaver("last")))
		require.Equal(t, "last", must(opened(t, path).Graph()).Nodes[1].Saver.Name)
	})
	t.Run("its data file stands apart from those of a sharding function", func(t *testing.T) {
		path := written(t, group(), WithSaver(partsSaver("p")), MaxShardSize(8))
		require.Equal(t, []int64{12, 8, 8 + graphSize(t, path)}, shardSizes(t, path))
	})
	t.Run("an asynchronous save asks it before it returns", func(t *testing.T) {
		g := group()
		c := mustNew(t, g, WithSaver(partsSaver("p")))
		path := must(c.Write(ctx, filepath.Join(t.TempDir(), "ckpt"), Async()))
		g["a"].(*parts).Values[0] = 9
		require.NoError(t, c.Sync(ctx))
		require.Equal(t, []int32{1}, must(opened(t, path).Tensor("a/parts")).Values())
	})
	t.Run("its errors are those of the save and of the restore", func(t *testing.T) {
		s := partsSaver("p")
		path := written(t, group(), WithSaver(s))
		s.Save = func(context.Context, map[string]any) ([]NamedTensor, error) { return nil, errors.New("no table") }
		s.Restore = func(context.Context, map[string]any, *Reader) error { return errors.New("no table either") }
		c := mustNew(t, group(), WithSaver(s))
		_, err := c.Write(ctx, filepath.Join(t.TempDir(), "ckpt"))
		require.ErrorContains(t, err, "saver p: no table")
		_, err = c.Read(ctx, path)
		var restoring *RestoreError
		require.ErrorAs(t, err, &restoring)
		require.ErrorContains(t, err, "saver p: no table either")
	})
	t.Run("a key that is another object's is refused", func(t *testing.T) {
		s := partsSaver("p")
		s.Save = func(context.Context, map[string]any) ([]NamedTensor, error) {
			return []NamedTensor{{Name: "v/.ATTRIBUTES/VARIABLE_VALUE", Tensor: tensor.Scalar(int32(1))}}, nil
		}
		_, err := mustNew(t, group(), WithSaver(s)).Write(ctx, filepath.Join(t.TempDir(), "ckpt"))
		require.ErrorContains(t, err, `"v/.ATTRIBUTES/VARIABLE_VALUE"`)
	})
	for name, s := range map[string]ObjectSaver{"no name": {Match: isParts}, "lacks one": {Name: "p", Match: isParts}} {
		_, err := New(group(), WithSaver(s))
		require.ErrorContains(t, err, name)
	}
	_, err := New(group(), WithSaver(partsSaver("p")), WithSaver(partsSaver("p")))
	require.ErrorContains(t, err, "two savers are called p")
}
