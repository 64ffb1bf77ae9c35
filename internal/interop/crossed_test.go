//go:build interop

package interop

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt"
)

// TestCrossedPrograms restores every program's checkpoint into every other program.
func TestCrossedPrograms(t *testing.T) {
	dir := t.TempDir()
	small := slices.DeleteFunc(slices.Clone(programs), func(p program) bool { return p.name == "large" || p.name == "many" })
	for _, from := range small {
		path := filepath.Join(dir, from.name)
		ask[string](t, "write", arguments{"program": from.name, "prefix": path})
		for _, into := range small {
			if from.unreadable != "" && into.name == from.name {
				continue
			}
			t.Run(from.name+" into "+into.name, func(t *testing.T) {
				root, more := into.build(values{fill: false})
				c, err := ckpt.New(root, append(more, quiet, ckpt.AllowEmpty())...)
				require.NoError(t, err)
				requireSameOutcome(t, t.TempDir(), path, c, arguments{"program": into.name})
			})
		}
	}
}

// TestCrossedGraphs restores graphs of any shape into others. All edges have the same few names.
func TestCrossedGraphs(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		require.NoError(rt, err)
		from, into := drawDescription(rt, similar), drawDescription(rt, similar)
		path := filepath.Join(dir, "ckpt")
		ask[string](rt, "write", arguments{"program": "described", "prefix": path, "description": from})
		requireSameOutcome(rt, dir, path, into.checkpoint(rt, false, quiet), arguments{"program": "described", "description": into})
	})
}

var quiet = ckpt.WithLogger(slog.New(slog.DiscardHandler))

// requireSameOutcome restores a checkpoint into c, and into the same program in TensorFlow. Either both
// restores fail, or each of the three assertions has the same result and the programs have the same values.
func requireSameOutcome(t require.TestingT, dir, path string, c *ckpt.Checkpoint, program arguments) {
	theirs, ours := filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
	said := make(map[string]string)
	program["source"], program["call"], program["prefix"] = path, "read", filepath.Join(theirs, "after")
	theirErr := tensorFlow.try("outcome", program, &said)
	status, err := c.Read(context.Background(), path)
	if theirErr != nil {
		require.Error(t, err, "TensorFlow: %v", theirErr)
		return
	}
	require.NoError(t, err)
	requireVerdict(t, said["assert_consumed"], status.AssertConsumed())
	requireVerdict(t, said["assert_existing_objects_matched"], status.AssertExistingObjectsMatched())
	requireVerdict(t, said["assert_nontrivial_match"], status.AssertNontrivialMatch())
	_, err = c.Write(context.Background(), filepath.Join(ours, "after"))
	require.NoError(t, err)
	requireSameFiles(t, theirs, ours)
}

func requireVerdict(t require.TestingT, theirs string, ours error) {
	if theirs == "" {
		require.NoError(t, ours)
	} else {
		require.ErrorIs(t, ours, ckpt.ErrMismatch, "TensorFlow: %s", theirs)
	}
}
