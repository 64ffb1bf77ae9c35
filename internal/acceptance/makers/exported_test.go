package makers

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
)

// exportedIO returns an input of an exported model and its output.
func exportedIO(t *testing.T, name string) (x *floats, y []float32) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "exported", name, "io.json"))
	require.NoError(t, err)
	var io struct {
		X, Y  []float32
		Shape []int
	}
	require.NoError(t, json.Unmarshal(text, &io))
	x, err = tensor.FromSlice(io.X, io.Shape...)
	require.NoError(t, err)
	return x, io.Y
}

// exportedRegress is the model of make.py. Keras has other names for its layers.
type exportedRegress struct {
	InputTransform layers.Dense
	Blocks         [2]*layers.Dense
	Drop           layers.Dropout
	Norm           layers.BatchNormalization
	Prediction     layers.Dense
	Scale          floats
}

func (m *exportedRegress) call(t *testing.T, x *floats) *floats {
	scaled := new(floats)
	require.NoError(t, scaled.Build(x.Shape()...))
	for i, v := range x.Data() {
		scaled.Data()[i] = v * m.Scale.Data()[i%len(m.Scale.Data())]
	}
	return through(t, scaled, &m.InputTransform, m.Blocks[0], m.Blocks[1], &m.Norm, &m.Prediction)
}

func newExported() *exportedRegress {
	return &exportedRegress{InputTransform: layers.Dense{Activation: activation.Tanh()}, Blocks: [2]*layers.Dense{{}, {}}}
}

// Keras's model.export() writes variables in lists, without objects.
func TestExported(t *testing.T) {
	dir := func(name string) string { return filepath.Join("testdata", "exported", name) }
	t.Run("a struct takes the variables in their order", func(t *testing.T) {
		m := newExported()
		var report ckpt.Report
		require.NoError(t, ckpt.LoadWeights(t.Context(), dir("subclassed"), m, ckpt.ReportTo(&report)))
		x, want := exportedIO(t, "subclassed")
		require.InDeltaSlice(t, want, m.call(t, x).Data(), 1e-5)
		require.Contains(t, report.Notes[0].Text, "in their order")
		require.Len(t, report.Restored, 12)
	})
	t.Run("nil pointers are allocated", func(t *testing.T) {
		var m struct {
			Scale          *floats
			InputTransform *layers.Dense
			Blocks         [2]*layers.Dense
			Norm           *layers.BatchNormalization
			Prediction     *layers.Dense
			Extra          *layers.Dense `ckpt:",optional"`
		}
		require.NoError(t, ckpt.LoadWeights(t.Context(), dir("subclassed"), &m))
		require.Equal(t, tensor.Shape{3, 1}, m.Prediction.Kernel.Shape())
		require.Nil(t, m.Extra)
		m.Prediction, m.Norm = nil, &layers.BatchNormalization{Gamma: *tensor.New[float32](9)}
		require.Error(t, ckpt.LoadWeights(t.Context(), dir("subclassed"), &m))
		require.Nil(t, m.Prediction)
	})
	t.Run("a model made from Keras's description takes the variables by their names", func(t *testing.T) {
		config, err := os.Open(filepath.Join(dir("functional"), "model.json"))
		require.NoError(t, err)
		defer config.Close()
		m, err := layers.FromKeras(config)
		require.NoError(t, err)
		var report ckpt.Report
		require.NoError(t, ckpt.LoadWeights(t.Context(), dir("functional"), m, ckpt.ReportTo(&report)))
		require.Contains(t, report.Notes[0].Text, "by their global names")
		x, want := exportedIO(t, "functional")
		y, err := m.Call(x)
		require.NoError(t, err)
		require.InDeltaSlice(t, want, y.Data(), 1e-5)
	})
	t.Run("a struct with the names of Keras's layers takes the variables by these names", func(t *testing.T) {
		var m struct {
			Head layers.Dense
			Both layers.Bidirectional
		}
		m.Both = layers.Bidirectional{ForwardLayer: new(layers.LSTM), BackwardLayer: new(layers.LSTM)}
		require.NoError(t, ckpt.LoadWeights(t.Context(), dir("functional"), &m))
		require.Equal(t, tensor.Shape{2, 1}, m.Head.Kernel.Shape())
		require.Equal(t, tensor.Shape{3, 16}, m.Both.BackwardLayer.(*layers.LSTM).Cell.Kernel.Shape())
	})
	t.Run("the lists still exist", func(t *testing.T) {
		var list []floats
		require.NoError(t, ckpt.LoadWeights(t.Context(), dir("subclassed"), &list, ckpt.At("trainable_variables")))
		require.Len(t, list, 10)
	})
	t.Run("the error for variables in another order says where", func(t *testing.T) {
		for name, c := range map[string]struct {
			model any
			want  string
		}{
			"too few variables": {&struct {
				A     layers.Dense
				Scale floats
			}{}, "the model has no variable for regress/kernel"},
			"too many variables": {&struct {
				exportedRegress `ckpt:",inline"`
				More            layers.Dense
			}{exportedRegress: *newExported()}, "it ends before more._kernel (More.Kernel)"},
			"others": {&struct {
				Scale floats
				A     layers.Dense
				B     layers.LayerNormalization
				C     floats
			}{}, "stands where c (C) is expected"},
			"nil": {&struct {
				Scale  floats
				Layers []*layers.Dense
			}{}, "layers (Layers) holds nil"},
		} {
			t.Run(name, func(t *testing.T) {
				require.ErrorContains(t, ckpt.LoadWeights(t.Context(), dir("subclassed"), c.model), c.want)
			})
		}
	})
}
