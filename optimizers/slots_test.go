package optimizers_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/optimizers"
	"github.com/gockpt/ckpt/optimizers/compatv1"
	"github.com/gockpt/ckpt/optimizers/legacy"
	"github.com/gockpt/ckpt/tensor"
)

func newCheckpoint(t *testing.T, root any) *ckpt.Checkpoint {
	t.Helper()
	c, err := ckpt.New(root)
	require.NoError(t, err)
	return c
}

func written(t *testing.T, root any) string {
	t.Helper()
	path, err := newCheckpoint(t, root).Write(ctx, filepath.Join(t.TempDir(), "ckpt"), ckpt.AllowEmpty())
	require.NoError(t, err)
	return path
}

// trained returns a variable, and an optimizer in which its momentum is 2.
func trained() (*tensor.Tensor[float32], *compatv1.Momentum) {
	v, o := tensor.Scalar(float32(1)), new(compatv1.Momentum)
	o.Set("momentum", v, tensor.Scalar(float32(2)))
	return v, o
}

func momentumOf(o *compatv1.Momentum, v any) any {
	if t := o.Get("momentum", v); t != nil {
		return t.Values()
	}
	return nil
}

func TestSlots(t *testing.T) {
	v, o := trained()
	path := written(t, ckpt.Group{"v": v, "o": o})
	two := []float32{2}
	t.Run("S-04 a slot is saved only where the root leads to both the optimizer and the variable", func(t *testing.T) {
		require.Len(t, graphOf(t, path).Nodes, 4)
		require.Len(t, graphOf(t, written(t, ckpt.Group{"v": v})).Nodes, 2)
		alone := graphOf(t, written(t, ckpt.Group{"o": o}))
		require.Len(t, alone.Nodes, 2)
		require.Empty(t, alone.Nodes[1].Slots)
	})
	t.Run("S-05 a slot variable that is also another object is rejected", func(t *testing.T) {
		_, err := ckpt.New(ckpt.Group{"v": v, "o": o, "extra": o.Get("momentum", v)})
		require.ErrorContains(t, err, `slot variable "momentum" of o for v is also the object extra`)
	})
	t.Run("S-06 an optimizer with only slots has values", func(t *testing.T) {
		require.True(t, *graphOf(t, path).Nodes[1].HasValues)
		require.Len(t, graphOf(t, path).Nodes[1].Slots, 1)
	})
	t.Run("S-07 the optimizer is attached after the variable was restored", func(t *testing.T) {
		v, o := tensor.Scalar(float32(0)), new(compatv1.Momentum)
		c := newCheckpoint(t, ckpt.Group{"v": v})
		status, err := c.Read(ctx, path)
		require.NoError(t, err)
		require.ErrorIs(t, status.AssertConsumed(), ckpt.ErrMismatch)
		require.NoError(t, c.Track("o", o))
		require.Equal(t, two, momentumOf(o, v))
		require.NoError(t, status.AssertConsumed())
	})
	t.Run("S-07 the variable is attached after the optimizer was restored", func(t *testing.T) {
		v, o := tensor.Scalar(float32(0)), new(compatv1.Momentum)
		c := newCheckpoint(t, ckpt.Group{"o": o})
		status, err := c.Read(ctx, path)
		require.NoError(t, err)
		require.Nil(t, momentumOf(o, v))
		require.NoError(t, c.Track("v", v))
		require.Equal(t, two, momentumOf(o, v))
		require.NoError(t, status.AssertConsumed())
	})
	t.Run("S-08 the restore creates the slot variable with the variable's dtype", func(t *testing.T) {
		half, o := tensor.Scalar(tensor.Float16(0)), new(compatv1.Momentum)
		o.Set("momentum", half, tensor.Scalar(tensor.Float16(7)))
		path, into := written(t, ckpt.Group{"v": half, "o": o}), new(compatv1.Momentum)
		_, err := newCheckpoint(t, ckpt.Group{"v": half, "o": into}).Read(ctx, path)
		require.NoError(t, err)
		require.Equal(t, []tensor.Float16{7}, momentumOf(into, half))
	})
	t.Run("S-09 other state than slots that the program has not created yet is reported, and waits", func(t *testing.T) {
		type late struct {
			optimizers.Slots
			Beta1Power *float32 `ckpt:"beta1_power"`
			Beta2Power *float32 `ckpt:"beta2_power"`
		}
		path := written(t, ckpt.Group{"v": v, "o": &compatv1.Adam{Beta1Power: 0.9, Beta2Power: 0.99}})
		o := new(late)
		status, err := newCheckpoint(t, ckpt.Group{"v": tensor.Scalar(float32(0)), "o": o}).Read(ctx, path)
		require.NoError(t, err)
		err = status.AssertConsumed()
		require.ErrorContains(t, err, "o.beta1_power")
		require.ErrorContains(t, err, "o.beta2_power")
		o.Beta1Power, o.Beta2Power = new(float32), new(float32)
		require.NoError(t, status.AssertConsumed())
		require.EqualValues(t, float32(0.9), *o.Beta1Power)
	})
	t.Run("S-10 SkipSlots does not change slots, and assertions ignore them on both sides", func(t *testing.T) {
		v, o := trained()
		o.Set("momentum", v, tensor.Scalar(float32(5)))
		o.Set("of the program", v, tensor.Scalar(float32(6)))
		status, err := newCheckpoint(t, ckpt.Group{"v": v, "o": o}).Read(ctx, path, ckpt.SkipSlots())
		require.NoError(t, err)
		require.NoError(t, status.Assert(ckpt.Consumed, ckpt.ExistingObjectsMatched))
		require.Equal(t, []float32{5}, momentumOf(o, v))
	})
	t.Run("S-11 if the program has another object instead of the optimizer, its children are restored and its slots stay unresolved", func(t *testing.T) {
		type plain struct {
			Beta1Power float32 `ckpt:"beta1_power"`
			Beta2Power float32 `ckpt:"beta2_power"`
		}
		adam := &compatv1.Adam{Beta1Power: 0.9, Beta2Power: 0.99}
		adam.Set("m", v, tensor.Scalar(float32(3)))
		path, o := written(t, ckpt.Group{"v": v, "o": adam}), new(plain)
		status, err := newCheckpoint(t, ckpt.Group{"v": tensor.Scalar(float32(0)), "o": o}).Read(ctx, path)
		require.NoError(t, err)
		require.Equal(t, plain{0.9, 0.99}, *o)
		require.NoError(t, status.AssertExistingObjectsMatched())
		require.ErrorContains(t, status.AssertConsumed(), "state 'm' for")
	})
	t.Run("additional slots in a checkpoint are kept", func(t *testing.T) {
		v, o := tensor.Scalar(float32(1)), new(legacy.SGD)
		o.LearningRate = new(float32)
		o.Set("own", v, tensor.Scalar(float32(4)))
		path, into := written(t, ckpt.Group{"v": v, "o": o}), new(legacy.SGD)
		requireUnchanged(t, ckpt.Group{"v": v, "o": into}, path)
		require.Equal(t, []string{"own"}, into.SlotNames())
	})
	t.Run("a variable may be a plain Go value", func(t *testing.T) {
		weights, o := []float64{1, 2}, new(compatv1.Momentum)
		type m struct {
			W []float64 `ckpt:"w"`
		}
		model := &m{weights}
		o.Set("momentum", &model.W, must(tensor.FromSlice([]float64{3, 4}, 2)))
		path, into, again := written(t, ckpt.Group{"m": model, "o": o}), new(compatv1.Momentum), &m{make([]float64, 2)}
		_, err := newCheckpoint(t, ckpt.Group{"m": again, "o": into}).Read(ctx, path)
		require.NoError(t, err)
		require.Equal(t, []float64{3, 4}, momentumOf(into, &again.W))
	})
	t.Run("only variables have slots", func(t *testing.T) {
		require.Nil(t, new(compatv1.Momentum).CreateSlot("momentum", new(chan int)))
		require.Nil(t, new(compatv1.Momentum).CreateSlot("momentum", nil))
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
