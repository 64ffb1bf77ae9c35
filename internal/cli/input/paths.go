package input

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gockpt/ckpt/internal/cli/text"
	"github.com/gockpt/ckpt/internal/prefix"
)

// A Path is a path that an argument names.
type Path struct {
	Name    string
	Matched bool // a glob matched it, so it may not be a checkpoint
}

// Expand returns the paths that arguments name. It expands globs, and replaces the files of a TensorFlow checkpoint by their prefix.
// several reports whether the arguments can mean more than one checkpoint.
func Expand(args []string) (paths []Path, several bool, err error) {
	for i, arg := range args {
		if !IsGlob(arg) {
			paths = append(paths, Path{Name: arg})
			continue
		}
		several = true
		files, err := filepath.Glob(arg)
		if err != nil {
			return nil, false, fmt.Errorf("%s: %w: quote it to keep the shell from changing it, and name files with brackets by \\[", text.Safe(arg), err)
		}
		indexes, _ := filepath.Glob(arg + ".index") // the glob may match prefixes
		files = append(files, indexes...)
		if len(files) == 0 {
			hint := ""
			if i > 0 {
				hint = ": to choose tensors rather than files, pass the glob to --only"
			}
			return nil, false, fmt.Errorf("%s: no file matches%s: %w", text.Safe(arg), hint, fs.ErrNotExist)
		}
		for _, f := range files {
			paths = append(paths, Path{f, true})
		}
	}
	several = several || len(paths) > 1
	if !several {
		return paths, false, nil
	}
	seen := make(map[string]bool)
	once := paths[:0]
	for _, p := range paths {
		if of, ok := strings.CutSuffix(p.Name, ".index"); ok && exists(p.Name) {
			p.Name = of
		} else if of, ok := prefix.CutDataFile(p.Name); ok && exists(p.Name) && exists(of+".index") {
			p.Name = of
		}
		if !seen[p.Name] {
			seen[p.Name] = true
			once = append(once, p)
		}
	}
	return once, true, nil
}

// IsGlob reports whether an argument is a pattern. It is not if a file has this name, or if it is TensorFlow 1's pattern for all shards of a
// checkpoint.
func IsGlob(arg string) bool {
	return !strings.Contains(arg, "-?????-of-") && strings.ContainsAny(arg, "*?[") && !strings.Contains(arg, "://") && !exists(arg) && !exists(arg+".index")
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// One returns the path that an argument names. A glob must match exactly one.
func One(arg string) (string, error) {
	paths, _, err := Expand([]string{arg})
	switch {
	case err != nil:
		return "", err
	case len(paths) == 1:
		return paths[0].Name, nil
	}
	return "", fmt.Errorf("%s: expected one checkpoint, but the glob matches %d: %s: name one of them", text.Safe(arg), len(paths), SomeOf(paths))
}

// SomeOf returns the first few of paths.
func SomeOf(paths []Path) string {
	var names []string
	for _, p := range paths[:min(3, len(paths))] {
		names = append(names, text.Safe(p.Name))
	}
	if len(paths) > 3 {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// Paths returns the paths that arguments name.
func Paths(args []string) ([]string, error) {
	named, _, err := Expand(args)
	paths := make([]string, len(named))
	for i, p := range named {
		paths[i] = p.Name
	}
	return paths, err
}
