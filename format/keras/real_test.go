package keras_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/keras"
)

// This test reads files of other projects, which are not in the repository. CKPT_REAL_FORMATS names a
// directory of FORMAT/NAME, each with an expect.json.
func TestRealFiles(t *testing.T) {
	root := os.Getenv("CKPT_REAL_FORMATS")
	if root == "" {
		t.Skip("CKPT_REAL_FORMATS names no directory of real files")
	}
	var names []string
	for _, kind := range []string{"hdf5", "keras"} {
		found, err := filepath.Glob(filepath.Join(root, kind, "*", "*"))
		require.NoError(t, err)
		names = append(names, found...)
	}
	for _, name := range slices.DeleteFunc(names, func(s string) bool { return strings.HasSuffix(s, ".json") }) {
		t.Run(filepath.Base(filepath.Dir(name)), func(t *testing.T) {
			var want struct {
				Tensors []struct {
					Key, DType, SHA256 string
					Shape              []int
				}
			}
			text, err := os.ReadFile(filepath.Join(filepath.Dir(name), "expect.json"))
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(text, &want))
			r, err := keras.OpenFile(name)
			if len(want.Tensors) == 0 {
				require.ErrorIs(t, err, format.ErrCorrupt)
				return
			}
			require.NoError(t, err)
			defer r.Close()
			require.Equal(t, len(want.Tensors), r.Len())
			for _, w := range want.Tensors {
				e, ok, err := r.Lookup(w.Key)
				require.NoError(t, err)
				require.True(t, ok, w.Key)
				require.Equal(t, w.DType, e.DType.String())
				require.Equal(t, fmt.Sprint(w.Shape), fmt.Sprint([]int(e.Shape)))
				h := sha256.New()
				require.NoError(t, r.WriteStored(t.Context(), w.Key, h))
				require.Equal(t, w.SHA256, fmt.Sprintf("%x", h.Sum(nil)))
			}
			g, err := r.Graph()
			require.NoError(t, err)
			require.NoError(t, g.Check())
			reached := map[string]bool{}
			for _, id := range g.Paths().Order() {
				for _, a := range g.Nodes[id].Attributes {
					reached[a.Key] = true
				}
			}
			require.Equal(t, r.Len(), len(reached), "every tensor is in the graph")
		})
	}
}
