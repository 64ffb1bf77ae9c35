//go:build !windows

package fsx

import (
	"errors"
	"os"
	"syscall"
)

// nonBlocking makes opening a pipe return at once. It does not affect regular files.
const nonBlocking = syscall.O_NONBLOCK

func osLink(from, to string) error { return os.Link(from, to) }

func osSyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // filesystems that cannot sync a directory, such as several FUSE and network filesystems
	}
	return errors.Join(err, d.Close())
}
