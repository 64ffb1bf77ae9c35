//go:build linux && !arm

package fsx

import "syscall"

// startWrite is SYNC_FILE_RANGE_WRITE, which package syscall leaves out.
const startWrite = 2

// StartSync implements [File]. What fails, or is not supported, is left to Sync.
func (f osFile) StartSync() { _ = syscall.SyncFileRange(int(f.Fd()), 0, 0, startWrite) }
