package fsx_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
)

func TestCurrent(t *testing.T) {
	dir := t.TempDir()
	mapFS := fstest.MapFS{"f": {Data: []byte("x")}}
	for name, c := range map[string]struct {
		fsys fsx.ReadFS
		name string
		put  func(data string) error
	}{
		"the machine's filesystem": {fsx.OS{}, filepath.Join(dir, "a"), func(data string) error {
			return fsx.WriteFile(t.Context(), fsx.OS{}, filepath.Join(dir, "a"), []byte(data))
		}},
		"os.DirFS": {fsx.FromFS(os.DirFS(dir)), "b", func(data string) error {
			return fsx.WriteFile(t.Context(), fsx.OS{}, filepath.Join(dir, "b"), []byte(data))
		}},
		"a map": {fsx.FromFS(mapFS), "f", func(data string) error {
			mapFS["f"] = &fstest.MapFile{Data: []byte(data)}
			return nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, c.put("x"))
			r, err := c.fsys.Open(c.name)
			require.NoError(t, err)
			defer r.Close()
			current, err := fsx.Current(c.fsys, c.name, r)
			require.NoError(t, err)
			require.True(t, current)
			require.NoError(t, c.put("another"))
			current, err = fsx.Current(c.fsys, c.name, r)
			require.NoError(t, err)
			require.False(t, current)
		})
	}
	t.Run("a removed file", func(t *testing.T) {
		disk := errfs.New()
		require.NoError(t, disk.WriteFile("f", nil))
		r, err := disk.Open("f")
		require.NoError(t, err)
		defer r.Close()
		require.NoError(t, disk.Remove("f"))
		current, err := fsx.Current(disk, "f", r)
		require.NoError(t, err)
		require.False(t, current)
	})
}
