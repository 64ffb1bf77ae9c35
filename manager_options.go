package ckpt

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// KeepLast makes a [Manager] or [Saver] delete its oldest checkpoints until n are left (max_to_keep). Without it all are kept.
func KeepLast(n int) RetentionOption {
	return option(func(o *options) { o.manager.keepLast = &n })
}

// KeepEvery makes a Manager or Saver keep forever some of the checkpoints that KeepLast would delete: each that was written
// d or more after the last one kept in this way (keep_checkpoint_every_n_hours). They are no longer listed.
func KeepEvery(d time.Duration) RetentionOption {
	return option(func(o *options) { o.manager.keepEvery = &d })
}

// SaveInterval makes [Manager.Save] do nothing unless step, the program's own count, has grown by n since the last
// save (checkpoint_interval, step_counter).
func SaveInterval(n int64, step func() int64) ManagerOption {
	return option(func(o *options) { o.manager.interval, o.manager.step = &n, step })
}

// LastStep tells a Manager with a SaveInterval the step of the last save of an earlier Manager (last_checkpoint_step).
func LastStep(n int64) ManagerOption {
	return option(func(o *options) { o.manager.lastStep = &n })
}

// InitFunc makes Manager.RestoreOrInitialize call f if there is no checkpoint to restore (init_fn).
func InitFunc(f func(ctx context.Context) error) ManagerOption {
	return option(func(o *options) { o.manager.init = f })
}

// CheckpointName makes a [Manager] call its checkpoints name-1, name-2, … instead of ckpt-1, … (checkpoint_name).
func CheckpointName(name string) ManagerOption {
	return option(func(o *options) { o.manager.name = name })
}

// Number gives the checkpoint of one Manager.Save the number n instead of the save counter. The counter is still incremented
// (checkpoint_number).
func Number(n int64) ManagerSaveOption {
	return option(func(o *options) { o.manager.number = &n })
}

// Force makes one [Manager.Save] save before the [SaveInterval] is over, unless it saved at this very step (check_interval=False).
func Force() ManagerSaveOption {
	return option(func(o *options) { o.manager.force = true })
}

// check returns an error if the options of a Manager are wrong.
func (m *managerOptions) check() error {
	switch {
	case m.keepLast != nil && *m.keepLast <= 0:
		return fmt.Errorf("KeepLast(%d): expected a positive number; leave it out to keep all", *m.keepLast)
	case m.keepEvery != nil && *m.keepEvery <= 0:
		return fmt.Errorf("KeepEvery(%v): expected a positive duration", *m.keepEvery)
	case m.interval != nil && *m.interval <= 0:
		return fmt.Errorf("SaveInterval(%d): expected a positive number of steps", *m.interval)
	case m.interval != nil && m.step == nil:
		return errors.New("SaveInterval: expected a function that returns the step, got nil")
	case m.lastStep != nil && m.interval == nil:
		return errors.New("LastStep needs SaveInterval")
	case m.name == "" || filepath.Base(m.name) != m.name:
		return fmt.Errorf("CheckpointName(%q): expected a file name, not a path", m.name)
	}
	return nil
}
