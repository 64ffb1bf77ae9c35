package retain

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/gockpt/ckpt/format/state"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/prefix"
)

// ErrInUse is in the error of a save into a directory that another program uses.
var ErrInUse = errors.New("the directory is in use")

// A Directory is a directory of checkpoints with the state file that lists them. Only one program at a time may save into it.
// Several goroutines may call its methods.
type Directory struct {
	path  string
	fsys  fsx.FS
	place prefix.Place // where fsys writes

	mu      sync.Mutex
	latest  string // "" if there is none
	list    *List
	seen    []string    // the possible contents of the state file, if no other program has written it
	version fsx.Version // of the state file in an object store
	damaged error
}

// Open returns the directory called path, which need not exist, as its state file describes it (CheckpointManager.__init__).
func Open(path string, fsys fsx.FS, place prefix.Place) (*Directory, error) {
	d := &Directory{path: path, fsys: fsys, place: place}
	now := Seconds(time.Now())
	p := d.placed(context.Background())
	s, err := p.StateOrNone(path)
	if err != nil {
		return nil, err
	}
	if s == nil {
		d.damaged = p.Damaged(path)
		d.list = &List{LastPreserved: now - 1} // so that the next save falls into the first period
		return d, nil
	}
	d.seen = []string{s.String()}
	if d.latest, err = p.Inside(path, s.Latest); err != nil {
		return nil, err
	}
	d.list = d.listed(s, now)
	return d, nil
}

// listed returns the checkpoints in a state file that may be deleted.
func (d *Directory) listed(s *state.State, now float64) *List {
	l := &List{LastPreserved: s.LastPreserved}
	if !(l.LastPreserved <= now) { // in the future, or not a number
		d.place.Log.Warn(fmt.Sprintf("time.time() returned a value %f seconds behind the last preserved checkpoint timestamp.", l.LastPreserved-now), "file", d.stateFile())
		l.LastPreserved = now
	}
	at := make(map[string]int) // of l.Active
	for i, path := range s.All[:min(len(s.All), len(s.Timestamps))] {
		written := min(s.Timestamps[i], now)
		if !(written > l.LastPreserved) { // also true if one of them is NaN
			continue
		}
		base, ok := d.own(path)
		if !ok {
			d.place.Log.Warn("A checkpoint that the state file lists is not in its directory and will not be deleted", "file", d.stateFile(), "path", path)
			continue
		}
		if i, known := at[base]; known {
			l.Active[i].Written = written
			continue
		}
		at[base] = len(l.Active)
		l.Active = append(l.Active, Checkpoint{base, written})
	}
	return l
}

// own returns the name of a checkpoint that the state file lists, if it is directly in the directory. A subdirectory could be a
// link to anywhere.
func (d *Directory) own(path string) (base string, ok bool) {
	if filepath.IsAbs(path) {
		if abs, err := filepath.Abs(d.path); err != nil || filepath.Dir(path) != abs {
			return "", false
		}
		path = filepath.Base(path)
	}
	path = filepath.Clean(path)
	return path, filepath.IsLocal(path) && filepath.Base(path) == path && path != "."
}

// Damaged returns an error if the state file cannot be parsed although the directory has checkpoints.
func (d *Directory) Damaged() error { return d.damaged }

// Latest returns the path of the latest checkpoint, "" if there is none.
func (d *Directory) Latest() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.latest
}

// Checkpoints returns the paths of those that may be deleted later, oldest first.
func (d *Directory) Checkpoints() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	paths := d.list.Names()
	for i, base := range paths {
		paths[i] = state.Join(d.path, base)
	}
	return paths
}

// Lock blocks other saves into the directory until the returned function is called. The error satisfies errors.Is(err, [ErrInUse])
// if another program holds the lock or has written the state file. A store has no locks; there Begin checks the state file.
func (d *Directory) Lock(ctx context.Context) (unlock func(), err error) {
	if _, ok := d.fsys.(fsx.Objects); ok {
		return func() {}, nil
	}
	// A save that will be refused does not get in the way of others.
	if err := d.unchanged(ctx); err != nil {
		return nil, err
	}
	dir := d.path
	if dir == "" {
		dir = "."
	}
	if err := fsx.MkdirAll(d.fsys, dir); err != nil {
		return nil, fmt.Errorf("ckpt: save into %s: %w", dir, err)
	}
	l, err := fsx.Lock(d.fsys, dir)
	if errors.Is(err, fsx.ErrLocked) {
		err = fmt.Errorf("%w: %w", ErrInUse, err)
	}
	if err != nil {
		return nil, fmt.Errorf("ckpt: save into %s: %w", dir, err)
	}
	unlock = sync.OnceFunc(func() { _ = l.Close() }) // a directory was locked: nothing is lost
	if err := d.unchanged(ctx); err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

// Call Begin before the first file of a save is written. In an object store, which has no locks, the error satisfies
// errors.Is(err, [ErrInUse]) if another program has written the state file. If one writes it later, Saved returns an error. A
// damaged state file is also an error.
func (d *Directory) Begin(ctx context.Context) error {
	if _, ok := d.fsys.(fsx.Objects); !ok {
		return nil // Lock has looked
	}
	if err := d.unchanged(ctx); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.seen) > 0 {
		return nil
	}
	return d.placed(ctx).Damaged(d.path)
}

// Saved makes path, which was just written, the latest checkpoint, and deletes checkpoints that the rules do not keep
// (_record_and_sweep_state). The state file is written before anything is deleted, so that its latest always exists.
func (d *Directory) Saved(ctx context.Context, to fsx.FS, path string, r Rules) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.list.Add(filepath.Base(path), Seconds(time.Now()))
	if err := d.record(ctx, to, path, l); err != nil {
		return fmt.Errorf("%s is saved, but is not the latest yet: %w", path, err)
	}
	d.latest, d.list = path, l
	l.Retire(r)
	ctx = context.WithoutCancel(ctx)
	l.Sweep(func(names []string) map[string]error { return d.remove(fsx.WithContext(ctx, to), names) })
	if err := d.record(ctx, to, path, l); err != nil {
		d.place.Log.Warn("The state file still lists checkpoints that are deleted; the next save writes it again", "error", err)
	}
	return nil
}

func (d *Directory) remove(from fsx.FS, names []string) (failed map[string]error) {
	vanished, failed := prefix.RemoveFiles(from, d.path, names)
	for _, name := range vanished {
		d.place.Log.Warn("A file of an old checkpoint was already deleted; does another program delete files in the directory?", "file", name)
	}
	for _, name := range names {
		if failed[name] != nil {
			d.place.Log.Warn("An old checkpoint could not be deleted; the next save tries again", "checkpoint", state.Join(d.path, name), "error", failed[name])
		}
	}
	return failed
}

// record writes the latest checkpoint and the list into the state file (_record_state).
func (d *Directory) record(ctx context.Context, to fsx.FS, latest string, l *List) error {
	s := &state.State{Latest: latest, LastPreserved: l.LastPreserved}
	for _, c := range slices.Concat(l.Doomed, l.Active) {
		s.All, s.Timestamps = append(s.All, state.Join(d.path, c.Name)), append(s.Timestamps, c.Written)
	}
	stored, err := s.Stored(d.path, true)
	if err != nil {
		return fmt.Errorf("ckpt: %w", err)
	}
	// After a failed write the file has either these contents or the earlier ones.
	d.seen = append(d.seen, stored.String())
	to = fsx.WithContext(ctx, to)
	if o, ok := to.(fsx.Objects); ok {
		var v fsx.Version
		if v, err = o.Swap(d.stateFile(), d.version, stored.Append(nil)); err == nil {
			d.version = v
		}
		if errors.Is(err, fsx.ErrConflict) {
			err = fmt.Errorf("%w: %w", ErrInUse, err)
		}
	} else {
		err = state.Write(ctx, to, d.stateFile(), stored)
	}
	if err != nil {
		return fmt.Errorf("ckpt: the state file could not be written: %w", err)
	}
	d.seen = []string{stored.String()}
	return nil
}

// unchanged returns an error if the state file exists and differs from its last contents that this Directory knows.
func (d *Directory) unchanged(ctx context.Context) (err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.placed(ctx)
	if o, ok := p.FS.(fsx.Objects); ok {
		if d.version, err = o.Version(d.stateFile()); err != nil {
			return fmt.Errorf("ckpt: %w", err)
		}
	}
	s, err := p.StateOrNone(d.path)
	switch {
	case err != nil:
		return err
	case s == nil:
		d.seen = nil
		return nil
	case slices.Contains(d.seen, s.String()):
		d.seen = []string{s.String()}
		return nil
	}
	return fmt.Errorf("ckpt: %s names %q, which this Manager did not save: another program, another Manager or Checkpoint.Save has written there since: %w",
		d.stateFile(), s.Latest, ErrInUse)
}

func (d *Directory) stateFile() string { return filepath.Join(d.path, d.place.StateFile) }

// placed returns the place for one call.
func (d *Directory) placed(ctx context.Context) prefix.Place {
	p := d.place
	p.FS = fsx.WithContext(ctx, d.fsys)
	return p
}
