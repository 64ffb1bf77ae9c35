package fsx

import (
	"errors"
	"fmt"
	"io"
)

// ErrLocked is in the error of a directory that somebody else has locked.
var ErrLocked = errors.New("another save into the directory is under way")

// A Locker is an FS with directories that can be locked, between processes and within one. A lock is advice: it keeps out
// only those who ask for it.
type Locker interface {
	// Lock locks dir until the result is closed or the process ends, however it ends. It does not wait: where dir is
	// locked the error satisfies errors.Is(err, [ErrLocked]), where the filesystem has no locks
	// errors.Is(err, errors.ErrUnsupported).
	Lock(dir string) (io.Closer, error)
}

// Lock locks a directory of the machine's filesystem.
func (OS) Lock(dir string) (io.Closer, error) {
	c, err := osLock(dir)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return c, nil
}

// Lock locks dir if fsys is a [Locker] and its filesystem supports locks. Otherwise it does nothing.
func Lock(fsys FS, dir string) (io.Closer, error) {
	l, ok := fsys.(Locker)
	if !ok {
		return noLock{}, nil
	}
	c, err := l.Lock(dir)
	if errors.Is(err, errors.ErrUnsupported) {
		return noLock{}, nil
	}
	return c, err
}

type noLock struct{}

func (noLock) Close() error { return nil }
