package keras_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/internal/formattest"
)

// TestRealFiles reads files of other projects, which are not in the repository. Every tensor must be in the graph.
func TestRealFiles(t *testing.T) {
	for _, kind := range []string{"hdf5", "keras"} {
		t.Run(kind, func(t *testing.T) {
			formattest.Real(t, kind, func(t *testing.T, path string, want []formattest.Expected) {
				r, err := keras.OpenFile(path)
				if len(want) == 0 {
					require.ErrorIs(t, err, format.ErrCorrupt)
					return
				}
				require.NoError(t, err)
				defer r.Close()
				formattest.Compare(t, r, want)
				g, err := r.Graph()
				require.NoError(t, err)
				require.NoError(t, g.Check())
				reached := map[string]bool{}
				for _, id := range g.Paths().Order() {
					for _, a := range g.Nodes[id].Attributes {
						reached[a.Key] = true
					}
				}
				require.Len(t, reached, r.Len())
			})
		})
	}
}
