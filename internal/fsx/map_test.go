package fsx

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestMap(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, []byte("contents"), 0o666))
	r, err := OS{}.Open(name)
	require.NoError(t, err)
	contents, unmap, err := Map(r)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("this system does not map files")
	}
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Equal(t, "contents", string(contents))

	t.Run("writes to the memory do not change the file", func(t *testing.T) {
		contents[0] = 'C'
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, "contents", string(b))
	})
	require.NoError(t, unmap())

	t.Run("an empty file", func(t *testing.T) {
		require.NoError(t, os.WriteFile(name, nil, 0o666))
		r, err := OS{}.Open(name)
		require.NoError(t, err)
		defer r.Close()
		contents, unmap, err := Map(r)
		require.NoError(t, err)
		require.Empty(t, contents)
		require.NoError(t, unmap())
	})

	t.Run("a file of an fs.FS is not mapped", func(t *testing.T) {
		r, err := FromFS(fstest.MapFS{"file": {Data: []byte("contents")}}).Open("file")
		require.NoError(t, err)
		_, _, err = Map(r)
		require.ErrorIs(t, err, errors.ErrUnsupported)
	})
}
