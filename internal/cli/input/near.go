package input

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/gockpt/ckpt/internal/prefix"
)

// nothingAt reports whether a path names neither a file nor a TensorFlow checkpoint. near names files that
// begin with the path, because people omit an ending. It does not look for other names, because a shell
// completes them.
func nothingAt(path string) (near string, nothing bool) {
	if exists(path) || strings.HasSuffix(path, "/") || strings.Contains(path, "-?????-of-") {
		return "", false
	}
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return "", true
	}
	var names []Path
	seen := make(map[string]bool)
	for _, e := range entries {
		name, ok := strings.CutPrefix(e.Name(), base)
		_, isData := prefix.CutDataFile(e.Name())
		if ok && (endings.MatchString(name) || isData && strings.HasPrefix(name, ".")) {
			return "", false // the library's error names the missing files
		}
		if path := dir + strings.TrimSuffix(e.Name(), ".index"); ok && base != "" && !isData && !seen[path] {
			seen[path] = true
			names = append(names, Path{Name: path})
		}
	}
	if len(names) == 0 {
		return "", true
	}
	return ", but there is " + SomeOf(names), true
}
