package layers

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLayersAreShared says something under the race detector: goroutines call one layer of each class that the golden files have, with its
// weights in place and a Workspace each, and get the same.
func TestLayersAreShared(t *testing.T) {
	calls := map[string]goldenCall{"attention": callAttention, "category": callCategories, "model": callModel}
	files, err := filepath.Glob(filepath.Join("testdata", "*.golden"))
	require.NoError(t, err)
	seen := make(map[string]bool)
	for _, file := range files {
		family := strings.TrimSuffix(filepath.Base(file), ".golden")
		call := calls[family]
		if call == nil {
			call = callGolden
		}
		for _, c := range readGoldenFile(t, file) {
			if seen[c.Class] && family != "model" {
				continue
			}
			seen[c.Class] = true
			t.Run(family+"/"+c.Class+"/"+c.Name, func(t *testing.T) {
				layer, err := kerasLibrary{}.Make(c.Class, c.Config)
				require.NoError(t, err)
				c.setWeights(t, layer)
				var inputs []*Tensor
				for _, g := range c.Inputs {
					inputs = append(inputs, c.tensor(t, g))
				}
				var got [3][]*Tensor
				var wg sync.WaitGroup
				for i := range got {
					wg.Go(func() {
						var err error
						if got[i], err = call(t, c, layer, &Context{Workspace: new(Workspace)}, inputs); err != nil {
							t.Error(err)
						}
					})
				}
				wg.Wait()
				for _, ys := range got {
					require.Len(t, ys, len(c.Outputs))
					for i, g := range c.Outputs {
						requireClose(t, c.tensor(t, g), ys[i])
					}
				}
			})
		}
	}
	require.Greater(t, len(seen), 60)
}
