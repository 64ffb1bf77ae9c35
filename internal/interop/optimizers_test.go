//go:build interop

package interop

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/optimizers/compatv1"
	"github.com/gockpt/ckpt/optimizers/keras3"
	"github.com/gockpt/ckpt/optimizers/legacy"
	"github.com/gockpt/ckpt/optimizers/tfkeras"
	"github.com/gockpt/ckpt/tensor"
)

func TestSlotVariables(t *testing.T) {
	type weights struct{ W, B tensor.Tensor[float32] }
	dir := t.TempDir()
	theirs, ours := filepath.Join(dir, "theirs", "ckpt"), filepath.Join(dir, "ours", "ckpt")
	ask[string](t, "momentum_writes", arguments{"prefix": theirs})
	model, optimizer := new(weights), new(compatv1.Momentum)
	c, err := ckpt.New(ckpt.Group{"model": model, "optimizer": optimizer})
	require.NoError(t, err)
	t.Run("S-08 a restore creates the slots", func(t *testing.T) {
		status, err := c.Read(t.Context(), theirs)
		require.NoError(t, err)
		require.NoError(t, status.AssertConsumed())
		require.Equal(t, []float32{1, 1, 1, 1}, optimizer.Get("momentum", &model.W).Values())
		require.Equal(t, []float32{2, 2}, optimizer.Get("momentum", &model.B).Values())
	})
	t.Run("S-02 TensorFlow restores all of them from the next save", func(t *testing.T) {
		_, err := c.Write(t.Context(), ours)
		require.NoError(t, err)
		fromTheirs := ask[any](t, "momentum_reads", arguments{"prefix": theirs})
		require.Equal(t, fromTheirs, ask[any](t, "momentum_reads", arguments{"prefix": ours}))
	})
}

// TestOptimizersAsData restores and saves an optimizer's state. TensorFlow continues from the result as from
// its own checkpoint.
func TestOptimizersAsData(t *testing.T) {
	type weights struct{ W tensor.Tensor[float32] }
	built := func(o interface{ Build(...tensor.Any) error }, m *weights) any {
		require.NoError(t, o.Build(&m.W))
		return o
	}
	for generation, adam := range map[string]func(*weights) any{
		"v1":       func(*weights) any { return new(compatv1.Adam) },
		"legacy":   func(*weights) any { return new(legacy.Adam) },
		"tf_keras": func(m *weights) any { return built(new(tfkeras.Adam), m) },
		"keras3":   func(m *weights) any { return built(new(keras3.Adam), m) },
	} {
		t.Run("S-07 S-12 Adam of "+generation, func(t *testing.T) {
			dir, model := t.TempDir(), new(weights)
			theirs, ours := filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
			ask[string](t, "adam_writes", arguments{"prefix": theirs, "generation": generation})
			c, err := ckpt.New(ckpt.Group{"model": model, "optimizer": adam(model)})
			require.NoError(t, err)
			status, err := c.Read(t.Context(), theirs)
			require.NoError(t, err)
			require.NoError(t, status.AssertConsumed())
			require.NoError(t, status.AssertExistingObjectsMatched())
			_, err = c.Write(t.Context(), ours)
			require.NoError(t, err)
			requireContinues(t, generation, theirs, ours)
		})
	}
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

// mirror makes maps and tensors in the form of a checkpoint's graph, without its classes. A variable with
// several edges is one tensor.
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
