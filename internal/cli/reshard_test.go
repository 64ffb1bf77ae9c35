package cli

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A resharded checkpoint has the same values in the requested number of data files.
func TestReshardCommand(t *testing.T) {
	in, dir := filepath.Join("..", "..", "testdata", "golden", "saved-numbered", "train", "ckpt-1"), t.TempDir()
	run := func(args ...string) (stdout, stderr string, status int) {
		var out, err bytes.Buffer
		p := Program{Stdout: &out, Stderr: &err}
		status = p.Run(t.Context(), args)
		return out.String(), err.String(), status
	}
	list, _, _ := run("list", "--json", in)
	for name, test := range map[string]struct {
		flags []string
		files int
	}{"one": {nil, 1}, "of2": {[]string{"--workers", "2"}, 2}, "small": {[]string{"--max-shard-size", "250"}, 2}} {
		out := filepath.Join(dir, name)
		_, stderr, status := run(append([]string{"reshard", in, out}, test.flags...)...)
		require.Zero(t, status, stderr)
		files, err := filepath.Glob(out + ".data-*")
		require.NoError(t, err)
		require.Len(t, files, test.files, name)
		_, stderr, status = run("verify", out)
		require.Zero(t, status, stderr)
		_, stderr, status = run("diff", in, out)
		require.Zero(t, status, stderr)
		back := filepath.Join(dir, name+"-back")
		_, stderr, status = run("reshard", out, back)
		require.Zero(t, status, stderr)
		got, _, _ := run("list", "--json", back)
		require.Equal(t, list, got)
	}
	for _, args := range [][]string{{in, "--workers", "2"}, {in, "x", "--workers", "-1"}, {in, "x", "--axis", "1"}, {in, "x", "--workers", "2", "--max-shard-size", "5"}} {
		_, _, status := run(append([]string{"reshard"}, args...)...)
		require.Equal(t, 2, status, args)
	}
	for _, args := range [][]string{{"-", "x"}, {in, in}, {in, "https://example.com/x"}, {filepath.Join(dir, "none"), "x"}} {
		_, stderr, status := run(append([]string{"reshard"}, args...)...)
		require.Equal(t, 1, status, args)
		require.NotEmpty(t, stderr)
	}
}
