//go:build interop

package interop

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

// TestOverwritten interrupts a save that replaces another at every operation. TensorFlow must read the old or
// the new checkpoint.
func TestOverwritten(t *testing.T) {
	save := func(fsys fsx.FS, value float32, size int) error {
		w := bundle.Create(fsys, "ckpt", bundle.Options{Shards: 2})
		for i, key := range []string{"a", "b"} {
			values := tensor.New[float32](size)
			for i := range values.Data() {
				values.Data()[i] = value
			}
			if err := w.Add(i, key, format.SourceOf(values)); err != nil {
				return err
			}
		}
		return w.Commit(context.Background())
	}
	seen := map[string]bool{}
	for n := 1; ; n++ {
		disk := errfs.New()
		require.NoError(t, save(disk, 1, 3))
		start := disk.Ops()
		disk.Inject(errfs.From(start+n, errfs.Crash))
		err := save(disk, 2, 4)
		ended := disk.Ops() < start+n
		for _, fate := range []errfs.Fate{errfs.LoseAll, errfs.KeepAll, errfs.Lottery(uint64(n))} {
			files := disk.Reboot(fate).Files()
			if state := fmt.Sprint(files); seen[state] {
				continue
			} else {
				seen[state] = true
			}
			dir := t.TempDir()
			for name, data := range files {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o666))
			}
			got := ask[map[string][]float32](t, "stored", arguments{"prefix": filepath.Join(dir, "ckpt")})
			old, new := map[string][]float32{"a": {1, 1, 1}, "b": {1, 1, 1}}, map[string][]float32{"a": {2, 2, 2, 2}, "b": {2, 2, 2, 2}}
			if err == nil {
				require.Equal(t, new, got)
			}
			require.Contains(t, []map[string][]float32{old, new}, got, "operation %d", n)
		}
		if ended {
			break
		}
	}
	require.Greater(t, len(seen), 10)
	t.Logf("%d states read by TensorFlow", len(seen))
}
