//go:build interop

package interop

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// slots holds an optimizer's state as TensorFlow's slot variables: one tensor per slot name and variable.
type slots struct {
	names []string
	of    map[string]map[any]*tensor.Tensor[float32]
}

func newSlots(names ...string) slots {
	s := slots{names: names, of: make(map[string]map[any]*tensor.Tensor[float32])}
	for _, name := range names {
		s.of[name] = make(map[any]*tensor.Tensor[float32])
	}
	return s
}

func (s *slots) SlotNames() []string { return s.names }

func (s *slots) Slot(name string, variable any) any {
	if t := s.of[name][variable]; t != nil {
		return t
	}
	return nil
}

func (s *slots) CreateSlot(name string, variable any) any {
	if s.of[name] == nil {
		return nil
	}
	if s.of[name][variable] == nil {
		s.of[name][variable] = new(tensor.Tensor[float32])
	}
	return s.of[name][variable]
}

func TestSlotVariables(t *testing.T) {
	type weights struct{ W, B tensor.Tensor[float32] }
	dir := t.TempDir()
	theirs, ours := filepath.Join(dir, "theirs", "ckpt"), filepath.Join(dir, "ours", "ckpt")
	ask[string](t, "momentum_writes", arguments{"prefix": theirs})
	model, optimizer := new(weights), newSlots("momentum")
	c, err := ckpt.New(ckpt.Group{"model": model, "optimizer": &optimizer})
	require.NoError(t, err)
	t.Run("S-08 a restore makes them", func(t *testing.T) {
		status, err := c.Read(t.Context(), theirs)
		require.NoError(t, err)
		require.NoError(t, status.AssertConsumed())
		require.Equal(t, []float32{1, 1, 1, 1}, optimizer.of["momentum"][&model.W].Data())
		require.Equal(t, []float32{2, 2}, optimizer.of["momentum"][&model.B].Data())
	})
	t.Run("S-02 TensorFlow takes all of them from what is saved again", func(t *testing.T) {
		_, err := c.Write(t.Context(), ours)
		require.NoError(t, err)
		fromTheirs := ask[any](t, "momentum_reads", arguments{"prefix": theirs})
		require.Equal(t, fromTheirs, ask[any](t, "momentum_reads", arguments{"prefix": ours}))
	})
}

// legacyAdam is the state of tf.keras.optimizers.legacy.Adam.
type legacyAdam struct {
	slots
	Iter         int64   `ckpt:"iter"`
	LearningRate float32 `ckpt:"learning_rate"`
	Beta1        float32 `ckpt:"beta_1"`
	Beta2        float32 `ckpt:"beta_2"`
	Decay        float32 `ckpt:"decay"`
}

// TestOptimizersAsData takes an optimizer's state through a restore and a save: TensorFlow continues from the result as it
// does from its own.
func TestOptimizersAsData(t *testing.T) {
	t.Run("tf.keras.optimizers.legacy.Adam", func(t *testing.T) {
		dir := t.TempDir()
		theirs, ours := filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
		ask[string](t, "adam_writes", arguments{"prefix": theirs, "generation": "legacy"})
		var model struct{ W tensor.Tensor[float32] }
		c, err := ckpt.New(ckpt.Group{"model": &model, "optimizer": &legacyAdam{slots: newSlots("m", "v")}})
		require.NoError(t, err)
		status, err := c.Read(t.Context(), theirs)
		require.NoError(t, err)
		require.NoError(t, status.AssertConsumed())
		_, err = c.Write(t.Context(), ours)
		require.NoError(t, err)
		requireContinues(t, "legacy", theirs, ours)
	})
	for _, generation := range []string{"tf_keras", "keras3"} {
		t.Run(generation+", any of its lists", func(t *testing.T) {
			dir := t.TempDir()
			theirs, ours := filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
			ask[string](t, "adam_writes", arguments{"prefix": theirs, "generation": generation})
			saved := mirror(t, theirs)
			require.NoError(t, ckpt.LoadWeights(t.Context(), theirs, saved, ckpt.Strict()))
			c, err := ckpt.New(saved)
			require.NoError(t, err)
			_, err = c.Write(t.Context(), ours)
			require.NoError(t, err)
			requireContinues(t, generation, theirs, ours)
		})
	}
}

func requireContinues(t *testing.T, generation, theirs, ours string) {
	want := ask[[]float32](t, "adam_continues", arguments{"prefix": theirs, "generation": generation})
	require.Equal(t, want, ask[[]float32](t, "adam_continues", arguments{"prefix": ours, "generation": generation}))
}

// mirror makes maps and tensors in the form of a checkpoint's graph, for a program that knows nothing of its classes. A variable
// that several edges reach is one tensor.
func mirror(t *testing.T, path string) map[string]any {
	r, err := ckpt.Open(path)
	require.NoError(t, err)
	defer r.Close()
	g, err := r.Graph()
	require.NoError(t, err)
	made := make([]any, len(g.Nodes))
	for i, n := range g.Nodes {
		if len(n.Attributes) == 0 {
			made[i] = make(map[string]any)
			continue
		}
		info, err := r.Lookup(n.Attributes[0].Key)
		require.NoError(t, err)
		made[i], err = tensor.NewAny(info.DType, info.Shape...)
		require.NoError(t, err)
	}
	for i, n := range g.Nodes {
		for _, child := range n.Children {
			if child.ID != 0 {
				made[i].(map[string]any)[child.Name] = made[child.ID]
			}
		}
	}
	return made[0].(map[string]any)
}
