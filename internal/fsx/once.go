package fsx

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// WriteOnce makes the file called name with data, whole and durable, unless there is one already. In that case the error satisfies
// errors.Is(err, fs.ErrExist) and the file stays unchanged. If several try at once, one succeeds.
func WriteOnce(fsys FS, name string, data []byte) error {
	if o, ok := fsys.(Objects); ok {
		if _, err := o.Swap(name, NoVersion, data); err != nil {
			return &CommitError{Op: "upload", Path: name, Err: err}
		}
		return nil
	}
	temp := TempName(fsys, name)
	f, err := fsys.Create(temp)
	if err != nil {
		return &CommitError{Op: "create", Path: name, Err: err}
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = fsys.Remove(temp) // if this fails, a later sweep removes it
		return &CommitError{Op: "write", Path: name, Err: err}
	}
	err = LinkOnce(fsys, temp, name)
	_ = fsys.Remove(temp)
	return err
}

// LinkOnce gives the durable file from a second name, durably. If the name exists, the error satisfies errors.Is(err, fs.ErrExist).
// Even then LinkOnce makes the name durable, because the writer of the existing file may have died before it did so.
func LinkOnce(fsys FS, from, name string) error {
	err := fsys.Link(from, name)
	if err == nil || errors.Is(err, fs.ErrExist) {
		if err := fsys.SyncDir(filepath.Dir(name)); err != nil {
			return &CommitError{Op: "sync directory", Path: name, Err: err}
		}
	}
	if err != nil {
		return &CommitError{Op: "link", Path: name, Err: err}
	}
	return nil
}

// LinkOver gives the file from a second name, and replaces the file of that name.
func LinkOver(fsys FS, from, name string) error {
	temp := TempName(fsys, name)
	err := fsys.Link(from, temp)
	if err == nil {
		err = fsys.Rename(temp, name)
	}
	if err != nil {
		_ = fsys.Remove(temp) // if this fails, a later sweep removes it
		return &CommitError{Op: "link", Path: name, Err: err}
	}
	return nil
}
