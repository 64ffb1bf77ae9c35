package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The catalogue lists each behaviour that the name of a test mentions, exactly once.
func TestBehavioursAreListed(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "behaviours.md"))
	require.NoError(t, err)
	rows := make(map[string]int)
	for _, row := range regexp.MustCompile(`(?m)^\| ([A-Z]-\d\d) \|`).FindAllStringSubmatch(string(text), -1) {
		rows[row[1]]++
		require.Equal(t, 1, rows[row[1]], row[1])
	}
	named := regexp.MustCompile(`\b[GCWDAISPNMKRVQOB]-\d\d\b`)
	seen := 0
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, id := range named.FindAllString(string(source), -1) {
			require.Contains(t, rows, id, path)
			seen++
		}
		return nil
	}))
	require.Greater(t, seen, 100)
}
