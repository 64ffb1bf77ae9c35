//go:build !linux || arm

package fsx

// StartSync implements [File]. It does nothing: Sync does all the work.
func (osFile) StartSync() {}
