package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gockpt/ckpt/internal/prefix"
)

// A namedPath is a path that an argument names.
type namedPath struct {
	path    string
	matched bool // a glob matched it, so it may not be a checkpoint
}

// expand returns the paths that arguments name. It expands globs, and replaces the files of a TensorFlow checkpoint by their prefix.
// several reports whether the arguments can mean more than one checkpoint.
func expand(args []string) (paths []namedPath, several bool, err error) {
	for i, arg := range args {
		if !isGlob(arg) {
			paths = append(paths, namedPath{path: arg})
			continue
		}
		several = true
		files, err := filepath.Glob(arg)
		if err != nil {
			return nil, false, fmt.Errorf("%s: %w: quote it to keep the shell from changing it, and name files with brackets by \\[", safe(arg), err)
		}
		indexes, _ := filepath.Glob(arg + ".index") // the glob may match prefixes
		files = append(files, indexes...)
		if len(files) == 0 {
			hint := ""
			if i > 0 {
				hint = ": to choose tensors rather than files, pass the glob to --only"
			}
			return nil, false, fmt.Errorf("%s: no file matches%s: %w", safe(arg), hint, fs.ErrNotExist)
		}
		for _, f := range files {
			paths = append(paths, namedPath{f, true})
		}
	}
	several = several || len(paths) > 1
	if !several {
		return paths, false, nil
	}
	seen := make(map[string]bool)
	once := paths[:0]
	for _, p := range paths {
		if of, ok := strings.CutSuffix(p.path, ".index"); ok && exists(p.path) {
			p.path = of
		} else if of, ok := prefix.CutDataFile(p.path); ok && exists(p.path) && exists(of+".index") {
			p.path = of
		}
		if !seen[p.path] {
			seen[p.path] = true
			once = append(once, p)
		}
	}
	return once, true, nil
}

// isGlob reports whether an argument is a pattern. It is not if a file has this name, or if it is TensorFlow 1's pattern for all shards of a
// checkpoint.
func isGlob(arg string) bool {
	return !strings.Contains(arg, "-?????-of-") && strings.ContainsAny(arg, "*?[") && !strings.Contains(arg, "://") && !exists(arg) && !exists(arg+".index")
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// one returns the path that an argument names. A glob must match exactly one.
func one(arg string) (string, error) {
	paths, _, err := expand([]string{arg})
	switch {
	case err != nil:
		return "", err
	case len(paths) == 1:
		return paths[0].path, nil
	}
	return "", fmt.Errorf("%s: expected one checkpoint, but the glob matches %d: %s: name one of them", safe(arg), len(paths), someOf(paths))
}

// someOf returns the first few of paths.
func someOf(paths []namedPath) string {
	var names []string
	for _, p := range paths[:min(3, len(paths))] {
		names = append(names, safe(p.path))
	}
	if len(paths) > 3 {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// pathsOf returns the paths that arguments name.
func pathsOf(args []string) ([]string, error) {
	named, _, err := expand(args)
	paths := make([]string, len(named))
	for i, p := range named {
		paths[i] = p.path
	}
	return paths, err
}
