package prefix

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/state"
	"github.com/gockpt/ckpt/internal/fsx"
)

// stateFile returns the path of dir's state file.
func (p Place) stateFile(dir string) string { return filepath.Join(dir, p.StateFile) }

// State reads dir's state file. It is nil if there is none. The error satisfies errors.Is(err, [state.ErrSyntax]) if the file does
// not have the syntax of a state, for example because it was truncated.
func (p Place) State(dir string) (*state.State, error) {
	s, err := state.Read(p.FS, p.stateFile(dir))
	switch {
	case err == nil:
		return s, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR):
		return nil, nil
	case p.IgnoreDamaged && errors.Is(err, format.ErrCorrupt):
		p.Log.Warn("Checkpoint ignored: the state file is damaged", "file", p.stateFile(dir), "error", err)
		return nil, nil
	case errors.Is(err, state.ErrIncomplete):
		return nil, fmt.Errorf("ckpt: Invalid checkpoint state loaded from %s: %w", dir, err)
	}
	return nil, fmt.Errorf("ckpt: %w", err)
}

// StateOrNone is State for readers: a file that cannot be parsed is logged and ignored (get_checkpoint_state).
func (p Place) StateOrNone(dir string) (*state.State, error) {
	s, err := p.State(dir)
	if errors.Is(err, state.ErrSyntax) {
		p.Log.Warn("Checkpoint ignored: the state file cannot be parsed", "file", p.stateFile(dir), "error", err)
		return nil, nil
	}
	return s, err
}

// Damaged returns an error if dir's state file cannot be parsed or names nothing, although dir has checkpoints. A program that
// ignored it would start from the beginning, and its saves would overwrite the checkpoints from number 1.
func (p Place) Damaged(dir string) error {
	_, err := p.State(dir)
	if !errors.Is(err, format.ErrCorrupt) {
		return nil // other errors do not matter here
	}
	if there, failed := indexed(p.FS, dir); failed != nil {
		return fmt.Errorf("%w; the checkpoints beside it cannot be listed: %w", err, failed)
	} else if len(there) > 0 {
		return fmt.Errorf("%w; %s: restore one of them and write the state file again, or start from the beginning with the option IgnoreDamagedState", err, listed(p.FS, dir))
	}
	return nil
}

// Latest returns the path of the latest checkpoint that dir's state file names; "" if there is none, or its files are gone, which
// is logged. It returns an error if that cannot be determined.
func (p Place) Latest(dir string) (string, error) {
	s, err := p.StateOrNone(dir)
	if err != nil || s == nil {
		return "", err
	}
	prefix, err := p.Inside(dir, s.Latest)
	if err != nil {
		return "", err
	}
	there, err := Exists(p.FS, prefix)
	if err != nil {
		return "", err
	}
	if !there {
		p.Log.Error("Couldn't match files for checkpoint", "path", prefix, "file", p.stateFile(dir))
		return "", nil
	}
	return prefix, nil
}

// mustLatest is Latest for a directory with a state file: if the file does not lead to a checkpoint, it returns an error.
func (p Place) mustLatest(dir string) (string, error) {
	s, err := p.State(dir)
	if err != nil {
		return "", fmt.Errorf("%w; %s", err, p.choose(dir))
	}
	if s == nil {
		return "", fmt.Errorf("ckpt: %s is gone: %w", p.stateFile(dir), format.ErrNotFound)
	}
	prefix, err := p.Inside(dir, s.Latest)
	if err != nil {
		return "", err
	}
	there, err := Exists(p.FS, prefix)
	if err == nil && !there {
		err = p.Gone(dir, prefix)
	}
	return prefix, err
}

// Gone returns the error about a missing latest checkpoint in dir's state file.
func (p Place) Gone(dir, prefix string) error {
	return fmt.Errorf("ckpt: %s names %s as its latest checkpoint, which is missing: %s; %s: %w", p.stateFile(dir), prefix, why(p.FS, prefix), p.choose(dir), format.ErrNotFound)
}

// why describes the files of a prefix that is not a checkpoint.
func why(fsys fsx.ReadFS, prefix string) string {
	dir, base := filepath.Split(prefix)
	entries, _ := fsys.ReadDir(filepath.Clean(dir))
	for _, e := range entries {
		if of, ok := CutDataFile(e.Name()); ok && of == base {
			return fmt.Sprintf("%s exists, but its index %s.index does not", e.Name(), base)
		}
	}
	return fmt.Sprintf("there is no file %s.index", prefix)
}

// Inside converts a path in dir's state file to a path for the caller. It leads out of dir only if p.Elsewhere is set: files that
// come with a checkpoint must not choose which other files are read.
func (p Place) Inside(dir, named string) (string, error) {
	native, err := p.native(dir, named)
	if err != nil {
		return "", err
	}
	name, absolute := native, filepath.IsAbs(native)
	if absolute {
		name = filepath.Base(native) // "/" if there is nothing else
	} else if base, ok := foreignBase(native); ok {
		name = base
	}
	if !filepath.IsLocal(name) {
		return "", fmt.Errorf("ckpt: %s names %s, which leads out of the directory: open that path itself", p.stateFile(dir), named)
	}
	local := state.Join(dir, name)
	if name == native {
		return local, nil
	}
	if absolute {
		if abs, err := filepath.Abs(dir); err == nil && filepath.Dir(native) == abs {
			return local, nil
		}
		if p.Elsewhere {
			if there, err := Exists(p.FS, native); there || err != nil {
				return native, err
			}
		}
		// For a path outside, only its existence is checked, and an error of that check is ignored. Other directories are not
		// listed.
		outside, _ := IsFile(p.FS, native+".index")
		if !outside {
			outside, _ = IsFile(p.FS, native)
		}
		if outside {
			if there, err := Exists(p.FS, local); err != nil {
				return "", err
			} else if !there {
				return "", fmt.Errorf("ckpt: %s names %s, which is outside of the directory: open that path itself", p.stateFile(dir), named)
			}
		}
	}
	p.Log.Info("the state file names a checkpoint elsewhere; using the checkpoint of the same name beside the file", "file", p.stateFile(dir), "named", named, "taken", local)
	return local, nil
}

// native returns a path of dir's state file with this system's separators: a path with backslashes comes from Windows, unless
// a checkpoint has such a name.
func (p Place) native(dir, named string) (string, error) {
	if filepath.Separator == '\\' || !strings.Contains(named, `\`) {
		return named, nil
	}
	there, err := Exists(p.FS, state.Join(dir, named))
	if there || err != nil {
		return named, err
	}
	return strings.ReplaceAll(named, `\`, "/"), nil
}

// elsewhere matches the beginning of an absolute Windows path with a drive, and of a URL.
var elsewhere = regexp.MustCompile(`^(?:[A-Za-z]:/|[A-Za-z][A-Za-z0-9+.-]*://)`)

// foreignBase returns the base name of a path that is absolute on another system: C:/run/ckpt-2, gs://bucket/run/ckpt-2.
func foreignBase(name string) (string, bool) {
	slashed := filepath.ToSlash(name)
	if !elsewhere.MatchString(slashed) {
		return "", false
	}
	return path.Base(slashed), true
}

// CheckSave returns an error for a prefix that cannot be saved to, before anything is written: an empty path, and the path of its
// directory's state file.
func (p Place) CheckSave(prefix string) error {
	if prefix == "" {
		return errors.New("ckpt: save: the path is empty; give a prefix such as run/weights")
	}
	if base := filepath.Base(prefix); !utf8.ValidString(base) || filepath.Clean(base) == ".." {
		return fmt.Errorf("ckpt: save path %q: a state file cannot name %q: use another prefix", prefix, base)
	}
	if dir := filepath.Dir(prefix); filepath.Clean(prefix) == p.stateFile(dir) {
		return fmt.Errorf("ckpt: save path %s conflicts with path used for checkpoint state: use another prefix", prefix)
	}
	return nil
}

// Record makes prefix the latest checkpoint of its directory, and the only one that the state file lists.
func Record(ctx context.Context, fsys fsx.FS, stateFile, prefix string) error {
	dir, _ := filepath.Split(prefix)
	if err := state.Write(ctx, fsys, filepath.Join(dir, stateFile), stateOf(prefix)); err != nil {
		return fmt.Errorf("ckpt: %s is saved, but writing its name to the state file failed: %w", prefix, err)
	}
	return nil
}

// RecordNewer is Record unless the state file names a checkpoint of the same name with a larger number. If it already names
// prefix, only the remains of an interrupted write are removed. p reads where fsys writes.
func (p Place) RecordNewer(ctx context.Context, fsys fsx.FS, prefix string) error {
	dir, base := filepath.Split(prefix)
	if o, ok := fsx.WithContext(ctx, fsys).(fsx.Objects); ok {
		v, newer, err := p.newer(o, prefix)
		if err != nil || newer {
			return err
		}
		return (&Publication{p, v}).Record(ctx, fsys, prefix)
	}
	s, err := p.StateOrNone(filepath.Dir(prefix))
	if err == nil && s != nil {
		if base != "" && s.Latest == base && len(s.All) == 1 && s.All[0] == base {
			_, _ = fsx.Sweep(fsys, filepath.Dir(prefix), func(final string) bool { return final == p.StateFile })
			return fsys.SyncDir(filepath.Clean(dir))
		}
		if later(s, base) {
			return nil
		}
	}
	return Record(ctx, fsys, p.StateFile, prefix)
}
