package fsx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
)

// WriteFile replaces the file called name with data, atomically and durably: whoever reads it finds the old
// contents or the new. Several may write at once: the last wins. The errors are those of [Commit.Run].
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

// ReadFile returns the contents of a file of at most limit bytes; a larger one is an error.
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
		return nil, fmt.Errorf("read %s: %d bytes, at most %d expected", name, r.Size(), limit)
	}
	return io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
}

// MkdirAll makes dir and what is missing above it, and makes them durable: a directory's own entry is its
// parent's to sync.
func MkdirAll(fsys FS, dir string) error {
	if _, ok := fsys.(Objects); ok {
		return nil
	}
	dir = filepath.Clean(dir) // "" is the working directory, as in the directory of "file"
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
		if parent == d || err == nil { // nothing above it, or a file: MkdirAll knows what to say of either
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
