package prefix

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gockpt/ckpt/format/state"
	"github.com/gockpt/ckpt/internal/fsx"
)

// A Publication makes a checkpoint the latest of its directory when its save is complete. It begins before the save. So if saves
// overlap in an object store, the older one never replaces the newer one.
type Publication struct {
	p      Place
	before fsx.Version // of the state file, when the save began or an earlier one of the same program was published
}

// Publish begins a publication in dir. p reads where fsys writes.
func (p Place) Publish(fsys fsx.FS, dir string) (*Publication, error) {
	pub := &Publication{p: p}
	if o, ok := fsys.(fsx.Objects); ok {
		var err error
		if pub.before, err = o.Version(p.stateFile(dir)); err != nil {
			return nil, fmt.Errorf("ckpt: %w", err)
		}
	}
	return pub, nil
}

// Record makes prefix the latest checkpoint of its directory in fsys, and the only one that the state file lists, unless a checkpoint of the same
// name with a larger number has been published since the publication began. The next save may be published with pub, too.
func (pub *Publication) Record(ctx context.Context, fsys fsx.FS, prefix string) error {
	o, ok := fsx.WithContext(ctx, fsys).(fsx.Objects)
	if !ok {
		return Record(ctx, fsys, pub.p.StateFile, prefix)
	}
	dir := filepath.Dir(prefix)
	file, text := pub.p.stateFile(dir), stateOf(prefix).Append(nil)
	p := pub.p
	p.FS = o
	for {
		v, err := o.Swap(file, pub.before, text)
		if errors.Is(err, fsx.ErrConflict) {
			var newer bool
			if pub.before, newer, err = p.newer(o, prefix); err == nil && !newer {
				continue
			}
		}
		if err != nil {
			return fmt.Errorf("ckpt: %s is saved, but writing its name to the state file failed: %w", prefix, err)
		}
		if v != "" {
			pub.before = v
		}
		return nil
	}
}

// newer reports whether the state file of prefix's directory names a checkpoint of the same name with a larger number, which is logged, and
// returns the file's version.
func (p Place) newer(o fsx.Objects, prefix string) (v fsx.Version, newer bool, err error) {
	dir, base := filepath.Split(prefix)
	if v, err = o.Version(p.stateFile(dir)); err != nil {
		return "", false, err
	}
	s, err := p.StateOrNone(filepath.Clean(dir))
	if err != nil || s == nil {
		return v, false, err
	}
	if newer = later(s, base); newer {
		p.Log.Info("a newer checkpoint is the latest already", "saved", prefix, "latest", s.Latest)
	}
	return v, newer, nil
}

// later reports whether s names a checkpoint with the same name as base and a larger number.
func later(s *state.State, base string) bool {
	name, n, numbered := CutNumber(base)
	other, m, ok := CutNumber(filepath.Base(s.Latest))
	return ok && numbered && other == name && m > n
}

// stateOf returns the state that names only prefix.
func stateOf(prefix string) *state.State {
	base := filepath.Base(prefix)
	if _, file := filepath.Split(prefix); file == "" {
		base = "./" // joined with the directory and ".index" it finds the file; TensorFlow's "." does not
	}
	return &state.State{Latest: base, All: []string{base}}
}
