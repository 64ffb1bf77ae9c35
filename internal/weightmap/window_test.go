package weightmap

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/fsx"
)

// A countingFS counts its open files.
type countingFS struct {
	fsx.OS
	open, most atomic.Int64
}

func (c *countingFS) Open(name string) (fsx.Reader, error) {
	r, err := c.OS.Open(name)
	if err != nil {
		return nil, err
	}
	n := c.open.Add(1)
	for most := c.most.Load(); n > most && !c.most.CompareAndSwap(most, n); most = c.most.Load() {
	}
	return &countedReader{r, c}, nil
}

type countedReader struct {
	fsx.Reader
	of *countingFS
}

func (c *countedReader) Close() error { c.of.open.Add(-1); return c.Reader.Close() }

func (c *countedReader) Map() ([]byte, func() error, error) { return fsx.Map(c.Reader) }

// indexOf writes n files, each with its number, and an index of these files.
func indexOf(t *testing.T, n int) *Index {
	dir := t.TempDir()
	var entries []string
	for i := range n {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), fmt.Appendf(nil, "%04d", i), 0o600))
		entries = append(entries, fmt.Sprintf(`"t%d":"%[1]d"`, i))
	}
	ix, err := Read(raw.Memory(filepath.Join(dir, "index.json"), []byte(`{"weight_map":{`+strings.Join(entries, ",")+`}}`)))
	require.NoError(t, err)
	return ix
}

func TestFilesThatAreOpenAtOnce(t *testing.T) {
	for _, n := range []int{1, openFiles, openFiles + 1, 200} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			fsys := new(countingFS)
			blobs, err := indexOf(t, n).Open(fsys)
			require.NoError(t, err)
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for i, b := range blobs {
						got := make([]byte, 4)
						if _, err := b.ReadAt(got, 0); err != nil || string(got) != fmt.Sprintf("%04d", i) {
							t.Errorf("file %d has %q: %v", i, got, err)
						}
					}
				})
			}
			all.Wait()
			require.LessOrEqual(t, fsys.most.Load(), int64(openFiles+8), "one more for each concurrent read")
			for _, b := range blobs {
				require.NoError(t, b.Close())
				require.NoError(t, b.Close())
				_, err := b.ReadAt(make([]byte, 1), 0)
				require.Error(t, err)
			}
			require.Zero(t, fsys.open.Load())
		})
	}
	t.Run("a replaced file", func(t *testing.T) {
		ix := indexOf(t, 3*openFiles)
		blobs, err := ix.Open(fsx.OS{})
		require.NoError(t, err)
		name := blobs[0].Name()
		require.NoError(t, os.WriteFile(name+".new", []byte("else"), 0o600))
		require.NoError(t, os.Rename(name+".new", name))
		_, err = blobs[0].ReadAt(make([]byte, 4), 0)
		require.ErrorIs(t, err, format.ErrStale)
		require.ErrorContains(t, err, "was replaced since it was opened")
		for _, b := range blobs {
			require.NoError(t, b.Close())
		}
	})
	t.Run("a missing file", func(t *testing.T) {
		ix := indexOf(t, 3*openFiles)
		require.NoError(t, os.Remove(filepath.Join(filepath.Dir(ix.name), "77")))
		fsys := new(countingFS)
		_, err := ix.Open(fsys)
		require.ErrorIs(t, err, os.ErrNotExist)
		require.Zero(t, fsys.open.Load())
	})
}
