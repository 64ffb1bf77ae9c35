//go:build !linux

package fsx

// Allocate implements [File].
func (osFile) Allocate(int64) error { return nil }
