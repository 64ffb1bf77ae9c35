package ckpttest

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/state"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/retain"
)

// InTime runs f with a simulated clock. The function at moves the clock to a moment, given in seconds since 1970.
func InTime(t *testing.T, f func(t *testing.T, at func(seconds float64))) {
	synctest.Test(t, func(t *testing.T) {
		f(t, func(seconds float64) {
			require.GreaterOrEqual(t, seconds, retain.Seconds(time.Now()), "time does not run backwards")
			whole, rest := math.Modf(seconds)
			time.Sleep(time.Until(time.Unix(int64(whole), int64(rest*1e9))))
		})
	})
}

// ManageIn returns a Manager of a new Checkpoint, as another run of a program would create it.
func ManageIn(t testing.TB, dir string, opts ...ckpt.ManagerOption) *ckpt.Manager {
	t.Helper()
	return Manage(t, New(t, ckpt.Group{"v": Scalar(1)}), dir, opts...)
}

// OnDisk returns the base names of the complete checkpoints in dir.
func OnDisk(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		if base, ok := strings.CutSuffix(e.Name(), ".index"); ok {
			r, err := ckpt.Open(filepath.Join(dir, base))
			require.NoError(t, err)
			require.NoError(t, r.Close())
			names = append(names, base)
		}
	}
	return names
}

// StateOf returns the state file of dir.
func StateOf(t testing.TB, dir string) *state.State {
	t.Helper()
	s, err := state.Read(fsx.OS{}, filepath.Join(dir, "checkpoint"))
	require.NoError(t, err)
	return s
}

// Bases returns the last elements of paths.
func Bases(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = filepath.Base(p)
	}
	return out
}

// WriteState writes the state file of dir.
func WriteState(t testing.TB, dir string, s *state.State) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "checkpoint"), s.Append(nil), 0o666))
}
