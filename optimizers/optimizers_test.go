package optimizers_test

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/optimizers/compatv1"
	"github.com/gockpt/ckpt/optimizers/keras3"
	"github.com/gockpt/ckpt/optimizers/legacy"
	"github.com/gockpt/ckpt/optimizers/tfkeras"
	"github.com/gockpt/ckpt/tensor"
)

var ctx = context.Background()

// model is the model that every optimizer of the golden checkpoints trains.
type model struct {
	W tensor.Tensor[float32] `ckpt:"w,fullname=w"`
	B tensor.Tensor[float32] `ckpt:"b,fullname=b"`
}

func newModel() *model {
	return &model{W: *tensor.New[float32](2, 3), B: *tensor.New[float32](3)}
}

// modelV1 has other names. The names of tf.compat.v1's slot variables contain them.
type modelV1 struct {
	W tensor.Tensor[float32] `ckpt:"w,fullname=kernel"`
	B tensor.Tensor[float32] `ckpt:"b,fullname=bias"`
}

func golden(name string) string {
	return filepath.Join("..", "testdata", "golden", name, "ckpt")
}

// requireUnchanged restores all of a checkpoint that TensorFlow wrote into root. It requires that saving root
// writes the same files as TensorFlow.
func requireUnchanged(t *testing.T, root ckpt.Group, theirs string) {
	t.Helper()
	c, err := ckpt.New(root)
	require.NoError(t, err)
	status, err := c.Read(ctx, theirs)
	require.NoError(t, err)
	require.NoError(t, status.Assert(ckpt.Consumed, ckpt.ExistingObjectsMatched), status.Report())
	ours, err := c.Write(ctx, filepath.Join(t.TempDir(), "ckpt"))
	require.NoError(t, err)
	for _, end := range []string{".data-00000-of-00001", ".index"} {
		want, err := os.ReadFile(theirs + end)
		require.NoError(t, err)
		got, err := os.ReadFile(ours + end)
		require.NoError(t, err)
		if !slices.Equal(want, got) {
			require.Equal(t, graphOf(t, theirs), graphOf(t, ours))
			require.Equal(t, want, got, end)
		}
	}
}

func graphOf(t *testing.T, path string) *ckpt.StoredGraph {
	t.Helper()
	r, err := ckpt.Open(path)
	require.NoError(t, err)
	defer r.Close()
	g, err := r.Graph()
	require.NoError(t, err)
	return g
}

func keras3Optimizers() map[string]keras3.Optimizer {
	return map[string]keras3.Optimizer{
		"adadelta": new(keras3.Adadelta), "adafactor": new(keras3.Adafactor), "adagrad": new(keras3.Adagrad),
		"adam":   &keras3.Adam{AMSGrad: true},
		"adam_w": &keras3.AdamW{Adam: keras3.Adam{Base: keras3.Base{UseEMA: true, AccumulationSteps: true}}},
		"adamax": new(keras3.Adamax), "ftrl": new(keras3.Ftrl), "lamb": new(keras3.Lamb), "lion": new(keras3.Lion), "nadam": new(keras3.Nadam),
		"plain":     &keras3.SGD{Base: keras3.Base{Name: "plain"}},
		"rm_sprop":  &keras3.RMSprop{Momentum: true, Centered: true},
		"scaled":    &keras3.LossScale{Base: keras3.Base{Name: "scaled"}, Inner: &keras3.Adam{Base: keras3.Base{Name: "inner", VariableNames: []string{"w", "b"}}}},
		"scheduled": &keras3.Adam{Base: keras3.Base{Name: "scheduled", Scheduled: true}},
		"sgd":       &keras3.SGD{Momentum: true},
	}
}

func tfkerasOptimizers() map[string]tfkeras.Optimizer {
	return map[string]tfkeras.Optimizer{
		"adadelta": new(tfkeras.Adadelta), "adafactor": new(tfkeras.Adafactor), "adagrad": new(tfkeras.Adagrad),
		"adam": &tfkeras.Adam{AMSGrad: true}, "adam_w": &tfkeras.AdamW{Base: tfkeras.Base{UseEMA: true}}, "adamax": new(tfkeras.Adamax),
		"ftrl": new(tfkeras.Ftrl), "lion": new(tfkeras.Lion), "nadam": new(tfkeras.Nadam),
		"rms_prop": &tfkeras.RMSprop{Momentum: true, Centered: true}, "sgd": new(tfkeras.SGD),
		"scheduled": &tfkeras.Adam{Base: tfkeras.Base{Scheduled: true}},
	}
}

func TestRoundTrips(t *testing.T) {
	t.Run("S-12 Keras 3: lists of variables, and each variable again in _variables", func(t *testing.T) {
		m := newModel()
		root := ckpt.Group{"model": m}
		for name, o := range keras3Optimizers() {
			setNames(o)
			require.NoError(t, o.Build(&m.W, &m.B))
			root[name] = o
		}
		root["adam_w"].(*keras3.AdamW).ExcludeFromWeightDecayCache = nil // it only accumulated gradients
		requireUnchanged(t, root, golden("optimizers-keras3"))
		adam := root["adam"].(*keras3.Adam)
		require.EqualValues(t, 1, adam.Iterations.Data()[0])
		require.Equal(t, tensor.Shape{2, 3}, adam.VelocityHats[0].Shape())
		require.Same(t, adam.Momentums[0], adam.Variables[2])
	})
	t.Run("tf_keras: lists of variables", func(t *testing.T) {
		m := newModel()
		root := ckpt.Group{"model": m}
		for name, o := range tfkerasOptimizers() {
			setNames(o)
			require.NoError(t, o.Build(&m.W, &m.B))
			root[name] = o
		}
		requireUnchanged(t, root, golden("optimizers-tf-keras"))
	})
	t.Run("S-01 S-02 S-03 tf.keras.optimizers.legacy: slot variables, in the optimizer's order of slots", func(t *testing.T) {
		root := ckpt.Group{
			"model": new(model), "adadelta": new(legacy.Adadelta), "adagrad": new(legacy.Adagrad), "adam": new(legacy.Adam), "adamax": new(legacy.Adamax),
			"ftrl": new(legacy.Ftrl), "nadam": new(legacy.Nadam), "rms_prop": new(legacy.RMSprop), "sgd": new(legacy.SGD),
		}
		requireUnchanged(t, root, golden("optimizers-legacy"))
		rms := root["rms_prop"].(*legacy.RMSprop)
		require.Equal(t, []string{"rms", "momentum", "mg"}, rms.SlotNames())
		require.EqualValues(t, 1, rms.Iter)
		require.EqualValues(t, float32(0.1), *rms.LearningRate)
	})
	t.Run("S-01 S-02 S-03 tf.compat.v1.train: slot variables, sorted by slot", func(t *testing.T) {
		root := ckpt.Group{
			"model": new(modelV1), "adadelta": new(compatv1.Adadelta), "adagrad": new(compatv1.Adagrad), "adam": new(compatv1.Adam),
			"ftrl": new(compatv1.Ftrl), "gradient_descent": new(compatv1.GradientDescent), "momentum": new(compatv1.Momentum),
			"proximal_adagrad": new(compatv1.ProximalAdagrad), "rms_prop": new(compatv1.RMSProp),
		}
		requireUnchanged(t, root, golden("optimizers-v1"))
		require.Equal(t, []string{"mg", "momentum", "rms"}, root["rms_prop"].(*compatv1.RMSProp).SlotNames())
	})
}

// setNames tells an optimizer the names of the variables that it trains.
func setNames(optimizer any) {
	reflect.ValueOf(optimizer).Elem().FieldByName("VariableNames").Set(reflect.ValueOf([]string{"w", "b"}))
}
