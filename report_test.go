package ckpt_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/tensor"
)

// weightsFile writes tensors with ascending numbers under dotted paths, and returns the file's path.
func weightsFile(t *testing.T, name string, shapes map[string][]int) string {
	t.Helper()
	root := ckpt.Group{}
	for key, shape := range shapes {
		at, steps := map[string]any(root), strings.Split(key, ".")
		for _, step := range steps[:len(steps)-1] {
			if at[step] == nil {
				at[step] = make(map[string]any)
			}
			at = at[step].(map[string]any)
		}
		at[steps[len(steps)-1]] = floatsOf(shape...)
	}
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, ckpt.SaveWeights(t.Context(), path, root))
	return path
}

type floats = tensor.Tensor[float32]

func floatsOf(shape ...int) *floats {
	x := new(floats)
	if err := x.Build(shape...); err != nil {
		panic(err)
	}
	for i := range x.Data() {
		x.Data()[i] = float32(i + 1)
	}
	return x
}

func texts(notes []ckpt.Note) []string {
	var out []string
	for _, n := range notes {
		out = append(out, fmt.Sprintf("%s (%s): %s", n.Path, n.GoPath, n.Text))
	}
	return out
}

// The report of a load mentions the ambiguities of a file in PyTorch's layout.
func TestNotes(t *testing.T) {
	path := weightsFile(t, "model.safetensors", map[string][]int{
		"fc.weight": {3, 3}, "fc.bias": {3}, "out.kernel": {4, 4}, "out.bias": {4},
		"bn1.weight": {3}, "bn1.bias": {3}, "bn1.running_mean": {3}, "bn1.running_var": {3},
		"bn2.running_mean": {3}, "bn2.running_var": {3}, "bn3.weight": {3}, "bn3.bias": {3}, "bn3.running_mean": {3}, "bn3.running_var": {3},
		"rnn.weight_ih_l0": {8, 2}, "rnn.weight_hh_l0": {8, 2}, "rnn.bias_ih_l0": {8}, "rnn.bias_hh_l0": {8},
		"own.w": {2, 3},
	})
	type own struct {
		W floats `ckpt:"w,pytorch=w:10"`
		V floats `ckpt:"v,optional,pytorch=weihgt:10"`
	}
	var net struct {
		Fc, Out       layers.Dense
		Bn1, Bn2, Bn3 layers.BatchNormalization
		Rnn           layers.LSTM
		Own           own
	}
	net.Fc.Activation = activation.GELU()
	net.Bn3.Epsilon = 1e-5
	var report ckpt.Report
	require.NoError(t, ckpt.LoadWeights(t.Context(), path, &net, ckpt.ReportTo(&report)))
	const epsilon = "Epsilon is not set and not in the file: 0.001, Keras's default, is used; PyTorch's default is 1e-05"
	require.ElementsMatch(t, []string{
		"fc (Fc): Activation is the exact GELU, the default of Keras and PyTorch; the file does not say if the module approximated it with a tanh",
		`fc._kernel (Fc.Kernel): its shape fits two layouts: it was read as pytorch's "weight"`,
		`out._kernel (Out.Kernel): its shape fits two layouts: it was read unchanged, and not as pytorch's "weight"`,
		"bn1 (Bn1): " + epsilon, "bn2 (Bn2): " + epsilon,
		`bn2.gamma (Bn2.Gamma): no rule applied: the file does not have pytorch's names for it, such as "weight"`,
		`bn2.beta (Bn2.Beta): no rule applied: the file does not have pytorch's names for it, such as "bias"`,
		"rnn.cell.bias (Rnn.Cell.Bias): the sum of [bias_ih_l0 bias_hh_l0] is one value: the first is saved as the sum, the others as zeros",
		`own.v (Own.V): no rule applied: the file does not have pytorch's names for it, such as "weihgt"`,
	}, texts(report.Notes))
	require.Contains(t, report.String(), "bn1, bn2: "+epsilon)
	require.Empty(t, report.Unused)
	require.Empty(t, report.Missing)
}

// twice has two rules for one stored value.
type twice struct{ A, B floats }

func (*twice) CheckpointLayouts() []layout.Rule {
	return []layout.Rule{layout.Renamed(layout.PyTorch, "a", "w"), layout.Renamed(layout.PyTorch, "b", "w")}
}

func TestNoteOfTwoRules(t *testing.T) {
	var m struct{ L twice }
	var report ckpt.Report
	require.NoError(t, ckpt.LoadWeights(t.Context(), weightsFile(t, "m.safetensors", map[string][]int{"l.w": {2}}), &m, ckpt.ReportTo(&report)))
	require.Equal(t, []string{`l.b (L.B): another rule also uses "w"`}, texts(report.Notes))
}

type classifier struct {
	Trunk layers.Dense
	Head  layers.Dense
}

func TestSkipMismatched(t *testing.T) {
	path := weightsFile(t, "m.npz", map[string][]int{"trunk._kernel": {4, 2}, "trunk.bias": {2}, "head._kernel": {2, 3}, "head.bias": {3}})
	t.Run("a new head keeps its own values", func(t *testing.T) {
		m := &classifier{Head: layers.Dense{Units: 5}}
		require.ErrorContains(t, ckpt.LoadWeights(t.Context(), path, m), "[2 3]")
		var report ckpt.Report
		require.NoError(t, ckpt.LoadWeights(t.Context(), path, m, ckpt.SkipMismatched(), ckpt.ReportTo(&report)))
		require.False(t, m.Head.Kernel.Built())
		require.Equal(t, []int{4, 2}, []int(m.Trunk.Kernel.Shape()))
		require.Len(t, report.Restored, 2)
		require.Len(t, report.Mismatched, 2)
		require.Equal(t, "Head.Kernel", report.Mismatched[0].GoPath)
		require.Contains(t, report.Mismatched[0].Problem, "[2 3]")
		require.Contains(t, report.String(), "head._kernel (")
		y, err := m.Head.Call(floatsOf(1, 2))
		require.NoError(t, err)
		require.Equal(t, []int{1, 5}, []int(y.Shape()))
	})
	t.Run("values of another shape or dtype do not change", func(t *testing.T) {
		var m struct {
			Trunk struct {
				Kernel floats `ckpt:"_kernel"`
				Bias   []int8 `ckpt:"bias"`
			}
			Head struct {
				Kernel *floats `ckpt:"_kernel"`
				Bias   [3]float32
			} `ckpt:"head"`
		}
		m.Trunk.Bias = []int8{7, 8}
		m.Head.Kernel = floatsOf(9, 9)
		var logged bytes.Buffer
		require.NoError(t, ckpt.LoadWeights(t.Context(), path, &m, ckpt.SkipMismatched(), ckpt.IgnoreUnknown(), ckpt.WithLogger(slog.New(slog.NewTextHandler(&logged, nil)))))
		require.Equal(t, []int8{7, 8}, m.Trunk.Bias)
		require.Equal(t, floatsOf(9, 9), m.Head.Kernel)
		require.Contains(t, logged.String(), "values of another shape or dtype were skipped")
		require.Contains(t, logged.String(), "trunk.bias (dtype float32 in the checkpoint, int8 in the model")
	})
	t.Run("at least one value must fit", func(t *testing.T) {
		m := struct{ Trunk, Head layers.Dense }{layers.Dense{Units: 9}, layers.Dense{Units: 9}}
		err := ckpt.LoadWeights(t.Context(), path, &m, ckpt.SkipMismatched())
		require.ErrorIs(t, err, ckpt.ErrMismatch)
		require.ErrorContains(t, err, "[4 2]")
		require.False(t, m.Trunk.Kernel.Built())
	})
	t.Run("a missing value is still an error", func(t *testing.T) {
		var m struct {
			Trunk layers.Dense
			Other layers.Dense
		}
		require.ErrorIs(t, ckpt.LoadWeights(t.Context(), path, &m, ckpt.SkipMismatched()), ckpt.ErrMismatch)
	})
}

func TestReportTo(t *testing.T) {
	path := weightsFile(t, "m", map[string][]int{"a": {2}, "b": {3}, "c": {4}})
	t.Run("on success", func(t *testing.T) {
		m := ckpt.Group{"a": new(floats), "b": new(floats)}
		report := ckpt.Report{Waiting: make([]ckpt.Item, 3)}
		require.NoError(t, ckpt.LoadWeights(t.Context(), path, m, ckpt.ReportTo(&report)))
		require.Equal(t, []string{"a", "b", "c"}, report.RootChildren)
		require.Equal(t, []ckpt.Item{{Path: "a", GoPath: "a", Key: "a/.ATTRIBUTES/VARIABLE_VALUE"}, {Path: "b", GoPath: "b", Key: "b/.ATTRIBUTES/VARIABLE_VALUE"}}, report.Restored)
		require.Equal(t, []ckpt.Item{{Path: "c", Key: "c/.ATTRIBUTES/VARIABLE_VALUE"}}, report.Unused)
		require.Empty(t, append(append(report.Missing, report.Mismatched...), report.Waiting...))
	})
	t.Run("one stored value in two objects", func(t *testing.T) {
		x := floatsOf(2)
		path := filepath.Join(t.TempDir(), "w")
		require.NoError(t, ckpt.SaveWeights(t.Context(), path, ckpt.Group{"a": x, "b": x}))
		var m struct{ A, B floats }
		var report ckpt.Report
		require.NoError(t, ckpt.LoadWeights(t.Context(), path, &m, ckpt.ReportTo(&report)))
		require.Len(t, report.Restored, 2)
		require.Empty(t, report.Missing)
	})
	t.Run("on failure nothing is restored", func(t *testing.T) {
		var report ckpt.Report
		m := struct {
			A floats
			B [7]float32 `ckpt:"b"`
			C floats
		}{}
		require.Error(t, ckpt.LoadWeights(t.Context(), path, &m, ckpt.ReportTo(&report)))
		require.Empty(t, report.Restored)
		require.Len(t, report.Mismatched, 1)
		require.Contains(t, report.Mismatched[0].Problem, "[3] in the checkpoint, [7] in the model")
		missing := struct{ A, X floats }{}
		require.Error(t, ckpt.LoadWeights(t.Context(), path, &missing, ckpt.ReportTo(&report)))
		require.Equal(t, "X", report.Missing[0].GoPath)
		require.Len(t, report.Unused, 2)
		require.Error(t, ckpt.LoadWeights(t.Context(), "absent", &missing, ckpt.ReportTo(&report)))
		require.Equal(t, ckpt.Report{Checkpoint: "absent"}, report)
	})
}
