package keras_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
)

// renamedModel is the model of the description, with other names for the layers.
func renamedModel(t *testing.T, replace ...string) *layers.Model {
	t.Helper()
	text, err := os.ReadFile(member(t, files+"keras2.keras", "config.json"))
	require.NoError(t, err)
	for i := 0; i < len(replace); i += 2 {
		text = bytes.ReplaceAll(text, []byte(`"`+replace[i]+`"`), []byte(`"`+replace[i+1]+`"`))
	}
	m, err := layers.FromKeras(bytes.NewReader(text))
	require.NoError(t, err)
	return m
}

// If no name matches the model, the layers of a legacy file are matched in order, as in Keras's load_weights.
func TestLegacyWeightsInOrder(t *testing.T) {
	all := []string{"conv", "conv_1", "batch_normalization", "batch_normalization_7", "gru", "gru_1", "out", "out_1"}
	t.Run("a model", func(t *testing.T) {
		m := renamedModel(t, all...)
		var report ckpt.Report
		require.NoError(t, ckpt.LoadWeights(t.Context(), files+"keras2_weights.h5", m, ckpt.ReportTo(&report)))
		requireOutput(t, record(t, files+"keras2.io.json"), m)
		require.Contains(t, report.String(), "layers were matched in their order")
	})
	t.Run("a struct", func(t *testing.T) {
		var m struct {
			First  layers.Conv1D
			Second layers.BatchNormalization
			Third  layers.GRU
			Fourth layers.Dense
		}
		require.NoError(t, ckpt.LoadWeights(t.Context(), files+"keras2_weights.h5", &m, ckpt.Strict()))
		want := renamedModel(t)
		require.NoError(t, ckpt.LoadWeights(t.Context(), files+"keras2_weights.h5", want))
		require.Equal(t, want.Layer("out").(*layers.Dense).Kernel, m.Fourth.Kernel)
	})
	t.Run("names that match in part are not ignored", func(t *testing.T) {
		err := ckpt.LoadWeights(t.Context(), files+"keras2_weights.h5", renamedModel(t, all[2:]...))
		require.ErrorContains(t, err, "missing from the checkpoint")
		require.NotContains(t, err.Error(), "order")
	})
	t.Run("another number of layers", func(t *testing.T) {
		var m struct {
			First  layers.Conv1D
			Second layers.BatchNormalization
			Fourth layers.Dense
		}
		err := ckpt.LoadWeights(t.Context(), files+"keras2_weights.h5", &m)
		require.ErrorContains(t, err, "in the order of its layers")
		require.True(t, strings.Contains(err.Error(), "does not fit"), err)
	})
	t.Run("other shapes", func(t *testing.T) {
		var m struct {
			First  layers.Conv2D
			Second layers.BatchNormalization
			Third  layers.GRU
			Fourth layers.Dense
		}
		require.ErrorContains(t, ckpt.LoadWeights(t.Context(), files+"keras2_weights.h5", &m), "shape")
	})
}
