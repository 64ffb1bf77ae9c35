package errfs

import (
	"io/fs"
	"path"
	"path/filepath"
	"syscall"

	"github.com/gockpt/ckpt/internal/fsx"
)

// Open opens a file for reading.
func (f *FS) Open(name string) (fsx.Reader, error) {
	var r *reader
	err := f.do(Op{Kind: Open, Name: name}, func(int) error {
		n, err := f.find(name)
		if err != nil {
			return err
		}
		if n.dir {
			return syscall.EISDIR
		}
		f.open++
		r = &reader{fs: f, name: name, node: n, size: int64(len(n.data))}
		return nil
	})
	if err != nil {
		if r != nil {
			r.Close()
		}
		return nil, err
	}
	return r, nil
}

// Stat describes a file or directory.
func (f *FS) Stat(name string) (info fs.FileInfo, err error) {
	err = f.do(Op{Kind: Stat, Name: name}, func(int) error {
		n, err := f.find(name)
		if err != nil {
			return err
		}
		info = n.info(path.Base(filepath.ToSlash(name)))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return info, nil
}

// ReadDir returns a directory's entries in the order of their names.
func (f *FS) ReadDir(name string) (entries []fs.DirEntry, err error) {
	err = f.do(Op{Kind: ReadDir, Name: name}, func(int) error {
		n, err := f.find(name)
		if err != nil {
			return err
		}
		if !n.dir {
			return syscall.ENOTDIR
		}
		for _, e := range sortedNames(n.names) {
			entries = append(entries, fs.FileInfoToDirEntry(n.names[e].info(e)))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return entries, nil
}

// Create makes a new file.
func (f *FS) Create(name string) (fsx.File, error) {
	var w *file
	err := f.do(Op{Kind: Create, Name: name}, func(int) error {
		dir, base, err := f.parent(name)
		if err != nil {
			return err
		}
		if dir.names[base] != nil {
			return fs.ErrExist
		}
		n := newFile(f.now())
		dir.change(change{base: n}, f.now())
		f.open++
		w = &file{fs: f, name: name, node: n}
		return nil
	})
	if err != nil {
		if w != nil {
			f.mu.Lock()
			f.open-- // the caller did not get the handle, but the file exists
			f.mu.Unlock()
		}
		return nil, err
	}
	return w, nil
}

// Rename moves the file from to to and replaces an existing file. It does not move directories.
func (f *FS) Rename(from, to string) error {
	return f.do(Op{Kind: Rename, Name: from, To: to}, func(int) error {
		oldDir, oldBase, newDir, newBase, err := f.pair(from, to)
		if err != nil {
			return err
		}
		n, target := oldDir.names[oldBase], newDir.names[newBase]
		switch {
		case n.dir:
			return fs.ErrInvalid
		case n == target:
			return nil // two names of one file: rename(2) does nothing
		case target != nil && target.dir:
			return syscall.EISDIR
		}
		if oldDir == newDir {
			oldDir.change(change{oldBase: nil, newBase: n}, f.now())
			return nil
		}
		newDir.change(change{newBase: n}, f.now())
		oldDir.change(change{oldBase: nil}, f.now())
		return nil
	})
}

func (f *FS) pair(from, to string) (oldDir *node, oldBase string, newDir *node, newBase string, err error) {
	oldDir, oldBase, err = f.parent(from)
	if err == nil {
		newDir, newBase, err = f.parent(to)
	}
	if err == nil && oldDir.names[oldBase] == nil {
		err = fs.ErrNotExist
	}
	return oldDir, oldBase, newDir, newBase, err
}

// Link makes to another name of the file from.
func (f *FS) Link(from, to string) error {
	return f.do(Op{Kind: Link, Name: from, To: to}, func(int) error {
		oldDir, oldBase, newDir, newBase, err := f.pair(from, to)
		switch {
		case err != nil:
			return err
		case newDir.names[newBase] != nil:
			return fs.ErrExist
		case oldDir.names[oldBase].dir:
			return fs.ErrPermission
		}
		newDir.change(change{newBase: oldDir.names[oldBase]}, f.now())
		return nil
	})
}

// Remove removes a file or an empty directory.
func (f *FS) Remove(name string) error {
	return f.do(Op{Kind: Remove, Name: name}, func(int) error {
		dir, base, err := f.parent(name)
		if err != nil {
			return err
		}
		n := dir.names[base]
		switch {
		case n == nil:
			return fs.ErrNotExist
		case len(n.names) > 0:
			return syscall.ENOTEMPTY
		}
		dir.change(change{base: nil}, f.now())
		return nil
	})
}

// MkdirAll makes dir and the missing directories above it.
func (f *FS) MkdirAll(dir string) error {
	return f.do(Op{Kind: Mkdir, Name: dir}, func(int) error {
		n := f.root
		for _, e := range split(dir) {
			child := n.names[e]
			if child == nil {
				child = newDir(f.now())
				n.change(change{e: child}, f.now())
			}
			if !child.dir {
				return syscall.ENOTDIR
			}
			n = child
		}
		return nil
	})
}

// SyncDir makes dir's entries durable.
func (f *FS) SyncDir(dir string) error {
	return f.do(Op{Kind: SyncDir, Name: dir}, func(int) error {
		n, err := f.find(dir)
		if err != nil {
			return err
		}
		if !n.dir {
			return syscall.ENOTDIR
		}
		n.sync()
		return nil
	})
}
