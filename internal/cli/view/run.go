package view

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/internal/cli/names"
	"github.com/gockpt/ckpt/internal/prefix"
)

// maxCheckpoints is the largest number of checkpoints of a run that are shown. Each keeps files open.
const maxCheckpoints = 64

var (
	shardFile = regexp.MustCompile(`-\d+-of-\d+\.`)
	number    = regexp.MustCompile(`\d+`)
)

// runIn returns the paths of a run's checkpoints in a directory, sorted by number: files with names that differ only in digits. It
// is not an error if path is not a directory.
func runIn(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		if info, e := os.Stat(path); e == nil && info.IsDir() {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return nil, nil // the library reports other problems of path
	}
	byPattern := make(map[string][]string)
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !strings.HasSuffix(name, ".index") && !prefix.IsWeightsFile(name) || shardFile.MatchString(name) || !number.MatchString(name) {
			continue
		}
		pattern := number.ReplaceAllString(name, "#")
		byPattern[pattern] = append(byPattern[pattern], filepath.Join(path, strings.TrimSuffix(name, ".index")))
	}
	var run []string
	for _, found := range byPattern {
		if len(found) > len(run) || len(found) == len(run) && found[0] < run[0] {
			run = found
		}
	}
	slices.SortFunc(run, names.Compare)
	if _, err := os.Stat(filepath.Join(path, "saved_model.pb")); !errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return run, nil
}

// thin returns at most n of paths, evenly spread with the first and the last, and how many it left out.
func thin(paths []string, n int) ([]string, int) {
	if len(paths) <= n {
		return paths, 0
	}
	kept := make([]string, n)
	for i := range kept {
		kept[i] = paths[i*(len(paths)-1)/(n-1)]
	}
	return kept, len(paths) - n
}
