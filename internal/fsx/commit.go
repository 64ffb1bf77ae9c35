package fsx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// A Commit replaces several files at once, as far as filesystems allow that. It writes its files under
// temporary names next to their destinations. [Commit.Run] makes their bytes durable and then moves them into
// place, in the order in which they were created. The file that was created last is the commit point: it is
// moved when the others are durably in place, so that a reader who finds it also finds all files that it
// refers to. A crash before that leaves temporary files. A later commit of the same destinations removes
// them.
//
// A file that is replaced keeps a second name until the end, so that a commit that fails midway can be undone and restores the
// old files. This does not cover a crash of the machine.
//
// Two commits of one destination must not overlap: the one that began later removes the files of the other, which fails. [Shared]
// commits may overlap.
//
// [Objects] have no temporary names: each file gets its own name when Run, or Close, makes it durable. The file that was created
// last is the last one. Replaced objects are not restored.
type Commit struct {
	fsys   FS
	shared bool

	mu    sync.Mutex
	files []*commitFile
	dirs  []string            // directories of the destinations, in order of appearance
	stale map[string][]string // per directory, the leftovers in it
	done  bool
}

// Begin starts a commit. Every commit must end with [Commit.Run] or [Commit.Abort].
func Begin(fsys FS) *Commit { return &Commit{fsys: fsys, stale: make(map[string][]string)} }

// Shared starts a commit of files that others may replace at the same time: the last one to end wins. It does not touch the
// temporary files of others while their writers run.
func Shared(fsys FS) *Commit {
	c := Begin(fsys)
	c.shared = true
	return c
}

// A CommitError says at which file a commit failed, and which destinations are left changed: those that it had moved into place
// and could not restore.
type CommitError struct {
	Op   string // "sync", "close", "rename", "sync directory", …
	Path string // the destination
	Left []string
	Err  error
}

func (e *CommitError) Error() string {
	s := fmt.Sprintf("commit %s: %s: %v", e.Path, e.Op, e.Err)
	if len(e.Left) > 0 {
		s += "; already in place and not taken back: " + strings.Join(e.Left, ", ")
	}
	return s
}

func (e *CommitError) Unwrap() error { return e.Err }

var errDone = errors.New("the commit has ended")

// Create opens a new file that Run will move to final. It makes missing directories and removes leftovers of earlier commits of
// final. Closing the file early syncs it. Several goroutines may call Create at once.
func (c *Commit) Create(final string) (File, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done {
		return nil, &CommitError{Op: "create", Path: final, Err: errDone}
	}
	if slices.ContainsFunc(c.files, func(f *commitFile) bool { return f.final == final }) {
		return nil, &CommitError{Op: "create", Path: final, Err: fs.ErrExist}
	}
	if o, ok := c.fsys.(Objects); ok {
		f, err := o.Upload(final, AnyVersion)
		if err != nil {
			return nil, &CommitError{Op: "create", Path: final, Err: err}
		}
		file := &commitFile{File: f, final: final, whole: true}
		c.files = append(c.files, file)
		return file, nil
	}
	dir := filepath.Dir(final)
	if !slices.Contains(c.dirs, dir) {
		if err := MkdirAll(c.fsys, dir); err != nil {
			return nil, &CommitError{Op: "make directory", Path: final, Err: err}
		}
		c.dirs = append(c.dirs, dir)
		c.stale[dir], _ = leftovers(c.fsys, dir) // if this fails, they stay
	}
	for _, name := range c.stale[dir] {
		if of, _ := leftoverOf(name); of == filepath.Base(final) && (!c.shared || abandoned(c.fsys, dir, name)) {
			_ = c.fsys.Remove(filepath.Join(dir, name)) // if this fails, a later commit tries again
		}
	}
	temp := TempName(c.fsys, final)
	f, err := c.fsys.Create(temp)
	if err != nil {
		_ = c.fsys.Remove(temp) // on network filesystems the file may exist although Create failed
		return nil, &CommitError{Op: "create", Path: final, Err: err}
	}
	file := &commitFile{File: f, final: final, temp: temp}
	c.files = append(c.files, file)
	return file, nil
}

// Run makes the files durable and moves them into place. Until the first move, the end of ctx stops it. If Run fails it removes its
// files and restores the destinations, except those that the [CommitError] lists. A commit without files does nothing.
func (c *Commit) Run(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done {
		return errDone
	}
	c.done = true
	if err := c.run(ctx); err != nil {
		err.Left = c.takeBack()
		return err
	}
	for _, f := range c.files {
		if f.backup != "" {
			_ = c.fsys.Remove(f.backup) // everything is in place: a later commit removes leftovers
		}
	}
	return nil
}

func (c *Commit) run(ctx context.Context) *CommitError {
	for _, f := range c.files {
		if err := ctx.Err(); err != nil {
			return &CommitError{Op: "sync", Path: f.final, Err: err}
		}
		if err := f.Close(); err != nil {
			return &CommitError{Op: "sync", Path: f.final, Err: err}
		}
		f.moved = f.whole
	}
	if _, ok := c.fsys.(Objects); ok {
		return nil
	}
	if err := ctx.Err(); err != nil && len(c.files) > 0 {
		return &CommitError{Op: "rename", Path: c.files[0].final, Err: err}
	}
	for i, f := range c.files {
		if i > 0 && i == len(c.files)-1 {
			if err := c.syncDirs(f); err != nil {
				return err
			}
		}
		if err := c.keep(f); err != nil {
			return &CommitError{Op: "keep the old file", Path: f.final, Err: err}
		}
		written, _ := c.fsys.Stat(f.temp)
		if err := c.fsys.Rename(f.temp, f.final); err != nil {
			f.moved = c.wasMoved(f, written)
			return &CommitError{Op: "rename", Path: f.final, Err: err}
		}
		f.moved = true
	}
	if len(c.files) == 0 {
		return nil
	}
	return c.syncDirs(c.files[len(c.files)-1])
}

// wasMoved reports, after a failed rename, whether the rename took place and only the answer was lost. If the file is gone and
// another one is at its destination, a later commit has removed the file, and the destination belongs to that commit.
func (c *Commit) wasMoved(f *commitFile, written fs.FileInfo) bool {
	if _, err := c.fsys.Stat(f.temp); !errors.Is(err, fs.ErrNotExist) || written == nil {
		return false
	}
	there, err := c.fsys.Stat(f.final)
	return err == nil && (os.SameFile(written, there) || written.Size() == there.Size() && written.ModTime().Equal(there.ModTime()))
}

func (c *Commit) syncDirs(before *commitFile) *CommitError {
	for _, dir := range c.dirs {
		if err := c.fsys.SyncDir(dir); err != nil {
			return &CommitError{Op: "sync directory", Path: before.final, Err: err}
		}
	}
	return nil
}

// keep gives the file at f's destination a second name. It does nothing on filesystems without hard links.
func (c *Commit) keep(f *commitFile) error {
	backup := f.final + keepMark + strings.TrimPrefix(f.temp, f.final+tempMark)
	err := c.fsys.Link(f.final, backup)
	switch {
	case err == nil:
		f.backup = backup
	case errors.Is(err, fs.ErrNotExist):
		f.fresh = true
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, fs.ErrPermission):
	default:
		_ = c.fsys.Remove(backup)
		return err
	}
	return nil
}

// takeBack undoes a failed run, beginning with the commit point. It returns the destinations for which it
// failed.
func (c *Commit) takeBack() (left []string) {
	for _, f := range slices.Backward(c.files) {
		f.abandon()
		var err error
		switch {
		case f.whole && !f.moved: // closing it was enough
		case f.whole:
			err = errors.ErrUnsupported
		case !f.moved:
			_ = c.fsys.Remove(f.temp)
			if f.backup != "" {
				_ = c.fsys.Remove(f.backup)
			}
		case f.backup != "":
			err = c.fsys.Rename(f.backup, f.final)
		case f.fresh:
			err = c.fsys.Remove(f.final)
		default:
			err = errors.ErrUnsupported
		}
		if err != nil {
			left = append(left, f.final)
		}
	}
	for _, dir := range c.dirs {
		_ = c.fsys.SyncDir(dir) // the error that led here is the one to report
	}
	slices.Reverse(left)
	return left
}

// Abort removes the temporary files. After Run it does nothing, so it can be deferred.
func (c *Commit) Abort() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.done {
		c.done = true
		c.takeBack()
	}
}

// A commitFile is a File. Close syncs the file first, and closes it once.
type commitFile struct {
	File
	final, temp string
	backup      string // second name of the old file
	fresh       bool   // there was no file at final
	moved       bool
	whole       bool // a file of [Objects], which is in place once it is synced

	once sync.Once
	err  error
}

func (f *commitFile) Close() error {
	f.once.Do(func() { f.err = errors.Join(f.Sync(), f.File.Close()) })
	return f.err
}

// Abandon is the function Abandon of the file.
func (f *commitFile) Abandon(err error) { Abandon(f.File, err) }

// abandon closes a file without syncing, because nobody will read it.
func (f *commitFile) abandon() {
	f.once.Do(func() { f.err = f.File.Close() })
}
