package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write what the commands print into testdata/*.golden")

// golden is the directory of the checkpoints that TensorFlow wrote.
var golden = filepath.Join("..", "..", "testdata", "golden")

// A result is the result of a command line.
type result struct {
	stdout, stderr string
	status         int
}

func runCkpt(t testing.TB, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	p := Program{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &err}
	status := p.Run(t.Context(), args)
	return result{out.String(), err.String(), status}
}

// TestTranscripts runs the command lines in testdata/*.golden, which start with "$ ", in the directory of the
// golden checkpoints. Below each line is its output. Standard error is after "! ", and an exit status other
// than 0 is after "? ".
//
// To add one, write its command line there and run the test with -update.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.golden"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		file, err := filepath.Abs(file)
		require.NoError(t, err)
		t.Run(strings.TrimSuffix(filepath.Base(file), ".golden"), func(t *testing.T) {
			if filepath.Separator != '/' {
				t.Skip("the transcripts have paths with slashes")
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			t.Chdir(golden)
			var got strings.Builder
			for line := range strings.Lines(string(want)) {
				if command, ok := strings.CutPrefix(line, "$ ckpt"); ok {
					if got.Len() > 0 {
						got.WriteByte('\n')
					}
					got.WriteString(line + transcript(runCkpt(t, strings.Fields(command)...)))
				}
			}
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got.String()), 0o666))
			}
			require.Equal(t, string(want), got.String())
		})
	}
}

func transcript(r result) string {
	text := r.stdout
	for line := range strings.Lines(r.stderr) {
		text += "! " + line
	}
	if r.status != 0 {
		text += fmt.Sprintf("? %d\n", r.status)
	}
	return text
}

func TestExitStatus(t *testing.T) {
	whole := filepath.Join(golden, "damaged-none", "ckpt")
	for name, test := range map[string]struct {
		args   []string
		status int
		stderr string
	}{
		"success":                                 {[]string{"list", whole}, 0, ""},
		"a file of the checkpoint":                {[]string{"list", whole + ".index"}, 0, ""},
		"another file of the checkpoint":          {[]string{"verify", whole + ".data-00000-of-00001"}, 0, ""},
		"a directory with a state":                {[]string{"verify", filepath.Join(golden, "saved-numbered", "train")}, 0, ""},
		"a SavedModel":                            {[]string{"graph", filepath.Join(golden, "saved-model-module", "saved")}, 0, ""},
		"an empty base name":                      {[]string{"graph", filepath.Join(golden, "saved-written", "deep") + "/"}, 0, ""},
		"help":                                    {[]string{"help", "list"}, 0, ""},
		"the version":                             {[]string{"--version"}, 0, ""},
		"a missing checkpoint":                    {[]string{"list", "nowhere/ckpt"}, 1, "ckpt: nowhere/ckpt: no file, directory or checkpoint has this name"},
		"a directory without checkpoints":         {[]string{"list", golden}, 1, "Couldn't find 'checkpoint' file or checkpoints in given directory"},
		"a name-based checkpoint without a graph": {[]string{"graph", filepath.Join(golden, "saver-v2", "model.ckpt-3")}, 1, "no object graph: the checkpoint is name-based"},
		"no command":                              {nil, 2, "Usage:"},
		"an unknown command":                      {[]string{"lits", whole}, 2, "Did you mean this? list"},
		"no path":                                 {[]string{"verify"}, 2, "expected a PATH, got 0"},
		"several paths":                           {[]string{"list", whole, filepath.Join(golden, "saver-v2", "model.ckpt-3")}, 0, ""},
		"two paths for a command with one":        {[]string{"gen", whole, whole}, 2, "expected one PATH, got 2\nRun 'ckpt gen --help' for usage."},
		"an unknown flag":                         {[]string{"list", "--jason", whole}, 2, "unknown flag: --jason"},
		"text for a bool flag":                    {[]string{"graph", "--json=perhaps", whole}, 2, `invalid argument "perhaps"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := runCkpt(t, test.args...)
			require.Equal(t, test.status, r.status, r.stderr)
			switch test.status {
			case 0:
				require.NotEmpty(t, r.stdout)
				require.Empty(t, r.stderr)
			case 1:
				require.Equal(t, 1, strings.Count(r.stderr, "\n"), r.stderr)
				fallthrough
			default:
				require.Contains(t, r.stderr, test.stderr)
				require.Empty(t, r.stdout)
			}
		})
	}

	t.Run("interrupted", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, args := range [][]string{{"list", "--json", whole}, {"verify", whole}, {"graph", whole}} {
			var out, err bytes.Buffer
			require.Equal(t, 130, (&Program{Stdout: &out, Stderr: &err}).Run(ctx, args), args)
			require.Equal(t, "ckpt: interrupted\n", err.String(), args)
		}
	})
	t.Run("standard output cannot be written", func(t *testing.T) {
		for _, args := range [][]string{{"list", whole}, {"list", "--json", whole}, {"graph", whole}, {"graph", "--json", whole}, {"verify", whole}, {"verify", "--json", whole}} {
			var err bytes.Buffer
			require.Equal(t, 1, (&Program{Stdout: failingWriter{}, Stderr: &err}).Run(t.Context(), args), args)
			require.Equal(t, "ckpt: no space left\n", err.String(), args)
		}
	})
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestCompletion(t *testing.T) {
	t.Chdir(golden)
	complete := func(args ...string) (candidates []string, directive string) {
		r := runCkpt(t, append([]string{"__complete"}, args...)...)
		require.Zero(t, r.status)
		lines := strings.Split(strings.TrimSuffix(r.stdout, "\n"), "\n")
		return lines[:len(lines)-1], lines[len(lines)-1]
	}
	const noFiles, noFilesNoSpace = ":4", ":6" // in cobra's encoding
	for name, test := range map[string]struct {
		args      []string
		want      []string
		directive string
	}{
		"prefixes in a directory":                 {[]string{"list", "manager-keeps-last/train/"}, []string{"manager-keeps-last/train/ckpt-4", "manager-keeps-last/train/ckpt-5"}, noFiles},
		"prefixes that begin with the typed text": {[]string{"verify", "manager-keeps-last/train/ckpt-5"}, []string{"manager-keeps-last/train/ckpt-5"}, noFiles},
		"any file if there are no prefixes":       {[]string{"list", "../README"}, nil, ":0"},
		"directories on the way":                  {[]string{"graph", "./manager-keeps-l"}, []string{"./manager-keeps-last/"}, noFilesNoSpace},
		"an empty base name":                      {[]string{"list", "saved-written/deep/"}, []string{"saved-written/deep/", "saved-written/deep/er/"}, noFilesNoSpace},
		"files with weights":                      {[]string{"list", "../../format/gguf/testdata/"}, []string{"../../format/gguf/testdata/bigendian.gguf", "../../format/gguf/testdata/plain.gguf", "../../format/gguf/testdata/quants.gguf", "../../format/gguf/testdata/vocabulary.gguf"}, noFiles},
		"nothing in an empty directory":           {[]string{"list", "no/such/"}, nil, noFiles},
		"nothing after the only path":             {[]string{"gen", "manager-keeps-last", ""}, nil, noFiles},
		"commands with their descriptions":        {[]string{"ver"}, []string{"verify\tRead a whole checkpoint and compare every checksum"}, noFiles},
		"flags":                                   {[]string{"graph", "--js"}, []string{"--json\tprint the graph as a JSON object"}, noFiles},
	} {
		t.Run(name, func(t *testing.T) {
			got, directive := complete(test.args...)
			require.ElementsMatch(t, test.want, got)
			require.Equal(t, test.directive, directive)
		})
	}
	for _, shell := range []string{"", "tcsh"} {
		r := runCkpt(t, "completion", shell)
		require.Equal(t, 2, r.status)
		require.Contains(t, r.stderr, "expected a shell, one of bash, zsh, fish and powershell")
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		t.Run("a script for "+shell, func(t *testing.T) {
			r := runCkpt(t, "completion", shell)
			require.Zero(t, r.status)
			require.Contains(t, r.stdout, "__complete")
		})
	}
}
