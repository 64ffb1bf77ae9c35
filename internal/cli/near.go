package cli

import (
	"os"
	"path/filepath"
	"strings"
)

// nothingAt reports whether a path names neither a file nor a TensorFlow checkpoint. near names files that begin with the path.
func nothingAt(path string) (near string, nothing bool) {
	if exists(path) || strings.HasSuffix(path, "/") || strings.Contains(path, "-?????-of-") {
		return "", false
	}
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return "", true
	}
	var names []namedPath
	seen := make(map[string]bool)
	for _, e := range entries {
		name, ok := strings.CutPrefix(e.Name(), base)
		if ok && (endings.MatchString(name) || dataFile.MatchString(e.Name()) && strings.HasPrefix(name, ".")) {
			return "", false // the library's error says what is missing
		}
		if prefix := dir + strings.TrimSuffix(e.Name(), ".index"); ok && base != "" && !dataFile.MatchString(e.Name()) && !seen[prefix] {
			seen[prefix] = true
			names = append(names, namedPath{path: prefix})
		}
	}
	if len(names) == 0 {
		return "", true
	}
	return ", but there is " + someOf(names), true
}
