package npz

import (
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/formattest"
)

// Files that NumPy wrote are read.
func TestGolden(t *testing.T) {
	for name, want := range formattest.ReadSums(t, "testdata/sums.json") {
		t.Run(name, func(t *testing.T) {
			r, err := OpenFile(filepath.Join("testdata", name))
			require.NoError(t, err)
			defer r.Close()
			require.Equal(t, filepath.Ext(name) == ending, r.Unverified(), "archives have checksums")
			got := formattest.SumsOf(t, r)
			require.Equal(t, len(want), len(got))
			for key, sum := range want {
				require.Equal(t, sum, got[key], key)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	r, err := OpenFile("testdata/refused.npz")
	require.NoError(t, err)
	defer r.Close()
	for key, want := range map[string]string{
		"object": "Python objects, stored as a pickle that is never run", "text": `text ("<U2"): only numbers`, "bytes": `bytes ("|S2")`,
		"date": `("<M8[D]"): save it as int64`, "span": "dates or times", "record": "it holds records, [('x', '<f4'), ",
		"long": "floats of another size", "void": "elements without a type", "bfloat16": "bfloat16 in this way; save it as float32", "float8": "float8 in this way",
		"notes.txt": "this member of the archive is not an array",
	} {
		e, ok, err := r.Lookup(key)
		require.NoError(t, err)
		require.True(t, ok, key)
		require.Positive(t, e.Bytes, key)
		err = r.WriteStored(t.Context(), key, io.Discard)
		require.ErrorIs(t, err, errors.ErrUnsupported)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, key)
	}
	require.Equal(t, 12, r.Len())
	g, err := r.Graph()
	require.NoError(t, err)
	require.Greater(t, len(g.Nodes), 12)
}

func TestRealFiles(t *testing.T) {
	formattest.Real(t, "npz", func(t *testing.T, path string, want []formattest.Expected) {
		r, err := OpenFile(path)
		require.NoError(t, err)
		defer r.Close()
		formattest.Compare(t, r, want)
	})
}
