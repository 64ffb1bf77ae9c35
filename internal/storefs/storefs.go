// Package storefs adapts a store.Store to the filesystem interface that the library reads from and writes to.
//
// Files are written to the store as streams, in order, from the memory of the writers. Files are read in ranges. Ranges that the
// reader announces are grouped if they lie close to each other, and fetched ahead, several at once.
package storefs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/store"
)

// FS is a Store as a filesystem. Names are relative paths within the store.
type FS struct {
	ctx    context.Context
	s      store.Store
	budget *budget
}

var _ fsx.Objects = (*FS)(nil)

// New returns s as a filesystem.
func New(s store.Store) *FS {
	return &FS{context.Background(), s, newBudget()}
}

// Same reports whether two filesystems use the same Store, if Stores can be compared.
func Same(a, b fsx.FS) bool {
	f, ok := a.(*FS)
	g, both := b.(*FS)
	return ok && both && reflect.ValueOf(&f.s).Elem().Comparable() && reflect.ValueOf(&g.s).Elem().Comparable() && f.s == g.s
}

// WithContext implements [fsx.Objects].
func (f *FS) WithContext(ctx context.Context) fsx.Objects { return &FS{ctx, f.s, newBudget()} }

// object returns the name of the object at a path.
func object(op, name string) (string, error) {
	clean := path.Clean(filepath.ToSlash(name))
	if !fs.ValidPath(clean) {
		return "", &fs.PathError{Op: op, Path: name, Err: fmt.Errorf("expected a relative path within the store: %w", fs.ErrInvalid)}
	}
	return clean, nil
}

// Open implements [fsx.ReadFS].
func (f *FS) Open(name string) (fsx.Reader, error) {
	clean, err := object("open", name)
	if err != nil {
		return nil, err
	}
	o, err := f.look("open", clean)
	if err != nil {
		return nil, err
	}
	return f.reader(o), nil
}

// look describes the object called clean.
func (f *FS) look(op, clean string) (store.Object, error) {
	if clean == "." {
		return store.Object{}, &fs.PathError{Op: op, Path: clean, Err: fs.ErrNotExist}
	}
	return f.s.Read(f.ctx, clean, "", nil, 0)
}

// Stat implements [fsx.ReadFS]. A name is a directory if names of objects begin with it and a slash.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	clean, err := object("stat", name)
	if err != nil {
		return nil, err
	}
	o, err := f.look("stat", clean)
	if err == nil {
		return info{o}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	dir := clean + "/"
	if clean == "." {
		return info{store.Object{Name: "./"}}, nil
	}
	for o, listed := range f.s.List(f.ctx, dir) {
		if listed == nil && o.Name != "" {
			return info{store.Object{Name: dir}}, nil
		}
		return nil, listed
	}
	return nil, err
}

// ReadDir implements [fsx.ReadFS].
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	clean, err := object("readdir", name)
	if err != nil {
		return nil, err
	}
	dir := clean + "/"
	if clean == "." {
		dir = ""
	}
	var entries []fs.DirEntry
	for o, err := range f.s.List(f.ctx, dir) {
		if err != nil {
			return nil, err
		}
		entries = append(entries, fs.FileInfoToDirEntry(info{o}))
	}
	if len(entries) == 0 && dir != "" {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	return entries, nil
}

// An info describes an Object as a file or directory.
type info struct{ o store.Object }

func (i info) Name() string       { return path.Base(i.o.Name) }
func (i info) Size() int64        { return i.o.Size }
func (i info) ModTime() time.Time { return i.o.Modified }
func (i info) IsDir() bool        { return strings.HasSuffix(i.o.Name, "/") }
func (i info) Sys() any           { return fsx.Version(i.o.Version) }

func (i info) Mode() fs.FileMode {
	if i.IsDir() {
		return fs.ModeDir | 0o777
	}
	return 0o666
}

// Create implements [fsx.FS].
func (f *FS) Create(name string) (fsx.File, error) { return f.Upload(name, fsx.NoVersion) }

// Version implements [fsx.Objects].
func (f *FS) Version(name string) (fsx.Version, error) {
	clean, err := object("stat", name)
	if err != nil {
		return "", err
	}
	o, err := f.look("stat", clean)
	if errors.Is(err, fs.ErrNotExist) {
		return fsx.NoVersion, nil
	}
	return fsx.Version(o.Version), err
}

// ReadFile implements [fsx.Objects].
func (f *FS) ReadFile(name string, limit int64) ([]byte, error) {
	clean, err := object("read", name)
	if err != nil {
		return nil, err
	}
	p, _, err := store.ReadAll(f.ctx, f.s, clean, limit)
	return p, err
}

// Remove implements [fsx.FS].
func (f *FS) Remove(name string) error {
	clean, err := object("remove", name)
	if err != nil {
		return err
	}
	return f.s.Delete(f.ctx, clean)
}

// Rename implements [fsx.FS]: objects keep their names.
func (f *FS) Rename(from, to string) error {
	return &fs.PathError{Op: "rename", Path: from, Err: errors.ErrUnsupported}
}

// Link implements [fsx.FS]: objects have one name.
func (f *FS) Link(from, to string) error {
	return &fs.PathError{Op: "link", Path: from, Err: errors.ErrUnsupported}
}

// MkdirAll implements [fsx.FS]. Stores have no directories to make.
func (f *FS) MkdirAll(string) error { return nil }

// SyncDir implements [fsx.FS]. What a store has acknowledged is durable.
func (f *FS) SyncDir(string) error { return nil }
