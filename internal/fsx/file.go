package fsx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
)

// WriteFile replaces the file called name with data, atomically and durably: a reader finds either the old contents or the new.
// Several may write at once: the last wins. The errors are those of [Commit.Run].
func WriteFile(ctx context.Context, fsys FS, name string, data []byte) error {
	c := Shared(WithContext(ctx, fsys))
	defer c.Abort()
	f, err := c.Create(name)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return &CommitError{Op: "write", Path: name, Err: err}
	}
	return c.Run(ctx)
}

// ReadFile returns the contents of a file of at most limit bytes. It returns an error if the file is larger.
func ReadFile(fsys ReadFS, name string, limit int64) (data []byte, err error) {
	if o, ok := fsys.(Objects); ok {
		return o.ReadFile(name, limit)
	}
	r, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if r.Size() > limit {
		return nil, fmt.Errorf("read %s: got %d bytes, expected at most %d", name, r.Size(), limit)
	}
	return io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
}

// MkdirAll makes dir and its missing parents, and makes them durable: the entry of a directory becomes durable by syncing its
// parent.
func MkdirAll(fsys FS, dir string) error {
	if _, ok := fsys.(Objects); ok {
		return nil
	}
	dir = filepath.Clean(dir) // "" is the working directory, which is also the directory of "file"
	var parents []string      // of the directories to make, the deepest first
	for d := dir; ; {
		info, err := fsys.Stat(d)
		if err == nil && info.IsDir() {
			break
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		parent := filepath.Dir(d)
		if parent == d || err == nil { // no parent, or a file: MkdirAll returns the right error for both
			break
		}
		parents = append(parents, parent)
		d = parent
	}
	if err := fsys.MkdirAll(dir); err != nil {
		return err
	}
	for i := len(parents) - 1; i >= 0; i-- {
		if err := fsys.SyncDir(parents[i]); err != nil {
			return err
		}
	}
	return nil
}
