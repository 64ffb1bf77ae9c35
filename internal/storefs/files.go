package storefs

import (
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/store"
)

// files is a filesystem in the place of a Store. It has no objects: only [Of] may be called with it.
type files struct {
	store.Store
	fsys fsx.FS
}

// Files returns a Store for which [Of] returns fsys. Tests pass it to the library, with a filesystem of which single operations
// fail, tear or wait.
func Files(fsys fsx.FS) store.Store { return files{fsys: fsys} }

// Of returns the filesystem that is to be used for s.
func Of(s store.Store) fsx.FS {
	if f, ok := s.(files); ok {
		return f.fsys
	}
	return New(s)
}
