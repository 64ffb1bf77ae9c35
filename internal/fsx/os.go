package fsx

import (
	"io/fs"
	"os"
	"syscall"
)

// OS is the machine's filesystem. Names are host paths; "" is not one.
type OS struct {
	// Perm are the permissions of new files, before the umask. 0 means 0o666, as in os.Create. Directories have the same
	// permissions, and can be entered by those who may read them.
	Perm fs.FileMode
}

func (o OS) perm() fs.FileMode {
	if o.Perm == 0 {
		return 0o666
	}
	return o.Perm
}

type osReader struct {
	*os.File
	size int64
}

func (r osReader) Size() int64 { return r.size }

// Open opens a regular file. It checks the file before opening, because opening a device can have effects, and again after
// opening, because the file may have been replaced. It does not wait for the other end of a pipe.
func (OS) Open(name string) (Reader, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if err := regular(name, info); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil {
		err = regular(name, info)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return osReader{f, info.Size()}, nil
}

func regular(name string, info fs.FileInfo) error {
	switch {
	case info.Mode().IsRegular():
		return nil
	case info.IsDir():
		return &fs.PathError{Op: "open", Path: name, Err: syscall.EISDIR}
	}
	return &fs.PathError{Op: "open", Path: name, Err: errNotRegular}
}

// Stat follows symbolic links, as os.Stat does.
func (OS) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// ReadDir returns the entries of a directory, sorted by name.
func (OS) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }

// Create makes a new file.
func (o OS) Create(name string) (File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, o.perm())
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

type osFile struct{ *os.File }

// Rename moves from to to, and replaces an existing file.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Link makes to a second name of the file from. If the filesystem does not support this, the error satisfies
// errors.ErrUnsupported or fs.ErrPermission.
func (OS) Link(from, to string) error { return osLink(from, to) }

// Remove removes a file or an empty directory.
func (OS) Remove(name string) error { return os.Remove(name) }

// MkdirAll makes dir and its missing parents. It does not sync them: the function [MkdirAll] does.
func (o OS) MkdirAll(dir string) error { return os.MkdirAll(dir, o.perm()|o.perm()>>2&0o111) }

// SyncDir makes dir's entries durable. It does nothing if the system or the filesystem does not support that.
func (OS) SyncDir(dir string) error { return osSyncDir(dir) }
