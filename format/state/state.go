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

// DefaultName is the file's name unless a program chooses another.
const DefaultName = "checkpoint"

// maxSize is larger than any real state file: a hundred thousand long paths.
const maxSize = 64 << 20

// Sentinel errors about a file's contents, for errors.Is, in addition to [format.ErrCorrupt].
var (
	// ErrSyntax is wrapped by the error about a file that is not the text of a state. TensorFlow logs a
	// warning and continues without the file.
	ErrSyntax = errors.New("not a checkpoint state")
	// ErrIncomplete is wrapped by the error about a state that does not name a latest checkpoint. TensorFlow
	// raises an error.
	ErrIncomplete = errors.New("invalid checkpoint state: it names no latest checkpoint")
)

// A State is the contents of the file. Paths are checkpoint prefixes: file names without ".index" and the like.
type State struct {
	Latest        string    // model_checkpoint_path
	All           []string  // all_model_checkpoint_paths: those that a manager may delete; the last is the latest
	Timestamps    []float64 // when each of All was written, in seconds since 1970; empty if unknown
	LastPreserved float64   // when the last checkpoint that is kept forever was written; 0 if unknown
}

// ReadFile is Read for a file of the operating system.
func ReadFile(name string) (*State, error) { return Read(fsx.OS{}, name) }

// ReadFS is [Read] for a file in fsys.
func ReadFS(fsys fs.FS, name string) (*State, error) { return Read(fsx.FromFS(fsys), name) }

// Read returns the contents of the state file called name in a filesystem of this module. If the file does not exist, the error
// satisfies errors.Is(err, fs.ErrNotExist). Other errors are those of Parse.
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

// WriteFile is Write for a file of the operating system.
func WriteFile(ctx context.Context, name string, s *State) error {
	return Write(ctx, fsx.OS{}, name, s)
}

// Write replaces the state file called name in a filesystem of this module with s, atomically and durably. Paths are written
// unchanged. It is an error if the file itself is the state's latest checkpoint (update_checkpoint_state).
func Write(ctx context.Context, fsys fsx.FS, name string, s *State) error {
	if s.Latest == name {
		return fmt.Errorf("%s: the checkpoint has the path of the state file: save it under another name, or keep the state in another file", name)
	}
	return fsx.WriteFile(ctx, fsys, name, s.Append(nil))
}

// Stored returns s with its paths as the state file in the directory dir has them, and adds the latest checkpoint to All if it is
// not the last there (generate_checkpoint_state_proto). It is an error if there are timestamps, but not one for each of All.
//
// If dir is relative, relative paths in s are relative to the working directory and become relative to dir. If dir is
// absolute, they are already relative to dir. Absolute paths become relative to dir if relative is set, as in TensorFlow's
// Checkpoint.save and CheckpointManager. Otherwise they stay absolute.
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
	return filepath.ToSlash(rel) // so that another system can read the path
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

// Join returns path if it is absolute, and otherwise path joined to dir without cleaning it.
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
