package storefs

import (
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/store"
)

// files is a filesystem disguised as a Store. It has no objects: only [Of] may use it.
type files struct {
	store.Store
	fsys fsx.FS
}

// Files returns a Store for which [Of] returns fsys. Tests pass it to the library with a filesystem that makes single operations
// fail, tear or wait.
func Files(fsys fsx.FS) store.Store { return files{fsys: fsys} }

// Of returns the filesystem for s.
func Of(s store.Store) fsx.FS {
	if f, ok := s.(files); ok {
		return f.fsys
	}
	return New(s)
}
