package fsx

import (
	"errors"
	"fmt"
	"io"
)

// ErrLocked is wrapped by the error if another process or goroutine has locked the directory.
var ErrLocked = errors.New("another save into the directory is under way")

// A Locker is an FS with directories that can be locked, between processes and within a process. Locks are advisory: they keep
// out only callers of Lock.
type Locker interface {
	// Lock locks dir until the result is closed or the process ends in any way. It does not wait: if dir is locked, the error
	// satisfies errors.Is(err, [ErrLocked]). If the filesystem does not support locks, it satisfies
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
