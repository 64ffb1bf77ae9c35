package tensorflow

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// adamV1 has the variables of tf.compat.v1.train.AdamOptimizer.
type adamV1 struct {
	ckpttest.Optimizer[struct {
		Beta1Power float32 `ckpt:"beta1_power,fullname=beta1_power"`
		Beta2Power float32 `ckpt:"beta2_power,fullname=beta2_power"`
	}]
}

func (*adamV1) SlotFullName(slot, variable string) string {
	return variable + map[string]string{"m": "/Adam", "v": "/Adam_1"}[slot]
}

// adamLegacy has the variables of tf.keras.optimizers.legacy.Adam.
type adamLegacy struct {
	ckpttest.Optimizer[struct {
		Iter         int64   `ckpt:"iter,fullname=Adam/iter"`
		Beta1        float32 `ckpt:"beta_1,fullname=Adam/beta_1"`
		Beta2        float32 `ckpt:"beta_2,fullname=Adam/beta_2"`
		Decay        float32 `ckpt:"decay,fullname=Adam/decay"`
		LearningRate float32 `ckpt:"learning_rate,fullname=Adam/learning_rate"`
	}]
}

func (*adamLegacy) SlotFullName(slot, variable string) string { return "Adam/" + variable + "/" + slot }

// TestSlotVariablesAsTensorFlow restores optimizers of three generations, which creates their slot variables, and writes the same
// files as TensorFlow.
func TestSlotVariablesAsTensorFlow(t *testing.T) {
	again := func(t *testing.T, name string, root any) {
		t.Helper()
		g := ckpttest.Golden(t, name)
		c := ckpttest.New(t, root)
		s, err := c.Read(ctx, g.Path())
		require.NoError(t, err)
		if filepath.Base(g.Path()) == "ckpt-1" {
			require.EqualValues(t, 1, c.SaveCounter())
		}
		require.NoError(t, s.Assert(ckpt.Consumed, ckpt.ExistingObjectsMatched))
		ckpttest.RequireSameFiles(t, ckpttest.Must(c.Write(ctx, filepath.Join(t.TempDir(), "ckpt"))), g.Path())
	}
	t.Run("v1 adam", func(t *testing.T) {
		type model struct {
			W tensor.Tensor[float32] `ckpt:"w,fullname=w"`
			B tensor.Tensor[float32] `ckpt:"b,fullname=b"`
		}
		adam := new(adamV1)
		adam.Names = []string{"m", "v"}
		m := new(model)
		again(t, "slots-v1-adam", ckpt.Group{"model": m, "optimizer": adam})
		require.Equal(t, tensor.Shape{2, 2}, adam.Slots["v"][&m.W].Shape())
	})
	t.Run("legacy adam", func(t *testing.T) {
		type model struct {
			W tensor.Tensor[float32] `ckpt:"w,fullname=w"`
		}
		adam := new(adamLegacy)
		adam.Names = []string{"m", "v"}
		again(t, "slots-legacy-adam", ckpt.Group{"model": new(model), "optimizer": adam})
		require.EqualValues(t, 2, adam.Fields.Iter)
	})
	t.Run("G-38 slots of variables that cannot be reached from the root are not saved", func(t *testing.T) {
		type deep struct{ Er *tensor.Tensor[float32] }
		type model struct {
			Deep     deep
			Again    *tensor.Tensor[float32] `ckpt:"again,fullname=shared"`
			Training struct{ Optimizer ckpttest.Momentum }
		}
		shared, outside := new(tensor.Tensor[float32]), ckpttest.Vector(3)
		m := &model{Deep: deep{shared}, Again: shared}
		m.Training.Optimizer.Names = []string{"momentum"}
		m.Training.Optimizer.Slots = map[string]map[any]*tensor.Tensor[float32]{"momentum": {outside: ckpttest.Vector(1)}}
		// The global name comes from the first edge, which is Again: Deep.Er is one step deeper.
		again(t, "slots-v1-momentum", m)
	})
}

func TestSlotFullNames(t *testing.T) {
	type dense struct {
		Kernel *tensor.Tensor[float32] `ckpt:"kernel,fullname=dense/kernel"`
	}
	w := ckpttest.Scalar(1)
	o := &ckpttest.Optimizer[struct{}]{Names: []string{"m"}, Slots: map[string]map[any]*tensor.Tensor[float32]{"m": {w: ckpttest.Scalar(2)}}}
	path := ckpttest.Written(t, ckpt.Group{"layer": &dense{w}, "o": o})
	require.Equal(t, `4 [VARIABLE_VALUE "dense/kernel/m" layer/kernel/.OPTIMIZER_SLOT/o/m/.ATTRIBUTES/VARIABLE_VALUE]`, ckpttest.GraphOf(t, path)[4],
		"without a SlotNamer the name consists of the variable's global name and the slot's")
}
