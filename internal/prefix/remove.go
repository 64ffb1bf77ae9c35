package prefix

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
)

// ModTime returns when the checkpoint called prefix was completed, the time of its index or of its V1 file. The error
// satisfies errors.Is(err, [format.ErrNotFound]) if there is none.
func ModTime(fsys fsx.ReadFS, prefix string) (time.Time, error) {
	for _, name := range []string{prefix + ".index", prefix} {
		info, err := fsys.Stat(name)
		switch {
		case err == nil && !info.IsDir():
			return info.ModTime(), nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return time.Time{}, fmt.Errorf("ckpt: %w", err)
		}
	}
	return time.Time{}, fmt.Errorf("ckpt: %s: %w", prefix, format.ErrNotFound)
}

// shardSuffix matches the end of the names of a Saver's shards, which share one .meta file (meta_graph_filename).
var shardSuffix = regexp.MustCompile(`-[\d?]+-of-\d+$`)

// Remove deletes the files of a checkpoint and the .meta file next to them.
func Remove(fsys fsx.FS, prefix string) error {
	dir, base := filepath.Split(prefix)
	_, failed := RemoveFiles(fsys, dir, []string{base})
	err := failed[base]
	meta := shardSuffix.ReplaceAllString(prefix, "") + ".meta"
	if e := fsys.Remove(meta); e != nil && !errors.Is(e, fs.ErrNotExist) {
		err = errors.Join(err, e)
	}
	if err != nil {
		return fmt.Errorf("ckpt: remove %s: %w", prefix, err)
	}
	return nil
}

// cutFile returns the checkpoint to which a file belongs by its name, and whether it is the index.
func cutFile(name string) (base string, index, ok bool) {
	if base, ok = strings.CutSuffix(name, ".index"); ok {
		return base, true, true
	}
	base, ok = CutDataFile(name)
	return base, false, ok
}

// RemoveFiles deletes, durably, the files that the checkpoints called bases have in dir, and the remains of interrupted saves. It
// deletes the indexes first, so that a crash does not leave an index without its data. It returns the files that another program
// deleted meanwhile, and an error for each base that could not be removed.
func RemoveFiles(fsys fsx.FS, dir string, bases []string) (vanished []string, failed map[string]error) {
	if dir == "" {
		dir = "."
	}
	r := removal{fsys: fsys, dir: dir, bases: bases, failed: make(map[string]error)}
	var err error
	r.entries, err = fsys.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, r.failed
	}
	if err != nil {
		r.failAll(err)
		return nil, r.failed
	}
	if r.remove(true) {
		if err := fsys.SyncDir(dir); err != nil {
			r.failAll(err)
			return r.vanished, r.failed
		}
	}
	removed := r.remove(false)
	swept, err := fsx.Sweep(fsys, dir, func(final string) bool {
		base, _, ok := cutFile(final)
		return ok && slices.Contains(bases, base)
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // another program has removed it
	}
	if err == nil && (removed || len(swept) > 0) {
		err = fsys.SyncDir(dir)
	}
	if err != nil {
		r.failAll(err)
	}
	return r.vanished, r.failed
}

// A removal deletes files of several checkpoints in one directory.
type removal struct {
	fsys     fsx.FS
	dir      string
	bases    []string
	entries  []fs.DirEntry
	vanished []string
	failed   map[string]error // by base
}

func (r *removal) failAll(err error) {
	for _, b := range r.bases {
		r.failed[b] = errors.Join(r.failed[b], err)
	}
}

// remove deletes the indexes, or all other files, of the checkpoints that have not failed yet. It reports whether any was deleted.
func (r *removal) remove(indexes bool) (removed bool) {
	for _, e := range r.entries {
		base, index, ok := cutFile(e.Name())
		if !ok || index != indexes || e.IsDir() || r.failed[base] != nil || !slices.Contains(r.bases, base) {
			continue
		}
		name := filepath.Join(r.dir, e.Name())
		switch err := r.fsys.Remove(name); {
		case err == nil:
			removed = true
		case errors.Is(err, fs.ErrNotExist):
			r.vanished = append(r.vanished, name)
		default:
			r.failed[base] = err
		}
	}
	return removed
}
