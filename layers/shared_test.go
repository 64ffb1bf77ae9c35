package layers

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLayersAreShared is for the race detector. Many goroutines call one layer of each class in the golden files, each with its
// own Workspace. The weights are set, and all results are the same.
func TestLayersAreShared(t *testing.T) {
	seen := make(map[string]bool)
	eachGolden(t, func(c *goldenCase, family string) bool { return !seen[c.Class] || family == "model" }, func(t *testing.T, c *goldenCase, call goldenCall, inputs []*Tensor) {
		seen[c.Class] = true
		layer, err := kerasLibrary{}.Make(c.Class, c.Config)
		require.NoError(t, err)
		c.setWeights(t, layer)
		var got [3][]*Tensor
		atOnce(len(got), func(i int) {
			var err error
			if got[i], err = call(t, c, layer, &Context{Workspace: new(Workspace)}, inputs); err != nil {
				t.Error(err)
			}
		})
		for _, ys := range got {
			require.Len(t, ys, len(c.Outputs))
			for i, g := range c.Outputs {
				requireClose(t, c.tensor(t, g), ys[i])
			}
		}
	})
	require.Greater(t, len(seen), 60)
}
