package interop

import (
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/tensor"
)

// A goldenWant says what has to happen to a damaged checkpoint: "ok", "error", or "either".
type goldenWant struct {
	Open    string
	Bad     []string // keys that must not be read
	Restore string
}

// maxAllocation is what reading a damaged checkpoint of a few hundred bytes may allocate in all: buffers of fixed sizes,
// and nothing that a forged number asks for.
const maxAllocation = 16 << 20

// base is the program that all damaged checkpoints were saved from.
type base struct {
	W tensor.Tensor[float32]
	B [5]float64 `ckpt:"b"`
	N int64      `ckpt:"n"`
	S [3]string  `ckpt:"s"`
}

func newBase() *base { return &base{W: *tensor.New[float32](4, 3)} }

func wantBase() *base {
	w, _ := tensor.FromSlice([]float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 4, 3)
	return &base{W: *w, B: [5]float64{-1, -0.5, 0, 0.5, 1}, N: 77, S: [3]string{"one", "", "three"}}
}

// TestDamagedCheckpoints opens, lists, reads and restores copies of one checkpoint that have one fault each.
func TestDamagedCheckpoints(t *testing.T) {
	good := readAll(t, filepath.Join(goldenDir, "damaged-none", "ckpt"))
	for name, g := range goldens(t, "damaged-") {
		if g.Want == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			requireReadsAsWanted(t, g, good)
			requireRestoresAsWanted(t, g)
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(maxAllocation), "bytes allocated")
		})
	}
}

func requireReadsAsWanted(t *testing.T, g golden, good map[string]tensor.Any) {
	r, err := ckpt.Open(g.path(g.Prefix))
	switch {
	case g.Want.Open == "error":
		require.Error(t, err)
		requireNames(t, g, err)
		return
	case err != nil && g.Want.Open == "either":
		requireNames(t, g, err)
		return
	}
	require.NoError(t, err)
	defer r.Close()
	for range r.All() { // whatever it yields, it ends
	}
	for key, want := range good {
		got, err := r.Tensor(key)
		switch {
		case slices.Contains(g.Want.Bad, key):
			require.Error(t, err, key)
			requireNames(t, g, err)
		case g.TF.Read[key] == "ok" && (err == nil || g.Want.Restore != "either"):
			require.NoError(t, err, key)
			require.True(t, tensor.Equal(want, got), "%s: %v", key, got.Values())
		}
	}
}

func requireRestoresAsWanted(t *testing.T, g golden) {
	into := newBase()
	c, err := ckpt.New(ckpt.Group{"w": &into.W, "b": &into.B, "n": &into.N, "s": &into.S}, ckpt.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	status, err := c.Read(t.Context(), g.path(g.Prefix))
	if err == nil {
		err = status.AssertConsumed()
	}
	switch {
	case g.Want.Restore == "error":
		require.Error(t, err)
	case err == nil || g.Want.Restore == "ok":
		require.NoError(t, err)
		require.Equal(t, wantBase(), into)
	}
}

// requireNames holds an error to naming a file of the case and to being of a kind that errors.Is can tell.
func requireNames(t *testing.T, g golden, err error) {
	t.Helper()
	kinds := []error{ckpt.ErrCorrupt, ckpt.ErrNotFound, fs.ErrNotExist, bundle.ErrIncomplete, errors.ErrUnsupported}
	require.True(t, slices.ContainsFunc(kinds, func(kind error) bool { return errors.Is(err, kind) }), "of no kind: %v", err)
	require.ErrorContains(t, err, filepath.Base(g.dir))
}

func readAll(t *testing.T, path string) map[string]tensor.Any {
	r, err := ckpt.Open(path)
	require.NoError(t, err)
	defer r.Close()
	all := make(map[string]tensor.Any)
	for _, v := range r.Variables() {
		all[v.Key], err = r.Tensor(v.Key)
		require.NoError(t, err)
	}
	return all
}
