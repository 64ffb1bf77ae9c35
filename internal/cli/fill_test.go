package cli

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestFill(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"nothing":                      {"", ""},
		"a short line":                 {"a b", "a b"},
		"a line of exactly this width": {"1234567 9a", "1234567 9a"},
		"a longer line":                {"1234567 9ab c", "1234567\n9ab c"},
		"joined lines":                 {"a\nb\nc", "a b c"},
		"a long word":                  {"a 1234567890ab c", "a\n1234567890ab\nc"},
		"paragraphs":                   {"a\n\nb", "a\n\nb"},
		"indented lines":               {"a\n\n  b c d e f g h i\n  j", "a\n\n  b c d e f g h i\n  j"},
		"letters, not bytes":           {"ääääää äää", "ääääää äää"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, fill(test.text, 10)) })
	}
}

// TestHelpIsNarrow checks that the help of every command fits into 80 columns.
func TestHelpIsNarrow(t *testing.T) {
	lines := [][]string{{"--help"}, {"completion", "--help"}}
	for _, c := range new(Program).command(nil).Commands() {
		lines = append(lines, []string{c.Name(), "--help"})
	}
	for _, args := range lines {
		r := runCkpt(t, args...)
		require.Zero(t, r.status, r.stderr)
		for line := range strings.Lines(r.stdout) {
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), columns, "%v: %s", args, line)
		}
	}
}
