//go:build !linux || arm

package fsx

// StartSync implements [File]: here it is all left to Sync.
func (osFile) StartSync() {}
