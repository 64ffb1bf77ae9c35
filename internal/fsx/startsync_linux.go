//go:build linux && !arm

package fsx

import "syscall"

// startWrite is SYNC_FILE_RANGE_WRITE, which package syscall does not define.
const startWrite = 2

// StartSync implements [File]. It ignores errors: Sync reports them.
func (f osFile) StartSync() { _ = syscall.SyncFileRange(int(f.Fd()), 0, 0, startWrite) }
