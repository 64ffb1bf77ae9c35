//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package fsx

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// osLock locks the directory itself, so that there is no lock file that anybody could find, copy or leave behind.
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
		// NFS locks only what is open for writing, which no directory can be; others have no locks at all.
		return nil, fmt.Errorf("%w (%w)", err, errors.ErrUnsupported)
	}
	return nil, err
}

// A dirLock is an open directory that is locked.
type dirLock struct{ d *os.File }

// Close gives the lock up and not only this process's hold on it: a child that another goroutine is starting has the open
// directory too until it runs its own program.
func (l dirLock) Close() error {
	return errors.Join(syscall.Flock(int(l.d.Fd()), syscall.LOCK_UN), l.d.Close())
}
