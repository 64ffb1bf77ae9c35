package ckpt

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

// An optimizer keeps slot variables besides what F declares.
type optimizer[F any] struct {
	Fields F `ckpt:",inline"`
	names  []string
	slots  map[string]map[any]*tensor.Tensor[float32]
}

func (o *optimizer[F]) SlotNames() []string { return o.names }

func (o *optimizer[F]) Slot(name string, variable any) any {
	if s := o.slots[name][variable]; s != nil {
		return s
	}
	return nil
}

func (o *optimizer[F]) CreateSlot(name string, variable any) any {
	if o.slots == nil {
		o.slots = make(map[string]map[any]*tensor.Tensor[float32])
	}
	if o.slots[name] == nil {
		o.slots[name] = make(map[any]*tensor.Tensor[float32])
	}
	if o.slots[name][variable] == nil {
		o.slots[name][variable] = new(tensor.Tensor[float32])
	}
	return o.slots[name][variable]
}

// adamV1 is what tf.compat.v1.train.AdamOptimizer keeps.
type adamV1 struct {
	optimizer[struct {
		Beta1Power float32 `ckpt:"beta1_power,fullname=beta1_power"`
		Beta2Power float32 `ckpt:"beta2_power,fullname=beta2_power"`
	}]
}

func (*adamV1) SlotFullName(slot, variable string) string {
	return variable + map[string]string{"m": "/Adam", "v": "/Adam_1"}[slot]
}

// adamLegacy is what tf.keras.optimizers.legacy.Adam keeps.
type adamLegacy struct {
	optimizer[struct {
		Iter         int64   `ckpt:"iter,fullname=Adam/iter"`
		Beta1        float32 `ckpt:"beta_1,fullname=Adam/beta_1"`
		Beta2        float32 `ckpt:"beta_2,fullname=Adam/beta_2"`
		Decay        float32 `ckpt:"decay,fullname=Adam/decay"`
		LearningRate float32 `ckpt:"learning_rate,fullname=Adam/learning_rate"`
	}]
}

func (*adamLegacy) SlotFullName(slot, variable string) string { return "Adam/" + variable + "/" + slot }

type momentum struct{ optimizer[struct{}] }

func (*momentum) SlotFullName(_, variable string) string { return variable + "/Momentum" }

// TestSlotVariablesAsTensorFlow takes optimizers of three generations through a restore that makes their slot variables, and
// writes them again as TensorFlow did.
func TestSlotVariablesAsTensorFlow(t *testing.T) {
	again := func(t *testing.T, name string, root any) {
		t.Helper()
		g := golden(t, name)
		c := mustNew(t, root)
		s, err := c.Read(ctx, g.path())
		require.NoError(t, err)
		if filepath.Base(g.path()) == "ckpt-1" {
			require.EqualValues(t, 1, c.SaveCounter())
		}
		require.NoError(t, s.Assert(Consumed, ExistingObjectsMatched))
		requireSameFiles(t, must(c.Write(ctx, filepath.Join(t.TempDir(), "ckpt"))), g.path())
	}
	t.Run("v1 adam", func(t *testing.T) {
		type model struct {
			W tensor.Tensor[float32] `ckpt:"w,fullname=w"`
			B tensor.Tensor[float32] `ckpt:"b,fullname=b"`
		}
		adam := new(adamV1)
		adam.names = []string{"m", "v"}
		m := new(model)
		again(t, "slots-v1-adam", Group{"model": m, "optimizer": adam})
		require.Equal(t, tensor.Shape{2, 2}, adam.slots["v"][&m.W].Shape())
	})
	t.Run("legacy adam", func(t *testing.T) {
		type model struct {
			W tensor.Tensor[float32] `ckpt:"w,fullname=w"`
		}
		adam := new(adamLegacy)
		adam.names = []string{"m", "v"}
		again(t, "slots-legacy-adam", Group{"model": new(model), "optimizer": adam})
		require.EqualValues(t, 2, adam.Fields.Iter)
	})
	t.Run("G-38 no slot is saved of variables that the root does not lead to", func(t *testing.T) {
		type deep struct{ Er *tensor.Tensor[float32] }
		type model struct {
			Deep     deep
			Again    *tensor.Tensor[float32] `ckpt:"again,fullname=shared"`
			Training struct{ Optimizer momentum }
		}
		shared, outside := new(tensor.Tensor[float32]), f32(3)
		m := &model{Deep: deep{shared}, Again: shared}
		m.Training.Optimizer.names = []string{"momentum"}
		m.Training.Optimizer.slots = map[string]map[any]*tensor.Tensor[float32]{"momentum": {outside: f32(1)}}
		// The global name is that of the first edge, which is Again's: Deep.Er is one step further.
		again(t, "slots-v1-momentum", m)
	})
}

func TestSlotFullNames(t *testing.T) {
	type dense struct {
		Kernel *tensor.Tensor[float32] `ckpt:"kernel,fullname=dense/kernel"`
	}
	w := scalar(1)
	o := &optimizer[struct{}]{names: []string{"m"}, slots: map[string]map[any]*tensor.Tensor[float32]{"m": {w: scalar(2)}}}
	path := written(t, Group{"layer": &dense{w}, "o": o})
	require.Equal(t, `4 [VARIABLE_VALUE "dense/kernel/m" layer/kernel/.OPTIMIZER_SLOT/o/m/.ATTRIBUTES/VARIABLE_VALUE]`, graphOf(t, path)[4],
		"without a SlotNamer it is the variable's global name and the slot's")
}
