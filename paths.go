package ckpt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gockpt/ckpt/format/savedv1"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/prefix"
)

// StateFile makes a call use the state file called name, in the directory of the checkpoints, instead of one called
// "checkpoint" (latest_filename).
func StateFile(name string) StateFileOption {
	return option(func(o *options) { o.stateFile = name })
}

// AbsolutePaths lets a state file name checkpoints outside of its directory by absolute paths. A Saver with an absolute
// prefix writes such paths; they matter if the directory has been moved or the state file is kept elsewhere. Without this
// option they are an error, because the file may come from someone else, with the checkpoint. Relative paths are never
// allowed to lead out of the directory. A [Manager] never deletes outside of its directory.
func AbsolutePaths() LookupOption {
	return option(func(o *options) { o.elsewhere = true })
}

// IgnoreDamagedState lets a program start from the beginning in a directory with a damaged state file, for example one that was
// truncated when a disk was full. Without it, if the directory has checkpoints, [Manager.RestoreOrInitialize] and the saves of a
// Checkpoint or Manager return an error: saves would begin at number 1 and overwrite checkpoints, as in TensorFlow.
func IgnoreDamagedState() SavingOption {
	return option(func(o *options) { o.ignoreDamaged = true })
}

// Latest returns the path of the checkpoint that dir's `checkpoint` file names as its latest. It returns "" and no error if there is
// no such file, if it cannot be parsed (which is logged), or if it names missing files (also logged; Latest never returns an
// older checkpoint instead). Paths in the file are relative to dir. If an absolute path does not exist, because it belongs
// to another system for example, Latest tries its base name in dir. A path outside of dir is an error unless AbsolutePaths
// allows it. A file that does not name a latest checkpoint is an error too.
//
// Options: [StateFile], [AbsolutePaths], [In], [WithFS], [WithLogger].
func Latest(dir string, opts ...OpenOption) (path string, err error) {
	o, err := with(defaultOptions(), opts)
	if err != nil {
		return "", err
	}
	return o.place(context.Background()).Latest(dir)
}

// Exists reports whether there is a checkpoint with the prefix path on this machine: an index, or a file of the V1 format
// (checkpoint_exists). Files that cannot be examined count as absent. ModTime returns the reason, and also works with a store.
func Exists(path string) bool {
	ok, err := prefix.Exists(fsx.OS{}, path)
	return ok && err == nil
}

// ModTime returns when the checkpoint with the prefix path was completed: the time of its index or V1 file (get_checkpoint_mtimes).
// The error satisfies errors.Is(err, ErrNotFound) if there is no such checkpoint. Other errors are those of the disk or store.
// Options: [In], [WithFS].
func ModTime(path string, opts ...OpenOption) (time.Time, error) {
	o, err := with(defaultOptions(), opts)
	if err != nil {
		return time.Time{}, err
	}
	return prefix.ModTime(o.fsys, path)
}

// Remove deletes the files of the checkpoint called prefix: its index, its data files, the remains of interrupted saves, and the
// .meta file that TensorFlow 1 wrote next to them (remove_checkpoint). It is not an error if there are none. Remove does not
// update the state file; a Manager does when it deletes. Checkpoints of the V1 format are an error, because such a file has the
// name prefix itself and might be any file. Options: [In].
func Remove(path string, opts ...AnyOption) error {
	if path == "" {
		return errors.New("ckpt: remove: the path is empty")
	}
	o, err := with(defaultOptions(), opts)
	if err != nil {
		return err
	}
	fsys := o.writer
	index, err := prefix.IsFile(fsys, path+".index")
	if err != nil {
		return err
	}
	v1, err := savedv1.Exists(fsys, path)
	if err != nil && !index {
		return fmt.Errorf("ckpt: remove %s: %w", path, err)
	}
	if v1 && !index {
		return fmt.Errorf("ckpt: remove %s: it is not a checkpoint of the V2 format; if it is in the V1 format, remove the file itself", path)
	}
	return prefix.Remove(fsys, path)
}
