package ckpt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/gockpt/ckpt/format/savedv1"
	"github.com/gockpt/ckpt/format/state"
	"github.com/gockpt/ckpt/internal/fsx"
)

// stateFileName is the file that names a directory's latest checkpoint.
const stateFileName = "checkpoint"

// stateFileLimit bounds what is read of a state file: a hundred thousand long paths.
const stateFileLimit = 64 << 20

// Latest returns the path of the checkpoint that dir's `checkpoint` file names as its latest, "" and no error where there
// is none: no such file, one that cannot be parsed (which is logged), or one that names files that are gone.
// Paths in the file are taken relative to dir; an absolute one that is gone falls back to its base name in dir. A path
// that leads out of dir is an error.
func Latest(dir string, opts ...Option) (path string, err error) {
	o, err := defaultOptions().with(onOpen, opts)
	if err != nil {
		return "", err
	}
	return latestIn(dir, o)
}

func latestIn(dir string, o options) (string, error) {
	s, err := readState(dir, o)
	if err != nil || s == nil {
		return "", err
	}
	path, err := inside(dir, s.Latest, o)
	if err != nil {
		return "", err
	}
	if !checkpointExists(o.fsys, path) {
		o.logger.Error("Couldn't match files for checkpoint", "path", path)
		return "", nil
	}
	return path, nil
}

// readState reads dir's state file. It is nil where there is none or it cannot be parsed.
func readState(dir string, o options) (*state.State, error) {
	name := filepath.Join(dir, stateFileName)
	data, err := fsx.ReadFile(o.fsys, name, stateFileLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ckpt: %w", err)
	}
	s, err := state.Parse(data)
	if err != nil {
		o.logger.Warn("Checkpoint ignored: the state file cannot be parsed", "file", name, "error", err)
		return nil, nil
	}
	if s.Latest == "" {
		return nil, fmt.Errorf("ckpt: Invalid checkpoint state loaded from %s: %s names no model_checkpoint_path: %w", dir, name, ErrCorrupt)
	}
	return s, nil
}

// inside returns a path of dir's state file as a path of the caller's. It never leads out of dir: files that came with a
// checkpoint do not choose what else is read.
func inside(dir, path string, o options) (string, error) {
	if filepath.IsAbs(path) {
		local := filepath.Join(dir, filepath.Base(path))
		abs, err := filepath.Abs(dir)
		if err == nil && filepath.Dir(path) == abs || !checkpointExists(o.fsys, path) || checkpointExists(o.fsys, local) {
			return local, nil
		}
		return "", fmt.Errorf("ckpt: %s names %s, which is outside of the directory: open that path itself", filepath.Join(dir, stateFileName), path)
	}
	if !filepath.IsLocal(path) {
		return "", fmt.Errorf("ckpt: %s names %s, which leads out of the directory: open that path itself", filepath.Join(dir, stateFileName), path)
	}
	if dir == "" {
		return path, nil
	}
	return strings.TrimSuffix(dir, string(filepath.Separator)) + string(filepath.Separator) + path, nil
}

// checkpointExists reports whether a prefix has an index, or is a file of the V1 format.
func checkpointExists(fsys fsx.ReadFS, prefix string) bool {
	return exists(fsys, prefix+".index") || savedv1.Exists(fsys, prefix)
}

// recordLatest makes path the latest checkpoint of its directory, and the only one that the state file lists.
func recordLatest(ctx context.Context, fsys fsx.FS, path string) error {
	dir, base := filepath.Split(path)
	name := filepath.Join(dir, stateFileName)
	if path == name || base == stateFileName {
		return fmt.Errorf("ckpt: save path %s conflicts with path used for checkpoint state: use another prefix", path)
	}
	s := state.State{Latest: base, All: []string{base}}
	if err := fsx.WriteFile(ctx, fsys, name, s.Append(nil)); err != nil {
		return fmt.Errorf("ckpt: %s is saved, but the state file could not name it: %w", path, err)
	}
	return nil
}
