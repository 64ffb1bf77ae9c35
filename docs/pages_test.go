package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pages returns the README and the pages of this directory.
func pages(t *testing.T) []string {
	found, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, found)
	return append(found, filepath.Join(root, "README.md"))
}

// flat returns text without the indentation of its lines.
func flat(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return strings.Join(lines, "\n")
}

// Every Go block on a page must be copied exactly from a program in this directory, or from the one that CI
// runs with an S3 server. So every block compiles and works as the page says.
func TestBlocksArePartsOfPrograms(t *testing.T) {
	programs, err := filepath.Glob(filepath.Join(root, "docs", "*_test.go"))
	require.NoError(t, err)
	programs = append(programs, filepath.Join(root, "store", "s3", "recipe_test.go"))
	var code []string
	for _, name := range programs {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		code = append(code, flat(string(text)))
	}
	block := regexp.MustCompile("(?s)```go\n(.*?)```")
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, b := range block.FindAllStringSubmatch(string(text), -1) {
			found := slices.ContainsFunc(code, func(c string) bool { return strings.Contains(c, flat(b[1])) })
			require.True(t, found, "%s: no program has\n%s", page, b[1])
		}
	}
}

// Links to files must lead to existing files.
func TestLinksOfPages(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#: ]+)(#[^)]*)?\)`)
	block := regexp.MustCompile("(?s)```.*?```")
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, l := range link.FindAllStringSubmatch(block.ReplaceAllString(string(text), ""), -1) {
			_, err := os.Stat(filepath.Join(filepath.Dir(page), l[1]))
			require.NoError(t, err, page)
		}
	}
}
