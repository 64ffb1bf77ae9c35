package ckpt

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/gockpt/ckpt/format/state"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/prefix"
)

// A timed is a checkpoint that a [Saver] wrote.
type timed struct {
	path    string
	written time.Time
}

// Checkpoints returns the paths of those that the Saver may yet delete, oldest first: none where there is no [KeepLast]
// (last_checkpoints).
func (s *Saver) Checkpoints() []string {
	paths := make([]string, len(s.last))
	for i, t := range s.last {
		paths[i] = t.path
	}
	return paths
}

// Recover makes checkpoints that an earlier program saved, oldest first, those that the Saver may delete, as old as
// their files are; those that are gone are left out (recover_last_checkpoints). Without it a new Saver deletes only what it
// wrote itself.
func (s *Saver) Recover(paths ...string) {
	s.last = nil
	for _, path := range paths {
		if t, err := prefix.ModTime(s.opts.writer, path); err == nil {
			s.last = append(s.last, timed{path, t})
		}
	}
}

// record names path in the state file as the latest and then deletes what is one too many (_RecordLastCheckpoint,
// _MaybeDeleteOldCheckpoints).
func (s *Saver) record(ctx context.Context, path string, o options) error {
	last, old := s.last, []timed(nil)
	if keep := o.manager.keepLast; keep != nil && *keep > 0 {
		last = slices.DeleteFunc(slices.Clone(last), func(t timed) bool { return t.path == path })
		last = append(last, timed{path, time.Now()})
		if extra := len(last) - *keep; extra > 0 {
			old, last = last[:extra], last[extra:]
		}
	}
	dir := filepath.Dir(path)
	list := &state.State{Latest: path}
	for _, t := range last {
		list.All = append(list.All, t.path)
	}
	_, inStore := o.writer.(fsx.Objects) // which has no absolute paths
	stored, err := list.Stored(dir, o.saver.relative || inStore)
	if err == nil {
		err = state.Write(ctx, o.writer, filepath.Join(dir, o.stateFile), stored)
	}
	if err != nil {
		return fmt.Errorf("ckpt: %s is saved, but the state file could not name it: %w", path, err)
	}
	s.last = last
	for _, t := range old {
		if every := o.manager.keepEvery; every != nil && t.written.After(s.nextKeep) {
			s.nextKeep = s.nextKeep.Add(*every)
			continue
		}
		if err := prefix.Remove(o.writer, t.path); err != nil {
			o.logger.Warn("An old checkpoint could not be deleted", "checkpoint", t.path, "error", err)
		}
	}
	return nil
}
