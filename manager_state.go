package ckpt

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/gockpt/ckpt/format/state"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/prefix"
)

// managed is what a [Manager] knows of its directory, and what the state file says of it.
type managed struct {
	latest string // "" where there is none
	active []aged // oldest first
	doomed []aged // should be deleted already, and could not be
	// lastPreserved is when the last checkpoint that is kept for good was written: only younger ones may be deleted.
	lastPreserved float64
}

// An aged is a checkpoint that may be deleted.
type aged struct {
	base    string  // its name in the directory
	written float64 // in seconds since 1970
}

// unixSeconds returns t as Python's time.time does, in seconds since 1970.
func unixSeconds(t time.Time) float64 { return float64(t.Unix()) + float64(t.Nanosecond())/1e9 }

// stateFile returns the path of the state file.
func (m *Manager) stateFile() string { return filepath.Join(m.dir, m.opts.stateFile) }

// load returns what the directory's state file lets a Manager know (CheckpointManager.__init__).
func (m *Manager) load() (managed, error) {
	now := unixSeconds(time.Now())
	p := m.opts.saved(context.Background())
	s, err := p.StateOrNone(m.dir)
	if err != nil {
		return managed{}, err
	}
	if s == nil {
		m.damaged = p.Damaged(m.dir)
		// A second ago, so that what a Manager saves right after another is younger.
		return managed{lastPreserved: now - 1}, nil
	}
	m.seen = []string{s.String()}
	k := managed{lastPreserved: s.LastPreserved}
	if k.latest, err = p.Inside(m.dir, s.Latest); err != nil {
		return managed{}, err
	}
	if !(k.lastPreserved <= now) { // in the future, or no number
		m.opts.logger.Warn(fmt.Sprintf("time.time() returned a value %f seconds behind the last preserved checkpoint timestamp.", k.lastPreserved-now), "file", m.stateFile())
		k.lastPreserved = now
	}
	at := make(map[string]int) // of active
	for i, path := range s.All[:min(len(s.All), len(s.Timestamps))] {
		written := min(s.Timestamps[i], now)
		if !(written > k.lastPreserved) { // nor is it where one of them is no number
			continue
		}
		base, ok := m.own(path)
		if !ok {
			m.opts.logger.Warn("A checkpoint that the state file lists is not in its directory and will not be deleted", "file", m.stateFile(), "path", path)
			continue
		}
		if i, listed := at[base]; listed {
			k.active[i].written = written
			continue
		}
		at[base] = len(k.active)
		k.active = append(k.active, aged{base, written})
	}
	return k, nil
}

// own returns the name of a checkpoint that the state file lists, where it is one in the Manager's directory itself: in
// nothing below it either, since that could be a link to anywhere.
func (m *Manager) own(path string) (base string, ok bool) {
	if filepath.IsAbs(path) {
		if abs, err := filepath.Abs(m.dir); err != nil || filepath.Dir(path) != abs {
			return "", false
		}
		path = filepath.Base(path)
	}
	path = filepath.Clean(path)
	return path, filepath.IsLocal(path) && filepath.Base(path) == path && path != "."
}

// unchanged returns an error where the state file is neither what the Manager has last seen of it nor gone.
func (m *Manager) unchanged(ctx context.Context) (err error) {
	p := m.opts.saved(ctx)
	if o, ok := p.FS.(fsx.Objects); ok {
		if m.version, err = o.Version(m.stateFile()); err != nil {
			return fmt.Errorf("ckpt: %w", err)
		}
	}
	s, err := p.StateOrNone(m.dir)
	switch {
	case err != nil:
		return err
	case s == nil:
		m.seen = nil
		return nil
	case slices.Contains(m.seen, s.String()):
		m.seen = []string{s.String()}
		return nil
	}
	return fmt.Errorf("ckpt: %s names %q, which this Manager did not save: another program, another Manager or Checkpoint.Save has written there since: %w",
		m.stateFile(), s.Latest, ErrInUse)
}

// record writes what k says into the state file (_record_state).
func (m *Manager) record(ctx context.Context, to fsx.FS, k *managed) error {
	s := &state.State{Latest: k.latest, LastPreserved: k.lastPreserved}
	for _, a := range slices.Concat(k.doomed, k.active) {
		s.All, s.Timestamps = append(s.All, state.Join(m.dir, a.base)), append(s.Timestamps, a.written)
	}
	stored, err := s.Stored(m.dir, true)
	if err != nil {
		return fmt.Errorf("ckpt: %w", err)
	}
	// Where the writing fails it is not known whether the file holds this or what it held.
	m.seen = append(m.seen, stored.String())
	if o, ok := to.(fsx.Objects); ok {
		var v fsx.Version
		if v, err = o.Swap(m.stateFile(), m.version, stored.Append(nil)); err == nil {
			m.version = v
		}
		if errors.Is(err, fsx.ErrConflict) {
			err = fmt.Errorf("%w: %w", ErrInUse, err)
		}
	} else {
		err = state.Write(ctx, to, m.stateFile(), stored)
	}
	if err != nil {
		return fmt.Errorf("ckpt: the state file could not be written: %w", err)
	}
	m.seen = []string{stored.String()}
	return nil
}

// add makes path, which was just written, the latest checkpoint.
func (k *managed) add(base, path string, now time.Time) *managed {
	other := func(all []aged) []aged {
		return slices.DeleteFunc(slices.Clone(all), func(a aged) bool { return a.base == base })
	}
	return &managed{
		latest:        path,
		active:        append(other(k.active), aged{base, unixSeconds(now)}),
		doomed:        other(k.doomed),
		lastPreserved: k.lastPreserved,
	}
}

// retire moves what is more than keepLast out of the active ones: to those that are to be deleted, or, where it is young
// enough by keepEvery, to those that nobody touches any more (_sweep).
func (k *managed) retire(keepLast *int, keepEvery *time.Duration) {
	if keepLast == nil {
		return
	}
	for len(k.active) > *keepLast {
		oldest := k.active[0]
		k.active = k.active[1:]
		if keepEvery != nil && oldest.written-keepEvery.Seconds() >= k.lastPreserved {
			k.lastPreserved = oldest.written
			continue
		}
		k.doomed = append(k.doomed, oldest)
	}
}

// sweep deletes what is to be deleted. What cannot be deleted stays listed, for the next time.
func (m *Manager) sweep(from fsx.FS, k *managed) {
	if len(k.doomed) == 0 {
		return
	}
	bases := make([]string, len(k.doomed))
	for i, a := range k.doomed {
		bases[i] = a.base
	}
	vanished, failed := prefix.RemoveFiles(from, m.dir, bases)
	for _, name := range vanished {
		m.opts.logger.Warn("A file of an old checkpoint was gone already when it was to be deleted; is somebody else deleting there?", "file", name)
	}
	k.doomed = slices.DeleteFunc(k.doomed, func(a aged) bool {
		if failed[a.base] != nil {
			m.opts.logger.Warn("An old checkpoint could not be deleted; the next save tries again", "checkpoint", state.Join(m.dir, a.base), "error", failed[a.base])
		}
		return failed[a.base] == nil
	})
}

// paths returns the paths of the active ones.
func (m *Manager) paths() []string {
	paths := make([]string, len(m.known.active))
	for i, a := range m.known.active {
		paths[i] = state.Join(m.dir, a.base)
	}
	return paths
}
