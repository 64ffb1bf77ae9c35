// Package fsx is the small part of a filesystem that checkpoints need, so that reading works from any fs.FS,
// and so that tests can fail, tear or delay every single operation of a write.
package fsx

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// A ReadFS opens files for reading at any offset.
type ReadFS interface {
	// Open opens the file called name; the error satisfies errors.Is(err, fs.ErrNotExist) if there is none.
	// Opening a directory is an error.
	Open(name string) (Reader, error)
	Stat(name string) (fs.FileInfo, error)
	ReadDir(name string) ([]fs.DirEntry, error)
}

// A Reader is an open file. Several goroutines may read at once.
type Reader interface {
	io.ReaderAt
	io.Closer
	Size() int64 // when it was opened
}

// An FS can write too.
type FS interface {
	ReadFS
	Create(name string) (File, error) // a new file: an error where name exists
	Rename(from, to string) error     // replaces to where it exists
	Link(from, to string) error       // create only if absent: satisfies fs.ErrExist where to exists
	Remove(name string) error
	MkdirAll(dir string) error
	SyncDir(dir string) error // makes the directory's entries durable
}

// A File is being written. Several goroutines may WriteAt at once, at places that do not overlap.
type File interface {
	io.Writer
	io.WriterAt
	// Allocate makes the file size bytes long, zeros where nothing is written, and takes the room for them on the disk
	// now, so that a full disk is known before the work begins. Where the system or the filesystem has no such thing it does
	// nothing.
	Allocate(size int64) error
	// StartSync lets the system begin to make durable what was written, so that Sync, which alone does that, has less to wait
	// for. It may wait while the disk is busy.
	StartSync()
	Truncate(size int64) error
	Sync() error
	Close() error
}

// Current reports whether name still is the file that r, which was opened under that name, has open. Where r cannot be
// asked what it has, it is taken to be.
func Current(fsys ReadFS, name string, r Reader) (bool, error) {
	s, ok := r.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return true, nil
	}
	opened, err := s.Stat()
	if err != nil {
		return false, err
	}
	there, err := fsys.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && SameFile(opened, there), err
}

// SameFile reports whether a and b describe one file that was not written to between: by what the system says where it does,
// and by size and time. Of [Objects] the versions decide.
func SameFile(a, b fs.FileInfo) bool {
	if v, ok := a.Sys().(Version); ok {
		return v == b.Sys()
	}
	if os.SameFile(a, a) && !os.SameFile(a, b) {
		return false
	}
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
