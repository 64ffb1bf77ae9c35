package ckpt_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

func TestTable(t *testing.T) {
	type model struct {
		Table ckpt.Table[string, int64] `ckpt:"table"`
		V     float32                   `ckpt:"v"`
	}
	path := ckpttest.Golden(t, "objects-lookup-table").Path()
	t.Run("TensorFlow's table is read, and written again with the same bytes", func(t *testing.T) {
		m := new(model)
		requireAgain(t, m, path)
		require.Equal(t, map[string]int64{"one": 1}, maps.Collect(m.Table.All()))
	})
	t.Run("a restore replaces the contents of a table of any size", func(t *testing.T) {
		m := new(model)
		require.NoError(t, m.Table.Set("two", 2))
		require.NoError(t, m.Table.Set("three", 3))
		require.NoError(t, ckpt.LoadWeights(t.Context(), path, m, ckpt.Strict()))
		require.Equal(t, 1, m.Table.Len())
		_, ok := m.Table.Get("two")
		require.False(t, ok)
	})
	t.Run("rows of several values", func(t *testing.T) {
		type rows struct {
			Table ckpt.Table[int64, float32] `ckpt:"table"`
		}
		m := new(rows)
		require.NoError(t, m.Table.SetCheckpointTensors(map[string]tensor.Any{
			"table-keys":   ckpttest.Must(tensor.FromSlice([]int64{7, 0, 7}, 3, 1)),
			"table-values": ckpttest.Must(tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 3, 2)),
		}))
		got := new(rows)
		require.NoError(t, ckpt.LoadWeights(t.Context(), ckpttest.Written(t, m), got, ckpt.Strict()))
		row, ok := got.Table.Row(7)
		require.True(t, ok)
		require.Equal(t, []float32{1, 2}, row, "a duplicate key keeps its first value")
		require.Equal(t, 2, got.Table.Len())
		require.EqualError(t, got.Table.Set(8, 1), "ckpt: table: 1 values for key 8, want 2 like the other keys")
	})
	t.Run("types that differ from the stored ones are rejected", func(t *testing.T) {
		m := new(struct {
			Table ckpt.Table[int64, int64] `ckpt:"table"`
		})
		require.ErrorContains(t, ckpt.LoadWeights(t.Context(), path, m), "dtype string in the checkpoint, int64 in the model")
	})
	t.Run("a key without a value is rejected", func(t *testing.T) {
		var table ckpt.Table[string, int64]
		err := table.SetCheckpointTensors(map[string]tensor.Any{"table-keys": tensor.New[string](2), "table-values": tensor.New[int64](1)})
		require.ErrorIs(t, err, ckpt.ErrCorrupt)
		require.ErrorContains(t, err, "keys of shape [2] and values of shape [1]")
	})
}

func ExampleTable() {
	var vocabulary ckpt.Table[string, int64]
	for i, word := range []string{"the", "cat"} {
		if err := vocabulary.Set(word, int64(i)); err != nil {
			fmt.Println(err)
		}
	}
	id, ok := vocabulary.Get("cat")
	fmt.Println(vocabulary.Len(), id, ok)
	// Output: 2 1 true
}
