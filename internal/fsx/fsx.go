// Package fsx is the small part of a filesystem that checkpoints need, so that they can be read from any fs.FS, and so that tests
// can make every single operation of a write fail, tear or wait.
package fsx

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// A ReadFS opens files for reading at any offset.
type ReadFS interface {
	// Open opens the file called name. The error satisfies errors.Is(err, fs.ErrNotExist) if there is none. Opening a directory is
	// an error.
	Open(name string) (Reader, error)
	Stat(name string) (fs.FileInfo, error)
	ReadDir(name string) ([]fs.DirEntry, error)
}

// A Reader is an open file. Several goroutines may read at once.
type Reader interface {
	io.ReaderAt
	io.Closer
	Size() int64 // size at the time of opening
}

// An FS can also write.
type FS interface {
	ReadFS
	Create(name string) (File, error) // makes a new file; fails if name exists
	Rename(from, to string) error     // replaces to if it exists
	Link(from, to string) error       // creates to if absent; otherwise the error satisfies fs.ErrExist
	Remove(name string) error
	MkdirAll(dir string) error
	SyncDir(dir string) error // makes the directory's entries durable
}

// A File is being written. Several goroutines may call WriteAt at once, for ranges that do not overlap.
type File interface {
	io.Writer
	io.WriterAt
	// Allocate sets the file's size to size bytes, with zeros for bytes that are not written, and reserves
	// the disk space, so that a full disk is noticed before the work begins. It does nothing if the system or
	// the filesystem does not support this.
	Allocate(size int64) error
	// StartSync asks the system to begin writing to the disk, so that Sync has less to wait for. Only Sync makes data durable.
	// StartSync may block while the disk is busy.
	StartSync()
	Truncate(size int64) error
	Sync() error
	Close() error
}

// Current reports whether name still refers to the file that r has open. r must have been opened under that name. If r cannot
// describe its file, Current returns true.
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

// SameFile reports whether a and b describe the same file, without a write in between. It compares what the system says if
// possible, and otherwise size and time. For [Objects] it compares versions.
func SameFile(a, b fs.FileInfo) bool {
	if v, ok := a.Sys().(Version); ok {
		return v == b.Sys()
	}
	if os.SameFile(a, a) && !os.SameFile(a, b) {
		return false
	}
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
