//go:build interop

package interop

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// byName is a program with variables in any position. A Saver's checkpoint has their global names.
type byName struct {
	Layer struct {
		Table tensor.Tensor[float32] `ckpt:"table,fullname=model/weights"`
		Bias  tensor.Tensor[float32] `ckpt:"bias,fullname=model/bias"`
	}
	Step int64 `ckpt:"step,fullname=global_step"`
}

func TestCheckpointsByName(t *testing.T) {
	for _, version := range []string{"V2", "V1"} {
		t.Run("N-02 N-19 a Saver's "+version+" checkpoint, one variable in three parts", func(t *testing.T) {
			dir := t.TempDir()
			theirs, ours := filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
			ask[string](t, "saver_writes", arguments{"prefix": theirs, "version": version})
			var loaded byName
			require.NoError(t, ckpt.LoadWeights(t.Context(), theirs, &loaded))
			require.Equal(t, tensor.Shape{7, 2}, loaded.Layer.Table.Shape())
			require.Equal(t, counting(14), loaded.Layer.Table.Data())
			require.Equal(t, []float32{0.5, -0.5}, loaded.Layer.Bias.Data())
			require.EqualValues(t, 9, loaded.Step)

			var restored byName
			c, err := ckpt.New(&restored, ckpt.WithLogger(slog.New(slog.DiscardHandler)))
			require.NoError(t, err)
			status, err := c.Restore(t.Context(), theirs)
			require.NoError(t, err)
			require.NoError(t, status.AssertConsumed())
			require.Equal(t, loaded, restored)

			t.Run("N-07 a Saver reads the checkpoint that is saved again, by full name", func(t *testing.T) {
				_, err = c.Write(t.Context(), ours)
				require.NoError(t, err)
				got := ask[map[string][]float32](t, "saver_reads", arguments{"prefix": ours})
				require.Equal(t, map[string][]float32{"model/weights": counting(14), "model/bias": {0.5, -0.5}, "global_step": {9}}, got)
			})
		})
	}
}
