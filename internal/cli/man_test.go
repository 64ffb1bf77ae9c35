package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestManual(t *testing.T) {
	var out, stderr bytes.Buffer
	require.Zero(t, (&Program{Stdout: &out, Stderr: &stderr}).Run(t.Context(), []string{"man"}), stderr.String())
	page := out.String()
	require.True(t, strings.HasPrefix(page, ".TH CKPT 1 "), page)
	for _, want := range []string{".SH NAME\nckpt \\- ", ".SH SYNOPSIS\n", ".SS ckpt list ", ".SS ckpt verify ", "\\fB\\-\\-json\\fR"} {
		require.Contains(t, page, want)
	}
	require.NotContains(t, page, ".SS ckpt man", "the command is hidden")
	for _, c := range new(Program).command(nil).Commands() {
		if c.IsAvailableCommand() && !c.HasAvailableSubCommands() && c.Name() != "completion" {
			require.Contains(t, page, ".SS "+roff(c.UseLine()))
		}
	}
	for line := range strings.SplitSeq(page, "\n") {
		if strings.HasPrefix(line, ".") {
			require.Regexp(t, `^\.(TH|SH|SS|PP|TP|B|I|nf|fi)( |$)`, line, "an intended request")
		}
	}
}

func TestRoff(t *testing.T) {
	require.Equal(t, "\\&.TH \\e\n\\&'x\na \\-\\-b\\[u2026]", roff(".TH \\\n'x\na --b…"))
}

// There is a script for each shell for which cobra has completion.
func TestCompletionScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		var out, stderr bytes.Buffer
		require.Zero(t, (&Program{Stdout: &out, Stderr: &stderr}).Run(t.Context(), []string{"completion", shell}), stderr.String())
		require.Contains(t, out.String(), "ckpt")
	}
}
