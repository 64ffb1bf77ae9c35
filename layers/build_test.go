package layers

import (
	"testing"

	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
)

func TestCheckWeight(t *testing.T) {
	w := tensor.New[float32](3, 4)
	who := id{"conv2d", "stem"}
	require.NoError(t, checkWeight(who, "kernel", w, "", 3, -1))
	require.EqualError(t, checkWeight(who, "kernel", w, "for input shape [2 5]", 5, -1),
		`layers: conv2d "stem": kernel shape [3 4], want [5 …] for input shape [2 5]`)
	require.EqualError(t, checkWeight(who, "kernel", new(Tensor), "for a window of 5", 5), `layers: conv2d "stem": kernel has no values, want [5] for a window of 5`)
}

func TestResolveAxis(t *testing.T) {
	s := tensor.Shape{2, 3, 4}
	for axis, want := range map[int]int{0: 0, 2: 2, -1: 2, -3: 0} {
		got, err := resolveAxis(id{"dot", ""}, axis, s)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := resolveAxis(id{"dot", ""}, 3, s)
	require.EqualError(t, err, "layers: dot: input shape [2 3 4], want an axis 3")
}
