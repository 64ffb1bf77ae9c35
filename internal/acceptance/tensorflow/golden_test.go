package tensorflow

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// TestGolden reads every checkpoint under testdata/golden that TensorFlow wrote and reads.
func TestGolden(t *testing.T) {
	dirs, err := os.ReadDir(filepath.Join("testdata", "golden"))
	require.NoError(t, err)
	for _, d := range dirs {
		if strings.HasPrefix(d.Name(), "damaged-") && d.Name() != "damaged-none" {
			continue
		}
		t.Run(d.Name(), func(t *testing.T) {
			g := ckpttest.Golden(t, d.Name())
			if g.Prefix != "" {
				checkGolden(t, g.Path(), g.GoldenCheckpoint)
			}
			for prefix, c := range g.Others {
				checkGolden(t, filepath.Join(g.Dir, prefix), c)
			}
		})
	}
}

func checkGolden(t *testing.T, prefix string, want ckpttest.GoldenCheckpoint) {
	t.Helper()
	r, err := ckpt.Open(prefix)
	require.NoError(t, err)
	defer r.Close()
	count := 0
	digest := sha256.New()
	for e, err := range r.All() {
		require.NoError(t, err)
		count++
		var sum hash.Hash
		if want.KeysDigest != "" || len(want.Keys) > 0 {
			sum = sha256.New()
			require.NoError(t, r.WriteStored(ctx, e.Key, sum), e.Key)
		}
		if want.KeysDigest != "" {
			shape, _ := json.Marshal([]int(e.Shape))
			fmt.Fprintf(digest, "%s\t%v\t%s\t%x\n", e.Key, e.DType, shape, sum.Sum(nil))
		}
		if want.KeysDigest == "" {
			require.Less(t, count-1, len(want.Keys), "key %q", e.Key)
			w := want.Keys[count-1]
			require.Equal(t, w.Key, e.Key)
			require.Equal(t, w.DType, e.DType.String(), w.Key)
			require.Equal(t, append(tensor.Shape{}, w.Shape...), append(tensor.Shape{}, e.Shape...), w.Key)
			if w.SHA256 != "" {
				require.Equal(t, w.SHA256, hex.EncodeToString(sum.Sum(nil)), w.Key)
			}
		}
	}
	if want.KeysDigest != "" {
		require.Equal(t, want.KeysCount, count)
		require.Equal(t, want.KeysDigest, hex.EncodeToString(digest.Sum(nil)))
	} else {
		require.Len(t, want.Keys, count)
	}
	graph, err := r.Graph()
	if want.Graph == nil || string(want.Graph) == "null" {
		require.ErrorIs(t, err, ckpt.ErrNoObjectGraph)
		return
	}
	require.NoError(t, err)
	got, err := json.Marshal(graph)
	require.NoError(t, err)
	require.JSONEq(t, string(want.Graph), string(got))
}

// TestDamaged opens, reads and restores every damaged checkpoint. Each fault is an error that names the file. Nothing panics or
// takes more memory than the files justify. If TensorFlow reads the right values, so does this package.
func TestDamaged(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join("testdata", "golden", "damaged-*"))
	require.NoError(t, err)
	require.NotEmpty(t, dirs)
	for _, dir := range dirs {
		name := filepath.Base(dir)
		t.Run(name, func(t *testing.T) {
			g := ckpttest.Golden(t, name)
			if g.Want == nil {
				return // damaged-none
			}
			defer debug.SetGCPercent(debug.SetGCPercent(-1))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			checkDamaged(t, g)
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20), "memory used for files of a few kilobytes")
		})
	}
}

func checkDamaged(t *testing.T, g ckpttest.GoldenCase) {
	r, err := ckpt.Open(g.Path())
	if err != nil {
		require.NotEqual(t, "ok", g.Want.Open, "%v", err)
		require.ErrorContains(t, err, "ckpt")
		require.True(t, errors.Is(err, ckpt.ErrCorrupt) || errors.Is(err, ckpt.ErrNotFound) || errors.Is(err, errors.ErrUnsupported), "%v", err)
	} else {
		require.NotEqual(t, "error", g.Want.Open)
		defer r.Close()
		bad := make(map[string]bool)
		for _, key := range g.Want.Bad {
			bad[key] = true
		}
		for key := range bad {
			_, err := r.Tensor(key)
			require.ErrorContains(t, err, g.Prefix, "%s reads", key)
		}
		whole := make(map[string]string) // the sums of the undamaged numbers
		for _, k := range ckpttest.Golden(t, "damaged-none").Keys {
			if k.DType != "string" {
				whole[k.Key] = k.SHA256
			}
		}
		for _, v := range r.Variables() {
			if bad[v.Key] {
				continue
			}
			_, err := r.Tensor(v.Key)
			require.NoError(t, err)
			sum := sha256.New()
			require.NoError(t, r.WriteStored(ctx, v.Key, sum))
			if want := whole[v.Key]; want != "" && !strings.HasSuffix(g.Dir, "header-wrong-endianness") { // numbers do not show the endianness
				require.Equal(t, want, hex.EncodeToString(sum.Sum(nil)), v.Key)
			}
		}
	}
	var m struct {
		W tensor.Tensor[float32]
		B tensor.Tensor[float64]
		N int64    `ckpt:"n"`
		S []string `ckpt:"s,alloc"`
	}
	c, err := ckpt.New(&m)
	require.NoError(t, err)
	s, err := c.Read(ctx, g.Path())
	if err == nil {
		err = s.AssertConsumed()
	}
	if g.Want.Restore == "ok" {
		require.NoError(t, err)
	} else {
		require.Error(t, err)
		require.Contains(t, err.Error(), filepath.Base(g.Dir))
	}
}
