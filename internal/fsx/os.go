package fsx

import (
	"io/fs"
	"os"
	"syscall"
)

// OS is the machine's filesystem. Names are host paths; "" is not one.
type OS struct {
	// Perm are the permissions of new files, less those that the umask takes: 0o666 where it is 0, as os.Create has it.
	// Directories have the same, and whoever may read them may enter.
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

// Open opens a regular file. It looks before it opens, since opening a device may do something, and again after, since
// the file may be another by then. It does not wait for the other end of a pipe.
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

// Stat follows links, as os.Stat does.
func (OS) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// ReadDir returns the entries of a directory in the order of their names.
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

// Rename moves from to to, replacing a file that is there.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Link makes to a second name of the file from. Where the filesystem has no such thing the error satisfies
// errors.ErrUnsupported or fs.ErrPermission.
func (OS) Link(from, to string) error { return osLink(from, to) }

// Remove removes a file or an empty directory.
func (OS) Remove(name string) error { return os.Remove(name) }

// MkdirAll makes dir and what is missing above it. It does not sync them: [MkdirAll] does.
func (o OS) MkdirAll(dir string) error { return os.MkdirAll(dir, o.perm()|o.perm()>>2&0o111) }

// SyncDir makes dir's entries durable. Where the system or the filesystem has no way to, it does nothing.
func (OS) SyncDir(dir string) error { return osSyncDir(dir) }
