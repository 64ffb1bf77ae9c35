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
		return nil // fallocate refuses it
	}
	err := f.allocate(size)
	if err == nil || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission) { // of sandboxes: a write will say
		return nil
	}
	return &os.PathError{Op: "allocate", Path: f.Name(), Err: err}
}

func (f osFile) allocate(size int64) error {
	// In memory there are no blocks to lay out side by side, and making the pages beforehand costs a tenth of a save.
	var on syscall.Statfs_t
	if syscall.Fstatfs(int(f.Fd()), &on) == nil && int64(on.Type) == tmpfsMagic {
		if on.Blocks > 0 && uint64(size)/uint64(on.Bsize) > on.Bavail { // without blocks it has no limit
			return syscall.ENOSPC
		}
		return nil
	}
	for {
		if err := syscall.Fallocate(int(f.Fd()), 0, 0, size); err != syscall.EINTR { // the runtime's own signals among others
			return err
		}
	}
}

// tmpfsMagic is TMPFS_MAGIC of linux/magic.h.
const tmpfsMagic = 0x01021994
