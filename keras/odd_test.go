package keras_test

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/keras"
)

// unpacked writes the contents of the packed files of testdata/odd to a new directory.
func unpacked(t *testing.T) string {
	t.Helper()
	packed, err := filepath.Glob("testdata/odd/*.gz")
	require.NoError(t, err)
	require.NotEmpty(t, packed)
	dir := t.TempDir()
	for _, name := range packed {
		f, err := os.Open(name)
		require.NoError(t, err)
		z, err := gzip.NewReader(f)
		require.NoError(t, err)
		data, err := io.ReadAll(z)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		require.NoError(t, os.WriteFile(filepath.Join(dir, strings.TrimSuffix(filepath.Base(name), ".gz")), data, 0o666))
	}
	return dir
}

// One model has a backward layer with another name, a stack of cells of several classes, operators without a module, and the
// weight of SpectralNormalization in addition to those of its layer.
func TestUnusualNames(t *testing.T) {
	dir := unpacked(t)
	want := record(t, "testdata/odd/keras3.io.json")
	for _, name := range []string{"keras3.keras", "keras3.h5"} {
		t.Run(name, func(t *testing.T) {
			m, err := keras.Load(t.Context(), filepath.Join(dir, name))
			require.NoError(t, err)
			requireOutput(t, want, m)
		})
	}
}

// Keras 2 uses only the name of the outermost model for nested models, and numbers wrappers only if the wrapped layer has weights.
func TestUnusualNamesOfKeras2(t *testing.T) {
	dir := unpacked(t)
	want := record(t, "testdata/odd/tf_keras.io.json")
	m := fromKeras(t, "testdata/odd/tf_keras.json")
	require.NoError(t, ckpt.LoadWeights(t.Context(), filepath.Join(dir, "tf_keras.h5"), m))
	requireOutput(t, want, m)

	m = fromKeras(t, "testdata/odd/tf_keras.json")
	require.NoError(t, ckpt.LoadWeights(t.Context(), filepath.Join(dir, "tf_keras"), ckpt.Group(m.TF2())))
	requireOutput(t, want, m)
}

// A model prints the same text as Keras's summary in 80 columns.
func TestSummary(t *testing.T) {
	dir := unpacked(t)
	for _, name := range []string{"graph", "chain", "sequential"} {
		t.Run(name, func(t *testing.T) {
			m, err := keras.Load(t.Context(), filepath.Join(dir, name+".keras"))
			require.NoError(t, err)
			want, err := os.ReadFile("testdata/odd/" + name + ".summary.txt")
			require.NoError(t, err)
			require.Equal(t, string(want), m.String())
		})
	}
}
