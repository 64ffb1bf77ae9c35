package keras_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/keras"
)

// This test loads models of other projects, which are not in the repository. CKPT_REAL_FORMATS names a directory of FORMAT/NAME.
// A model must load, or the error must name the unknown part.
func TestRealModels(t *testing.T) {
	root := os.Getenv("CKPT_REAL_FORMATS")
	if root == "" {
		t.Skip("CKPT_REAL_FORMATS does not name a directory of files to read")
	}
	var names []string
	for _, kind := range []string{"hdf5", "keras"} {
		found, err := filepath.Glob(filepath.Join(root, kind, "*", "*"))
		require.NoError(t, err)
		names = append(names, found...)
	}
	for _, name := range slices.DeleteFunc(names, func(s string) bool { return strings.HasSuffix(s, ".json") }) {
		t.Run(filepath.Base(filepath.Dir(name)), func(t *testing.T) {
			m, err := keras.Load(t.Context(), name)
			if err != nil {
				t.Log(err)
				return
			}
			t.Log(m.Name(), m.Inputs(), m.Outputs())
		})
	}
}
