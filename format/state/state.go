package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
)

// DefaultName is what the file is called unless a program says otherwise.
const DefaultName = "checkpoint"

// maxSize is the size of a state file that nobody has any more: a hundred thousand long paths.
const maxSize = 64 << 20

// Sentinel errors about a file's contents, for errors.Is, beside [format.ErrCorrupt].
var (
	// ErrSyntax: it is not the text of a state at all. TensorFlow logs a warning and goes on as if there were no file.
	ErrSyntax = errors.New("not a checkpoint state")
	// ErrIncomplete: it names no latest checkpoint. TensorFlow raises an error.
	ErrIncomplete = errors.New("invalid checkpoint state: it names no latest checkpoint")
)

// A State is the contents of the file. Paths are checkpoint prefixes: file names without ".index" and the like.
type State struct {
	Latest        string    // model_checkpoint_path
	All           []string  // all_model_checkpoint_paths: those that a manager may delete, and last the latest
	Timestamps    []float64 // when each of All was written, in seconds since 1970; empty where that was not kept
	LastPreserved float64   // when the last that is kept for good was written; 0 where that was not kept
}

// ReadFile is [Read] for a file of the machine.
func ReadFile(name string) (*State, error) { return Read(fsx.OS{}, name) }

// ReadFS is [Read] for a file in fsys.
func ReadFS(fsys fs.FS, name string) (*State, error) { return Read(fsx.FromFS(fsys), name) }

// Read returns what the state file called name holds. Where there is none the error satisfies
// errors.Is(err, fs.ErrNotExist); for what is wrong with its contents see [Parse].
func Read(fsys fsx.ReadFS, name string) (*State, error) {
	text, err := fsx.ReadFile(fsys, name, maxSize)
	if err != nil {
		return nil, err
	}
	s, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

// WriteFile is [Write] for a file of the machine.
func WriteFile(ctx context.Context, name string, s *State) error {
	return Write(ctx, fsx.OS{}, name, s)
}

// Write replaces the state file called name with s, whose paths are as the file is to have them, at once and
// durably. A state whose latest checkpoint is the file itself is refused (update_checkpoint_state).
func Write(ctx context.Context, fsys fsx.FS, name string, s *State) error {
	if s.Latest == name {
		return fmt.Errorf("%s: the checkpoint has the path of the state file: save it under another name, or keep the state in another file", name)
	}
	return fsx.WriteFile(ctx, fsys, name, s.Append(nil))
}

// Stored returns s with its paths as the state file in the directory dir has them, with the latest added to All
// where it is not the last of them (generate_checkpoint_state_proto). The error says where there are timestamps,
// but not one for each of All.
//
// Relative paths in s are relative to the working directory, as dir is if it is relative; they become relative to
// dir. Absolute paths become so too if relative is set, which is what Checkpoint.save and CheckpointManager do; else
// they stay. Where dir is absolute, relative paths are taken to be relative to it already.
func (s *State) Stored(dir string, relative bool) (*State, error) {
	stored := &State{
		Latest:        storedPath(dir, s.Latest, relative),
		Timestamps:    slices.Clone(s.Timestamps),
		LastPreserved: s.LastPreserved,
	}
	all := s.All
	if len(all) == 0 || all[len(all)-1] != s.Latest {
		all = append(slices.Clone(all), s.Latest)
	}
	if n := len(s.Timestamps); n > 0 && n != len(all) {
		return nil, fmt.Errorf("checkpoint state: %d timestamps for %d checkpoints: %v for %q", n, len(all), s.Timestamps, all)
	}
	for _, p := range all {
		stored.All = append(stored.All, storedPath(dir, p, relative))
	}
	return stored, nil
}

func storedPath(dir, path string, relative bool) string {
	if filepath.IsAbs(path) {
		if !relative {
			return path
		}
	} else if filepath.IsAbs(dir) {
		return path
	}
	rel, err := filepath.Rel(dir, path)
	if err != nil { // one of them is absolute, or dir starts with ..: then it takes the working directory
		if rel, err = relAbs(dir, path); err != nil {
			return path // another volume: there is no relative path to it
		}
	}
	return filepath.ToSlash(rel) // what one system stores another can read
}

func relAbs(dir, path string) (string, error) {
	absDir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	absPath, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.Rel(absDir, absPath)
}

// In returns s with its relative paths joined to dir, the directory that its file was found in
// (get_checkpoint_state). They are not cleaned: "./ckpt-1" in "train" is "train/./ckpt-1".
func (s *State) In(dir string) *State {
	joined := &State{
		Latest:        Join(dir, s.Latest),
		Timestamps:    slices.Clone(s.Timestamps),
		LastPreserved: s.LastPreserved,
	}
	for _, p := range s.All {
		joined.All = append(joined.All, Join(dir, p))
	}
	return joined
}

// Join returns path as it is seen from where dir is, without cleaning it; an absolute path is itself.
func Join(dir, path string) string {
	if dir == "" || filepath.IsAbs(path) {
		return path
	}
	if last := dir[len(dir)-1]; last != '/' && last != filepath.Separator {
		dir += string(filepath.Separator)
	}
	return dir + path
}

func corrupt(kind error, why string, args ...any) error {
	if why == "" {
		return fmt.Errorf("%w (%w)", kind, format.ErrCorrupt)
	}
	return fmt.Errorf("%w: %s (%w)", kind, fmt.Sprintf(why, args...), format.ErrCorrupt)
}
