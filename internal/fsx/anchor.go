package fsx

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Anchor returns f with relative names resolved against the current working directory, even if that changes later. A filesystem
// other than [OS] has no working directory and is returned unchanged.
func Anchor(f FS) (FS, error) {
	o, ok := f.(OS)
	if !ok {
		return f, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	return anchored{o, dir}, nil
}

// anchored is the host's filesystem with names relative to dir.
type anchored struct {
	OS
	dir string
}

func (a anchored) at(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(a.dir, name)
}

func (a anchored) Open(name string) (Reader, error)           { return a.OS.Open(a.at(name)) }
func (a anchored) Stat(name string) (fs.FileInfo, error)      { return a.OS.Stat(a.at(name)) }
func (a anchored) ReadDir(name string) ([]fs.DirEntry, error) { return a.OS.ReadDir(a.at(name)) }
func (a anchored) Create(name string) (File, error)           { return a.OS.Create(a.at(name)) }
func (a anchored) Rename(from, to string) error               { return a.OS.Rename(a.at(from), a.at(to)) }
func (a anchored) Link(from, to string) error                 { return a.OS.Link(a.at(from), a.at(to)) }
func (a anchored) Remove(name string) error                   { return a.OS.Remove(a.at(name)) }
func (a anchored) MkdirAll(dir string) error                  { return a.OS.MkdirAll(a.at(dir)) }
func (a anchored) SyncDir(dir string) error                   { return a.OS.SyncDir(a.at(dir)) }
func (a anchored) Lock(dir string) (io.Closer, error)         { return a.OS.Lock(a.at(dir)) }
