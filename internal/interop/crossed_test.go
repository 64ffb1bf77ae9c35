//go:build interop

package interop

import (
	"log/slog"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
)

// TestCrossedPrograms restores every program's checkpoint into every other program: where TensorFlow fails so do we, and where it
// does not each of the three assertions has the same verdict.
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
				theirs := make(map[string]string)
				theirErr := tensorFlow.try("outcome", arguments{"program": into.name, "source": path, "call": "read"}, &theirs)
				root, more := into.build(values{fill: false})
				c, err := ckpt.New(root, append(more, ckpt.WithLogger(slog.New(slog.DiscardHandler)))...)
				require.NoError(t, err)
				status, err := c.Read(t.Context(), path)
				if theirErr != nil {
					require.Error(t, err, "TensorFlow: %v", theirErr)
					return
				}
				require.NoError(t, err)
				requireVerdict(t, theirs["assert_consumed"], status.AssertConsumed())
				requireVerdict(t, theirs["assert_existing_objects_matched"], status.AssertExistingObjectsMatched())
				requireVerdict(t, theirs["assert_nontrivial_match"], status.AssertNontrivialMatch())
			})
		}
	}
}

func requireVerdict(t *testing.T, theirs string, ours error) {
	t.Helper()
	if theirs == "" {
		require.NoError(t, ours)
	} else {
		require.ErrorIs(t, ours, ckpt.ErrMismatch, "TensorFlow: %s", theirs)
	}
}
