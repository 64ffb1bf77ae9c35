//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package fsx

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// osLock locks the directory itself, so that there is no lock file to find, copy or leave behind.
func osLock(dir string) (io.Closer, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err == nil {
		return dirLock{d}, nil
	}
	d.Close()
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil, ErrLocked
	case errors.Is(err, syscall.EBADF), errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOLCK):
		// NFS locks only files that are open for writing, and a directory cannot be. Other filesystems have no locks at all.
		return nil, fmt.Errorf("%w (%w)", err, errors.ErrUnsupported)
	}
	return nil, err
}

// A dirLock is an open, locked directory.
type dirLock struct{ d *os.File }

// Close releases the lock itself, and not only this process's descriptor: a child process that another goroutine is starting
// shares the descriptor until it runs its own program.
func (l dirLock) Close() error {
	return errors.Join(syscall.Flock(int(l.d.Fd()), syscall.LOCK_UN), l.d.Close())
}
