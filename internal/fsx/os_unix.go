//go:build !windows

package fsx

import (
	"errors"
	"os"
	"syscall"
)

// nonBlocking makes opening a pipe return at once; it does nothing to a regular file.
const nonBlocking = syscall.O_NONBLOCK

func osLink(from, to string) error { return os.Link(from, to) }

func osSyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // filesystems that cannot sync a directory, several of FUSE and the network among them
	}
	return errors.Join(err, d.Close())
}
