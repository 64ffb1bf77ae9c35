package savedv1

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/internal/fsx"
)

// maxShards bounds the number of files of one checkpoint, and so the search for a missing one.
const maxShards = 1 << 20

var shardSuffix = regexp.MustCompile(`^-([0-9]{5,})-of-([0-9]{5,})$`)

// ExistsFile is Exists for the operating system's files. Files that cannot be examined count as absent.
func ExistsFile(name string) bool {
	ok, err := Exists(fsx.OS{}, name)
	return ok && err == nil
}

// Exists reports whether a filesystem of this module has files with the names of a checkpoint called name. It does not read them.
// It returns an error if it could not find out.
func Exists(fsys fsx.ReadFS, name string) (bool, error) {
	files, err := find(fsys, name)
	var named nameError
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, &named) {
		return false, nil
	}
	return len(files) > 0, err
}

// A nameError reports names that do not belong to one checkpoint. The search itself did not fail.
type nameError struct{ error }

func (e nameError) Unwrap() error { return e.error }

// find returns the files that name means: the file with that name, the files that match a pattern such as
// "ckpt-?????-of-00002", which TensorFlow itself uses as a name, or the shards with that name. The error satisfies
// errors.Is(err, fs.ErrNotExist) if there are no files or a shard is missing.
func find(fsys fsx.ReadFS, name string) ([]string, error) {
	info, err := fsys.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return nil, nameError{fmt.Errorf("%s: a directory, not a checkpoint", name)}
	case err == nil:
		return []string{name}, nil
	case !errors.Is(err, fs.ErrNotExist) && !strings.Contains(name, "?"): // some systems do not allow it in names
		return nil, err
	}
	dir, base := filepath.Split(name)
	if base == "" {
		return nil, notFound(name)
	}
	entries, err := fsys.ReadDir(filepath.Clean(dir))
	if err != nil {
		return nil, err
	}
	if strings.Contains(base, "?") {
		return findPattern(name, dir, base, entries)
	}
	return findShards(name, dir, base, entries)
}

func notFound(name string) error {
	return fmt.Errorf("%s: no such file, and no shards of that name: %w", name, fs.ErrNotExist)
}

func findPattern(name, dir, pattern string, entries []fs.DirEntry) (files []string, err error) {
	for _, e := range entries {
		ok, err := path.Match(pattern, e.Name())
		if err != nil {
			return nil, nameError{fmt.Errorf("%s: %w", name, err)}
		}
		if ok && !e.IsDir() {
			files = append(files, dir+e.Name())
		}
	}
	if len(files) == 0 {
		return nil, notFound(name)
	}
	return files, nil
}

func findShards(name, dir, base string, entries []fs.DirEntry) (files []string, err error) {
	var of string
	found := make(map[uint64]string)
	for _, e := range entries {
		suffix, ok := strings.CutPrefix(e.Name(), base)
		m := shardSuffix.FindStringSubmatch(suffix)
		if !ok || m == nil || e.IsDir() {
			continue
		}
		if of != "" && of != m[2] {
			return nil, nameError{fmt.Errorf("%s: there are shards of %s and shards of %s: name one set as %s-?????-of-%s", name, of, m[2], base, m[2])}
		}
		of = m[2]
		if i, err := strconv.ParseUint(m[1], 10, 64); err == nil {
			found[i] = dir + e.Name()
		}
	}
	if of == "" {
		return nil, notFound(name)
	}
	n, err := strconv.ParseUint(of, 10, 64)
	if err != nil || n > maxShards {
		return nil, nameError{fmt.Errorf("%s: %s shards are more than there can be", name, of)}
	}
	for i := range n {
		file, ok := found[i]
		if !ok {
			return nil, fmt.Errorf("%s: shard %s-%05d-of-%s is missing, %d of %d are there: %w", name, base, i, of, len(found), n, fs.ErrNotExist)
		}
		files = append(files, file)
	}
	return files, nil
}
