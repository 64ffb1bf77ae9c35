package programs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// A selfPointer points only to pointers.
type selfPointer *selfPointer

func TestPointerTypesWithoutEndAreNotTrackable(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "a")
	require.NoError(t, ckpt.SaveWeights(t.Context(), prefix, ckpt.Group{"x": scalarTensor(1), "w": scalarTensor(2)}))
	var tagged struct {
		X selfPointer `ckpt:"x"`
		W *tensor.Tensor[float32]
	}
	require.ErrorContains(t, ckpt.LoadWeights(t.Context(), prefix, &tagged), "points to pointers only")
	var root selfPointer
	require.ErrorIs(t, ckpt.LoadWeights(t.Context(), prefix, &root), ckpt.ErrNotTrackable)
	var inMap map[string]selfPointer
	require.Error(t, ckpt.LoadWeights(t.Context(), prefix, &inMap))
	var untagged struct {
		X selfPointer
		W *tensor.Tensor[float32]
	}
	require.ErrorContains(t, ckpt.LoadWeights(t.Context(), prefix, &untagged), "cannot hold the value")
	require.NoError(t, ckpt.LoadWeights(t.Context(), prefix, &untagged, ckpt.IgnoreUnknown()), "a field without a tag is not tracked")
}

func scalarTensor(v float32) *tensor.Tensor[float32] { return tensor.Scalar(v) }

// nilTensors returns nil tensors.
type nilTensors struct{ t tensor.Any }

func (n *nilTensors) CheckpointTensors() ([]ckpt.NamedTensor, error) {
	return []ckpt.NamedTensor{{Name: "x", Tensor: n.t}}, nil
}
func (*nilTensors) SetCheckpointTensors(map[string]tensor.Any) error { return nil }

// nilVariable returns a nil tensor.
type nilVariable struct{ t tensor.Any }

func (n *nilVariable) CheckpointTensor() (tensor.Any, error) { return n.t, nil }
func (*nilVariable) SetCheckpointTensor(tensor.Any) error    { return nil }

func TestNilTensorsOfObjectsAreErrors(t *testing.T) {
	for name, none := range map[string]tensor.Any{"nil": nil, "nil of a type": (*tensor.Tensor[float32])(nil)} {
		t.Run(name, func(t *testing.T) {
			_, err := ckpt.New(ckpt.Group{"x": &nilTensors{none}})
			require.ErrorContains(t, err, `nil Tensor for "x"`)
			_, err = ckpt.New(ckpt.Group{"x": &nilVariable{none}})
			require.ErrorContains(t, err, "returned nil")
			s := ckpt.ObjectSaver{
				Name: "none", Match: func(o any) bool { _, ok := o.(*struct{ N int }); return ok },
				Save: func(context.Context, map[string]any) ([]ckpt.NamedTensor, error) {
					return []ckpt.NamedTensor{{Name: "x", Tensor: none}}, nil
				},
				Restore: func(context.Context, map[string]any, *ckpt.Reader) error { return nil },
			}
			c, err := ckpt.New(ckpt.Group{"x": &struct{ N int }{}}, ckpt.WithSaver(s))
			require.NoError(t, err)
			_, err = c.Write(t.Context(), filepath.Join(t.TempDir(), "a"))
			require.ErrorContains(t, err, "not built")
		})
	}
}

func TestUnexportedFieldsCannotBeInlined(t *testing.T) {
	type inner struct{ W tensor.Tensor[float32] }
	type model struct {
		in inner `ckpt:",inline"`
		X  tensor.Tensor[float32]
	}
	m := &model{}
	_, err := ckpt.New(m)
	var tagErr *ckpt.TagError
	require.ErrorAs(t, err, &tagErr)
	require.Equal(t, "in", tagErr.Field)
	require.False(t, m.in.W.Built())
}

func TestNilFilesystemIsAnError(t *testing.T) {
	_, err := ckpt.Open("a", ckpt.WithFS(nil))
	require.ErrorContains(t, err, "WithFS(nil)")
	_, err = ckpt.New(ckpt.Group{}, ckpt.WithFS(nil))
	require.ErrorContains(t, err, "WithFS(nil)")
}

// twice leads to T in two ways. Thirty-two nested twices lead to T in 2³² ways.
type twice[T any] struct{ A, B *T }

type (
	twice4[T any]  = twice[twice[twice[twice[T]]]]
	twice16[T any] = twice4[twice4[twice4[twice4[T]]]]
)

func TestTypesThatShareTypesAreSeenOnce(t *testing.T) {
	type model struct {
		Config twice16[twice16[int]]
		W      *tensor.Tensor[float32]
	}
	_, err := ckpt.New(new(model))
	require.NoError(t, err)
}

func TestAsyncFailureGivesItsNumberBack(t *testing.T) {
	dir := t.TempDir()
	c := ckpttest.New(t, ckpt.Group{"w": scalarTensor(1)})
	m, err := ckpt.NewManager(c, dir, ckpt.KeepLast(2))
	require.NoError(t, err)
	broken, calls := errors.New("broken"), 0
	callback := ckpt.OnWrite(func(context.Context, string) error {
		if calls++; calls == 2 {
			return broken
		}
		return nil
	})
	for i := range 5 {
		_, err := m.Save(t.Context(), ckpt.Async(), callback)
		require.NoError(t, err)
		if i == 1 {
			require.ErrorIs(t, m.Sync(t.Context()), broken)
			require.EqualValues(t, 1, c.SaveCounter())
		} else {
			require.NoError(t, m.Sync(t.Context()))
		}
	}
	indexes, err := filepath.Glob(filepath.Join(dir, "*.index"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(dir, "ckpt-3.index"), filepath.Join(dir, "ckpt-4.index")}, indexes)
}

func TestAsyncIsFreeOfItsCaller(t *testing.T) {
	home, other := t.TempDir(), t.TempDir()
	t.Chdir(home)
	verbs := map[string]func(context.Context, ...ckpt.SaveOption) (string, func(context.Context) error, error){
		"Save": func(ctx context.Context, o ...ckpt.SaveOption) (string, func(context.Context) error, error) {
			c := ckpttest.New(t, ckpt.Group{"w": scalarTensor(1)})
			path, err := c.Save(ctx, "a/c", append(o, ckpt.Async())...)
			return path, c.Sync, err
		},
		"Manager": func(ctx context.Context, o ...ckpt.SaveOption) (string, func(context.Context) error, error) {
			m, err := ckpt.NewManager(ckpttest.New(t, ckpt.Group{"w": scalarTensor(1)}), "b", ckpt.KeepLast(1))
			require.NoError(t, err)
			all := []ckpt.ManagerSaveOption{ckpt.Async()}
			for _, opt := range o {
				all = append(all, opt)
			}
			path, err := m.Save(ctx, all...)
			return path, m.Sync, err
		},
	}
	for name, save := range verbs {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.Chdir(home))
			going, cancel := context.WithCancel(t.Context())
			returned, done := false, make(chan error, 1)
			path, sync, err := save(going,
				ckpt.ShardBy(func(tensors []ckpt.ShardTensor) []ckpt.ShardPart {
					if returned {
						t.Error("the sharding function was called after Save had returned")
					}
					parts := make([]ckpt.ShardPart, len(tensors))
					for i := range parts {
						parts[i].Tensor = i
					}
					return parts
				}),
				ckpt.OnWrite(func(ctx context.Context, _ string) error { done <- ctx.Err(); return nil }))
			returned = true
			require.NoError(t, os.Chdir(other))
			cancel()
			require.NoError(t, err)
			require.False(t, filepath.IsAbs(path), "the path is returned as given")
			require.NoError(t, <-done)
			require.NoError(t, sync(t.Context()))
			left, err := os.ReadDir(other)
			require.NoError(t, err)
			require.Empty(t, left)
			require.True(t, ckpt.Exists(filepath.Join(home, path)))
		})
	}
}

func TestPrefixesThatAStateFileCannotName(t *testing.T) {
	c := ckpttest.New(t, ckpt.Group{"w": scalarTensor(1)})
	dir := t.TempDir()
	for _, prefix := range []string{"\xff\xfe", "a\xff"} {
		_, err := c.Save(t.Context(), dir+"/"+prefix)
		require.ErrorContains(t, err, "use another prefix")
		require.EqualValues(t, 0, c.SaveCounter())
	}
	s, err := ckpt.NewSaver(ckpt.Vars{"w": scalarTensor(1)})
	require.NoError(t, err)
	_, err = s.Save(t.Context(), dir+"/sub/..")
	require.ErrorContains(t, err, "use another prefix")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
