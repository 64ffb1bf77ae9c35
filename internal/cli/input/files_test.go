package input

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/fsx"
)

// Files of other checkpoints in the same directory have names that are nearly right.
func TestFilesOf(t *testing.T) {
	disk := fsx.FromFS(fstest.MapFS{
		"d/m.index": {}, "d/m.data-00000-of-00002": {}, "d/m.data-00001-of-00002": {}, "d/m.meta": {}, "d/m-2.index": {}, "d/m2.data-00000-of-00001": {},
		"d/g-00001-of-00003.gguf": {}, "d/g-00002-of-00003.gguf": {}, "d/g-00003-of-00003.gguf": {}, "d/g-00001-of-00002.gguf": {}, "d/g2-00002-of-00003.gguf": {},
		"d/s.json": {Data: []byte(`{"weight_map": {"a": "two", "b": "one", "c": ["one", "three"]}}`)},
		"d/x.json": {Data: []byte(`{"weight_map": `)},
	})
	files, err := bundleFiles(disk, "d/m")
	require.NoError(t, err)
	require.Equal(t, []string{"d/m.data-00000-of-00002", "d/m.data-00001-of-00002", "d/m.index"}, files)
	files, err = splitFiles(disk, "d/g-00001-of-00003.gguf")
	require.NoError(t, err)
	require.Equal(t, []string{"d/g-00001-of-00003.gguf", "d/g-00002-of-00003.gguf", "d/g-00003-of-00003.gguf"}, files)
	files, err = listedFiles(disk, "d/s.json")
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"d/s.json", "d/two", "d/one", "d/one", "d/three"}, files)
	_, err = listedFiles(disk, "d/x.json")
	require.ErrorContains(t, err, "d/x.json: ")
}
