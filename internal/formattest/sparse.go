package formattest

import (
	"io"
	"io/fs"
	"time"

	"github.com/gockpt/ckpt/internal/fsx"
)

// Sparse is a filesystem of files with a beginning, followed by zeros up to any length.
type Sparse map[string]SparseFile

// A SparseFile has Head at its beginning, and zeros up to Length.
type SparseFile struct {
	Head   []byte
	Length int64
}

// Open implements [fsx.ReadFS].
func (s Sparse) Open(name string) (fsx.Reader, error) {
	f, ok := s[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return sparseReader{f}, nil
}

// Stat implements [fsx.ReadFS].
func (s Sparse) Stat(name string) (fs.FileInfo, error) {
	f, ok := s[name]
	if !ok {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return sparseInfo{name, f.Length}, nil
}

// ReadDir implements [fsx.ReadFS]. There are no directories.
func (s Sparse) ReadDir(name string) ([]fs.DirEntry, error) {
	return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
}

type sparseReader struct{ SparseFile }

func (r sparseReader) ReadAt(p []byte, off int64) (int, error) {
	n := int(min(int64(len(p)), max(r.Length-off, 0)))
	clear(p[:n])
	if off < int64(len(r.Head)) {
		copy(p[:n], r.Head[off:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (r sparseReader) Close() error { return nil }

func (r sparseReader) Size() int64 { return r.Length }

type sparseInfo struct {
	name string
	size int64
}

func (i sparseInfo) Name() string     { return i.name }
func (i sparseInfo) Size() int64      { return i.size }
func (sparseInfo) Mode() fs.FileMode  { return 0o444 }
func (sparseInfo) ModTime() time.Time { return time.Time{} }
func (sparseInfo) IsDir() bool        { return false }
func (sparseInfo) Sys() any           { return nil }
