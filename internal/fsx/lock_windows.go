package fsx

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// lockName is a file that exists only while its directory is locked: Windows cannot lock directories.
const lockName = ".checkpoint.lock"

const (
	fileFlagDeleteOnClose = 0x04000000
	errSharingViolation   = syscall.Errno(32)
)

// osLock opens a file exclusively. The file is deleted when it is closed.
func osLock(dir string) (io.Closer, error) {
	name := filepath.Join(dir, lockName)
	p, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(p, syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL|fileFlagDeleteOnClose, 0)
	if errors.Is(err, errSharingViolation) {
		return nil, ErrLocked
	}
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(h), name), nil
}
