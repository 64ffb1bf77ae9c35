package cli

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/thorough"
)

// TestHostileArguments calls every command with forged arguments, which scripts might pass after they expand
// file names. Every day, each name is in some of the lines and each line has some of the names.
func TestHostileArguments(t *testing.T) {
	dir := t.TempDir() // digest writes next to its input
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/wide")))
	checkpoint := filepath.Join(dir, "model")
	var names []string
	for _, c := range new(Program).command(nil).Commands() {
		if c.Name() != "view" { // it serves until it is stopped if its arguments are right
			names = append(names, c.Name())
		}
	}
	require.Contains(t, names, "list")
	step := thorough.Pick(1, 6)
	for first, title := range slices.Sorted(maps.Keys(hostileNames)) {
		hostile := hostileNames[title]
		t.Run(title, func(t *testing.T) {
			t.Chdir(t.TempDir()) // some commands write files with the given names
			if strings.Contains(hostile, "\x00") {
				hostile = strings.ReplaceAll(hostile, "\x00", "\x01") // the arguments do not contain it
			}
			lines := [][]string{{hostile}, {"--" + hostile}, {"-" + hostile}, {"help", hostile}, {"lis" + hostile}}
			for _, name := range names {
				lines = append(lines, []string{name, "--" + hostile, checkpoint}, []string{name, "-" + hostile, checkpoint}, []string{name, "--json=" + hostile, checkpoint},
					[]string{name, hostile}, []string{name, hostile, hostile}, []string{name, hostile, hostile, hostile}, []string{name, checkpoint, hostile},
					[]string{name, checkpoint, "layer[" + hostile + "]"}, []string{name, "./" + hostile + "/none"}, []string{name, "--", "-" + hostile})
			}
			lines = append(lines, []string{"view", "-o", "report.html", hostile}, []string{"view", "-o", "report.html", checkpoint, hostile}, []string{"view", "--" + hostile})
			for _, flag := range []string{"--at", "--package", "--type"} {
				lines = append(lines, []string{"gen", checkpoint, flag, hostile})
			}
			for _, flag := range []string{"--cast", "--rename", "--only", "--max-shard-size", "--format"} {
				lines = append(lines, []string{"convert", checkpoint, t.TempDir() + "/out.npz", flag, hostile}, []string{"convert", checkpoint, t.TempDir() + "/out.npz", flag, hostile + "=" + hostile})
			}
			lines = append(lines, []string{"run", "--config", hostile, "--input", hostile}, []string{"run", "--config", checkpoint + ".index", "--input", hostile, "--weights", hostile, "--at", hostile},
				[]string{"diff", "--tolerance", hostile, checkpoint, checkpoint}, []string{"list", "--match", hostile, checkpoint}, []string{"stat", "--match", hostile, checkpoint})
			for i := first % step; i < len(lines); i += step {
				line := lines[i]
				r := runCkpt(t, line...)
				what := strings.Join(line, " ")
				require.Contains(t, []int{0, 1, 2}, r.status, "%q: %s", what, r.stderr)
				requirePlain(t, what, r.stdout)
				requirePlain(t, what, r.stderr)
				require.NotContains(t, r.stdout+r.stderr, "\nproblem: forged", what)
			}
		})
	}
}

func TestMisuseSuggests(t *testing.T) {
	r := runCkpt(t, "lst")
	require.Equal(t, 2, r.status)
	require.Equal(t, "ckpt: unknown command \"lst\" for \"ckpt\". Did you mean this? list\nRun 'ckpt --help' for usage.\n", r.stderr)
}
