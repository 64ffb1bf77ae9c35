package ckpt

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gockpt/ckpt/format/savedv1"
	"github.com/gockpt/ckpt/internal/fsx"
)

// Exists reports whether there is a checkpoint called prefix: an index, or a file of the V1 format
// (checkpoint_exists).
func Exists(prefix string) bool { return checkpointExists(fsx.OS{}, prefix) }

// ModTime returns when the checkpoint called prefix was completed, the time of its index or of its V1 file
// (get_checkpoint_mtimes). The error satisfies errors.Is(err, [ErrNotFound]) where there is none.
func ModTime(prefix string) (time.Time, error) {
	for _, name := range []string{prefix + ".index", prefix} {
		info, err := fsx.OS{}.Stat(name)
		switch {
		case err == nil && !info.IsDir():
			return info.ModTime(), nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return time.Time{}, fmt.Errorf("ckpt: %w", err)
		}
	}
	return time.Time{}, fmt.Errorf("ckpt: %s: %w", prefix, ErrNotFound)
}

// Remove deletes the files of the checkpoint called prefix: its index, its data files, what an interrupted save left of
// them, and the .meta file that TensorFlow 1 wrote beside them (remove_checkpoint). That there are none is no error. It
// does not look into the state file: a [Manager] forgets what it deletes, Remove does not. A checkpoint of the V1 format is
// refused, since its file is called prefix itself and might be anything.
func Remove(prefix string) error {
	fsys := fsx.OS{}
	if prefix == "" {
		return errors.New("ckpt: remove: the path is empty")
	}
	if !exists(fsys, prefix+".index") && savedv1.Exists(fsys, prefix) {
		return fmt.Errorf("ckpt: remove %s: it is no checkpoint of the V2 format; if it is one of the V1 format remove that file itself", prefix)
	}
	return removeWithMeta(fsys, prefix)
}

// removeWithMeta deletes the files of a checkpoint and the .meta file beside them.
func removeWithMeta(fsys fsx.FS, prefix string) error {
	dir, base := filepath.Split(prefix)
	_, failed := removeFiles(fsys, dir, []string{base})
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

// shardSuffix is how the names of a Saver's shards end, which have one .meta file together (meta_graph_filename).
var shardSuffix = regexp.MustCompile(`-[\d?]+-of-\d+$`)

// checkpointFile returns the checkpoint to which a file belongs by its name.
func checkpointFile(name string) (base string, index, ok bool) {
	if base, ok = strings.CutSuffix(name, ".index"); ok {
		return base, true, true
	}
	if at := dataFileName.FindStringIndex(name); at != nil {
		return name[:at[0]], false, true
	}
	return "", false, false
}

// removeFiles deletes, durably, the files that the checkpoints called bases have in dir, and what interrupted saves of them
// left. The indexes go first, so that no crash leaves one whose data is gone. It returns the files that somebody else
// deleted meanwhile, and per base why it could not be removed.
func removeFiles(fsys fsx.FS, dir string, bases []string) (vanished []string, failed map[string]error) {
	if dir == "" {
		dir = "."
	}
	failed = make(map[string]error)
	failAll := func(err error) {
		for _, b := range bases {
			failed[b] = errors.Join(failed[b], err)
		}
	}
	entries, err := fsys.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, failed
	}
	if err != nil {
		failAll(err)
		return nil, failed
	}
	remove := func(indexes bool) (removed bool) {
		for _, e := range entries {
			base, index, ok := checkpointFile(e.Name())
			if !ok || index != indexes || e.IsDir() || failed[base] != nil || !slices.Contains(bases, base) {
				continue
			}
			name := filepath.Join(dir, e.Name())
			switch err := fsys.Remove(name); {
			case err == nil:
				removed = true
			case errors.Is(err, fs.ErrNotExist):
				vanished = append(vanished, name)
			default:
				failed[base] = err
			}
		}
		return removed
	}
	sync := func(err error) bool {
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			err = fsys.SyncDir(dir)
		}
		if err != nil {
			failAll(err)
		}
		return err == nil
	}
	if remove(true) && !sync(nil) {
		return vanished, failed
	}
	removed := remove(false)
	swept, err := fsx.Sweep(fsys, dir, func(final string) bool {
		base, _, ok := checkpointFile(final)
		return ok && slices.Contains(bases, base)
	})
	if removed || len(swept) > 0 || err != nil {
		sync(err)
	}
	return vanished, failed
}
