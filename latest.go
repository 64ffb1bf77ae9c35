package ckpt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/gockpt/ckpt/format/savedv1"
	"github.com/gockpt/ckpt/format/state"
	"github.com/gockpt/ckpt/internal/fsx"
)

// StateFile makes a call use the state file called name, in the directory of the checkpoints, instead of one called
// "checkpoint" (latest_filename).
func StateFile(name string) Option {
	return Option{"StateFile", onNew | onWrite | onLoad | onOpen | onManager | onWatch | onSaver | onAssign, func(o *options) { o.stateFile = name }}
}

// AbsolutePaths lets a state file name checkpoints outside of its directory, by absolute paths: those of a Saver that was given such
// a prefix, in a directory that has been moved or with a state file kept elsewhere. Without it they are errors, since the
// file may have come with the checkpoint. Relative paths never lead out. What a [Manager] deletes is in its directory all the same.
func AbsolutePaths() Option {
	return Option{"AbsolutePaths", onNew | onLoad | onOpen | onManager | onWatch | onAssign, func(o *options) { o.elsewhere = true }}
}

// Latest returns the path of the checkpoint that dir's `checkpoint` file names as its latest, "" and no error where there
// is none: no such file, one that cannot be parsed (which is logged), or one that names files that are gone (logged
// too: an older one is not taken for the latest). Paths in the file are taken relative to dir; an absolute one that is
// gone falls back to its base name in dir. A path that leads out of dir is an error unless [AbsolutePaths] allows it, and so is
// a file that names no latest. Options: [StateFile], [AbsolutePaths], [WithFS], [WithLogger].
func Latest(dir string, opts ...Option) (path string, err error) {
	o, err := defaultOptions().with(onOpen, opts)
	if err != nil {
		return "", err
	}
	return latestIn(dir, o)
}

func latestIn(dir string, o options) (string, error) {
	s, err := readState(o.fsys, dir, o)
	if err != nil || s == nil {
		return "", err
	}
	path, err := inside(o.fsys, dir, s.Latest, o)
	if err != nil {
		return "", err
	}
	if !checkpointExists(o.fsys, path) {
		o.logger.Error("Couldn't match files for checkpoint", "path", path, "file", stateFileIn(dir, o))
		return "", nil
	}
	return path, nil
}

// stateFileIn returns the path of dir's state file.
func stateFileIn(dir string, o options) string { return filepath.Join(dir, o.stateFile) }

// readState reads dir's state file. It is nil where there is none or it cannot be parsed (get_checkpoint_state).
func readState(fsys fsx.ReadFS, dir string, o options) (*state.State, error) {
	s, err := state.Read(fsys, stateFileIn(dir, o))
	switch {
	case err == nil:
		return s, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR):
		return nil, nil
	case errors.Is(err, state.ErrSyntax):
		o.logger.Warn("Checkpoint ignored: the state file cannot be parsed", "file", stateFileIn(dir, o), "error", err)
		return nil, nil
	case errors.Is(err, state.ErrIncomplete):
		return nil, fmt.Errorf("ckpt: Invalid checkpoint state loaded from %s: %w", dir, err)
	}
	return nil, fmt.Errorf("ckpt: %w", err)
}

// inside returns a path of dir's state file as a path of the caller's. It never leads out of dir: files that came with a
// checkpoint do not choose what else is read.
func inside(fsys fsx.ReadFS, dir, path string, o options) (string, error) {
	name := path
	if filepath.IsAbs(path) {
		name = filepath.Base(path) // which is "/" itself where there is no more
	}
	if !filepath.IsLocal(name) {
		return "", fmt.Errorf("ckpt: %s names %s, which leads out of the directory: open that path itself", stateFileIn(dir, o), path)
	}
	local := state.Join(dir, name)
	if name == path {
		return local, nil
	}
	if abs, err := filepath.Abs(dir); err == nil && filepath.Dir(path) == abs {
		return local, nil
	}
	if o.elsewhere && checkpointExists(fsys, path) {
		return path, nil
	}
	// Of what is not to be opened no more is asked than whether it is there: no directory elsewhere is listed.
	if (exists(fsys, path+".index") || exists(fsys, path)) && !checkpointExists(fsys, local) {
		return "", fmt.Errorf("ckpt: %s names %s, which is outside of the directory: open that path itself", stateFileIn(dir, o), path)
	}
	o.logger.Info("the state file names a checkpoint elsewhere; taking that of the same name beside the file", "file", stateFileIn(dir, o), "named", path, "taken", local)
	return local, nil
}

// checkpointExists reports whether a prefix has an index, or is a file of the V1 format.
func checkpointExists(fsys fsx.ReadFS, prefix string) bool {
	return exists(fsys, prefix+".index") || savedv1.Exists(fsys, prefix)
}

// checkSavePath refuses a path that the state file of its directory has, before anything is written.
func checkSavePath(path string, o options) error {
	if dir := filepath.Dir(path); filepath.Clean(path) == stateFileIn(dir, o) {
		return fmt.Errorf("ckpt: save path %s conflicts with path used for checkpoint state: use another prefix", path)
	}
	return nil
}

// recordLatest makes path the latest checkpoint of its directory, and the only one that the state file lists.
func recordLatest(ctx context.Context, o options, path string) error {
	dir, base := filepath.Split(path)
	if base == "" {
		base = "./" // what is joined with dir and ".index" finds the file; TensorFlow's own "." does not
	}
	s := &state.State{Latest: base, All: []string{base}}
	if err := state.Write(ctx, o.writer, stateFileIn(dir, o), s); err != nil {
		return fmt.Errorf("ckpt: %s is saved, but the state file could not name it: %w", path, err)
	}
	return nil
}

// recordNewer is recordLatest unless the state file names a checkpoint of the same name with a larger number. Where it names
// path already it is left alone, but for what a crash has left of its writing.
func recordNewer(ctx context.Context, o options, path string) error {
	dir, base := filepath.Split(path)
	s, err := readState(o.writer, filepath.Dir(path), o)
	if err == nil && s != nil {
		if base != "" && s.Latest == base && len(s.All) == 1 && s.All[0] == base {
			_, _ = fsx.Sweep(o.writer, filepath.Dir(path), func(final string) bool { return final == o.stateFile })
			return o.writer.SyncDir(filepath.Clean(dir))
		}
		name, n, numbered := cutNumber(base)
		if other, m, ok := cutNumber(filepath.Base(s.Latest)); ok && numbered && other == name && m > n {
			return nil
		}
	}
	return recordLatest(ctx, o, path)
}

// cutNumber cuts the number of a save from the end of a checkpoint's name.
func cutNumber(base string) (name string, n int64, ok bool) {
	at := strings.LastIndexByte(base, '-')
	if at < 0 {
		return base, 0, false
	}
	n, err := strconv.ParseInt(base[at+1:], 10, 64)
	return base[:at], n, err == nil
}
