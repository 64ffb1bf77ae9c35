package stats_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/stats"
	"github.com/gockpt/ckpt/tensor"
)

// A stream that is written in odd pieces has the same summary as the whole.
func TestStream(t *testing.T) {
	x := tensor.New[float32](3, 40000)
	for i := range x.Data() {
		x.Data()[i] = float32(i%977) - 400
	}
	x.Data()[5], x.Data()[70000], x.Data()[119999] = float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))
	want, err := stats.Of(t.Context(), x)
	require.NoError(t, err)
	require.EqualValues(t, 2, want.Infs)
	if !tensor.NativeLittleEndian {
		tensor.SwapBytes(x)
	}
	whole, _ := tensor.Bytes(x)
	for _, expected := range []int{0, 7, x.Len(), math.MaxInt} {
		memory := whole
		s, ok := stats.NewStream(t.Context(), x.DType(), expected)
		require.True(t, ok)
		for len(memory) > 0 {
			n, err := s.Write(memory[:min(len(memory), 100003)])
			require.NoError(t, err)
			memory = memory[n:]
		}
		got, err := s.Summary()
		require.NoError(t, err)
		require.Equal(t, want.Count, got.Count)
		require.Equal(t, want.NaNs, got.NaNs)
		require.Equal(t, want.Infs, got.Infs)
		require.InDelta(t, want.Deviation, got.Deviation, 1e-9)
	}

	_, ok := stats.NewStream(t.Context(), tensor.DTString, 1)
	require.False(t, ok)
	s, _ := stats.NewStream(t.Context(), tensor.DTBFloat16, 9)
	_, err = s.Write([]byte{1})
	require.NoError(t, err)
	_, err = s.Summary()
	require.Error(t, err)
}
