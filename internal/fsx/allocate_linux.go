package fsx

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Allocate implements [File].
func (f osFile) Allocate(size int64) error {
	if size == 0 {
		return nil // fallocate rejects it
	}
	err := f.allocate(size)
	if err == nil || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission) { // sandboxes forbid it; writing reports other errors
		return nil
	}
	return &os.PathError{Op: "allocate", Path: f.Name(), Err: err}
}

func (f osFile) allocate(size int64) error {
	// A filesystem in memory has no contiguous blocks to reserve, and allocating pages beforehand takes a tenth of a save's time.
	var on syscall.Statfs_t
	if syscall.Fstatfs(int(f.Fd()), &on) == nil && int64(on.Type) == tmpfsMagic {
		if on.Blocks > 0 && uint64(size)/uint64(on.Bsize) > on.Bavail { // without blocks it has no limit
			return syscall.ENOSPC
		}
		return nil
	}
	for {
		if err := syscall.Fallocate(int(f.Fd()), 0, 0, size); err != syscall.EINTR { // signals, including the runtime's
			return err
		}
	}
}

// tmpfsMagic is TMPFS_MAGIC of linux/magic.h.
const tmpfsMagic = 0x01021994
