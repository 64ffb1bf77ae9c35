package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGenFile(t *testing.T) {
	path, file := filepath.Join(golden, "objects-registered-saver", "ckpt"), filepath.Join(t.TempDir(), "model.go")
	written := runCkpt(t, "gen", path, "--rename", "v=w", "-o", file)
	require.Zero(t, written.status, written.stderr)
	require.Empty(t, written.stdout)
	require.Contains(t, written.stderr, "ckpt: skipped: (root).parts: it was saved by code registered as golden.Parts")
	source, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(source), `ckpt.LoadWeights(ctx, path, m, ckpt.Rename("v", "w"))`)
	require.Contains(t, string(source), "`ckpt:\"w\"`")

	printed := runCkpt(t, "gen", path, "--rename", "v=w", "-o", "-")
	require.Equal(t, result{stdout: string(source), stderr: written.stderr}, printed)
}
