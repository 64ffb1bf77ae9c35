package ckpt

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"sync/atomic"

	"github.com/gockpt/ckpt/format/state"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/prefix"
	"github.com/gockpt/ckpt/internal/retain"
)

// A Manager numbers a Checkpoint's saves in a directory and deletes the old ones (tf.train.CheckpointManager). It keeps its list of
// checkpoints in the directory's state file, from which a later Manager, or TensorFlow's, continues.
//
// A Manager deletes only checkpoints that a Manager wrote, or that the state file lists with a time: the files <path>.index and
// <path>.data-?????-of-????? directly in the directory, and the remains of interrupted saves. A new Manager does not delete
// anything before its first save. Checkpoints that Checkpoint.Save wrote without a Manager do not have a time and stay.
//
// Only one Manager at a time may manage a directory. During a save the directory is locked, if the system supports that; a crash
// releases the lock. A save fails with an error that satisfies errors.Is(err, ErrInUse), before it writes anything, if another
// program has changed the state file. A new Manager can then continue from the current state. Any number of programs may use
// Latest, Iterator, or a Manager that only restores.
//
// A Manager, like its Checkpoint, belongs to one goroutine at a time.
type Manager struct {
	c    *Checkpoint
	dir  string
	opts options

	started *int64 // the step of the save in the background, if one is running

	files    *retain.Directory
	lastStep atomic.Pointer[int64] // of the last save; nil if not known. A save in the background ends in another goroutine
}

// NewManager returns a Manager that saves c in dir, which need not exist yet, and continues from dir's state file, if there
// is one. Without [KeepLast] all checkpoints are kept.
//
// Options: [KeepLast], [KeepEvery], [SaveInterval], [LastStep], [InitFunc], [CheckpointName], [IgnoreDamagedState], [Async],
// [FileMode], [StateFile], [AbsolutePaths], [In], [WithLogger], [WithProgress].
func NewManager(c *Checkpoint, dir string, opts ...ManagerOption) (*Manager, error) {
	o := c.opts
	o.manager = managerOptions{name: "ckpt"}
	o, err := with(o, opts)
	if err != nil {
		return nil, err
	}
	if err := o.manager.check(); err != nil {
		return nil, fmt.Errorf("ckpt: NewManager: %w", err)
	}
	m := &Manager{c: c, dir: dir, opts: o}
	m.lastStep.Store(o.manager.lastStep)
	if m.files, err = retain.Open(dir, o.writer, o.saved(context.Background())); err != nil {
		return nil, err
	}
	return m, nil
}

// Directory returns the directory as it was given to NewManager.
func (m *Manager) Directory() string { return m.dir }

// Checkpoint returns the Checkpoint that the Manager saves.
func (m *Manager) Checkpoint() *Checkpoint { return m.c }

// Interval returns the number of steps between saves, 0 if there is no [SaveInterval].
func (m *Manager) Interval() int64 {
	if m.opts.manager.interval == nil {
		return 0
	}
	return *m.opts.manager.interval
}

// Latest returns the path of the latest checkpoint, or "" if there is none. It is the last saved checkpoint, or the one that the
// state file named when the Manager was made. Its files may be gone (see Latest).
func (m *Manager) Latest() string { return m.files.Latest() }

// Checkpoints returns the paths of the checkpoints that the Manager may delete later, oldest first. It does not list those
// that are kept forever.
func (m *Manager) Checkpoints() []string { return m.files.Checkpoints() }

// Save saves the Checkpoint under the next number, records it as the latest, and then deletes the checkpoints
// that [KeepLast] and [KeepEvery] do not keep. It returns the path, or "" if the [SaveInterval] is not over.
//
// If Save fails, the previous checkpoint is intact and remains the latest. If an old checkpoint cannot be deleted, that is logged
// and not an error, and the next save tries again. If ctx ends before the new checkpoint is recorded, Save stops; afterwards it
// finishes deleting.
//
// Options: [Number], [Force], [Async], [MaxShardSize], [ShardBy], [ShardByTask], [Align], [OnWrite], [AllowEmpty], [FileMode],
// [IgnoreDamagedState], [StateFile], [In], [WithLogger], [WithProgress].
func (m *Manager) Save(ctx context.Context, opts ...ManagerSaveOption) (path string, err error) {
	o, err := with(m.opts, opts)
	if err != nil {
		return "", err
	}
	end, err := m.c.turns.Begin("Save")
	if err != nil {
		return "", err
	}
	defer end()
	if err := m.files.Damaged(); err != nil {
		return "", err
	}
	busy := m.c.busy()
	if !busy {
		if err := m.c.sync(ctx); err != nil {
			return "", err
		}
		m.started = nil
	}
	step, due := m.due(o.manager.force)
	if !due {
		return "", nil
	}
	if err := m.c.sync(ctx); err != nil {
		return "", err
	}
	o.writer = fsx.WithContext(ctx, o.writer)
	unlock, err := m.files.Lock(ctx)
	if err != nil {
		return "", err
	}
	o.begin, o.ended = m.files.Begin, unlock
	if _, ok := o.writer.(fsx.Objects); ok {
		m.c.savedIn = filepath.Clean(m.dir) // Begin looks for damage: an asynchronous save does not wait for that
	}
	path, err = m.c.saveCounted(ctx, o, m.path(o.manager.number), func(ctx context.Context, o options, path string) error {
		return m.saved(ctx, o.writer, path, step)
	})
	if err != nil || !o.async {
		unlock()
	}
	if err == nil && o.async {
		m.started = step
	}
	return path, err
}

// due reports whether it is time to save, and at which step it is (nil if steps do not matter).
func (m *Manager) due(force bool) (step *int64, ok bool) {
	if m.opts.manager.interval == nil {
		return nil, true
	}
	now, last := m.opts.manager.step(), m.lastStep.Load()
	if m.started != nil {
		last = m.started
	}
	switch {
	case last == nil:
	case now == *last:
		return nil, false
	case !force && now < *last+*m.opts.manager.interval:
		return nil, false
	}
	return &now, true
}

// path returns a function that returns the path of a checkpoint for its number.
func (m *Manager) path(number *int64) func(count int64) string {
	return func(count int64) string {
		if number != nil {
			count = *number
		}
		return state.Join(m.dir, m.opts.manager.name+"-"+strconv.FormatInt(count, 10))
	}
}

// saved records a checkpoint that was just written and deletes those that are not kept.
func (m *Manager) saved(ctx context.Context, to fsx.FS, path string, step *int64) error {
	if err := m.files.Saved(ctx, to, path, retain.Rules{Last: m.opts.manager.keepLast, Every: m.opts.manager.keepEvery}); err != nil {
		return err
	}
	if step != nil {
		m.lastStep.Store(step)
	}
	return nil
}

// RestoreOrInitialize restores the latest checkpoint and returns its path; if there is none it calls the [InitFunc], if there is
// one, and returns "". Values that the restore could not match are logged, as after [Checkpoint.Restore]; [Manager.Resume] returns
// them. It is an error if the files of the latest checkpoint are gone, or if the state file of a directory with checkpoints is
// damaged: see [IgnoreDamagedState].
func (m *Manager) RestoreOrInitialize(ctx context.Context) (path string, err error) {
	path, _, err = m.Resume(ctx)
	return path, err
}

// Resume is like RestoreOrInitialize, but also returns the status of the restore. The status's assertions and its report list the
// values that did not match. If there is no checkpoint, path is "" and the status is that of Restore(ctx, "").
func (m *Manager) Resume(ctx context.Context) (path string, status *Status, err error) {
	if path, status, err = m.resume(ctx); err == nil && path == "" {
		err = m.initialize(ctx)
	}
	return path, status, err
}

// resume restores the latest checkpoint.
func (m *Manager) resume(ctx context.Context) (path string, status *Status, err error) {
	end, err := m.c.turns.Begin("RestoreOrInitialize")
	if err != nil {
		return "", nil, err
	}
	defer end()
	if err := m.c.sync(ctx); err != nil {
		return "", nil, err
	}
	if err := m.files.Damaged(); err != nil {
		return "", nil, err
	}
	if path = m.Latest(); path == "" {
		return "", &Status{c: m.c}, nil
	}
	o := m.c.opts
	o.fsys = m.opts.writer // a Manager's checkpoints are in its directory, whatever WithFS says
	if status, err = m.c.restore(ctx, path, o, true); err != nil {
		if p := m.opts.saved(ctx); errors.Is(err, ErrNotFound) {
			if there, unknown := prefix.Exists(p.FS, path); unknown == nil && !there {
				err = p.Gone(m.dir, path)
			}
		}
		return "", nil, err
	}
	if m.opts.manager.interval != nil {
		step := m.opts.manager.step()
		m.lastStep.Store(&step)
	}
	return path, status, nil
}

// initialize calls the InitFunc, if there is one.
func (m *Manager) initialize(ctx context.Context) error {
	if m.opts.manager.init == nil {
		return nil
	}
	if err := m.opts.manager.init(ctx); err != nil {
		return fmt.Errorf("ckpt: initialize: %w", err)
	}
	m.opts.logger.Info("Customized initialization is done through the passed `init_fn`.")
	return nil
}

// Sync waits for the save in the background, if there is one, and its deletions, and returns its error.
func (m *Manager) Sync(ctx context.Context) error { return m.c.Sync(ctx) }

// busy reports whether a save is running in the background.
func (c *Checkpoint) busy() bool {
	if c.saving == nil {
		return false
	}
	select {
	case <-c.saving.done:
		return false
	default:
		return true
	}
}
