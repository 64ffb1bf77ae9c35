package layers_test

import (
	"context"
	"testing"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
	"github.com/stretchr/testify/require"
)

// Keras 3 silently omits the weights of stacked cells from the checkpoint. Restoring it must report that.
func TestStackedCellsThatKeras3DoesNotSave(t *testing.T) {
	stack := func() *layers.RNN {
		return &layers.RNN{Cell: &layers.StackedRNNCells{Cells: []layers.Cell{&layers.LSTMCell{}, &layers.GRUCell{}}}}
	}
	t.Run("Keras 3's checkpoint lacks the weights, and LoadWeights reports it", func(t *testing.T) {
		err := ckpt.LoadWeights(context.Background(), "testdata/stacked/keras", stack(), ckpt.At("model"))
		var mismatch *ckpt.MismatchError
		require.ErrorAs(t, err, &mismatch)
		require.Equal(t, []string{
			"cell.cells.0.kernel", "cell.cells.0.recurrent_kernel",
			"cell.cells.1.kernel", "cell.cells.1.recurrent_kernel",
		}, mismatch.Missing, "biases are optional")
	})
	t.Run("tf_keras saves the weights", func(t *testing.T) {
		r := stack()
		require.NoError(t, ckpt.LoadWeights(context.Background(), "testdata/stacked/tf_keras", r, ckpt.At("model")))
		cells := r.Cell.(*layers.StackedRNNCells).Cells
		require.Equal(t, []int{4, 8}, []int(cells[0].(*layers.LSTMCell).Kernel.Shape()))
		require.Equal(t, []int{2, 9}, []int(cells[1].(*layers.GRUCell).Bias.Shape()))
	})
}
