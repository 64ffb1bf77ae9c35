package fsx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"sync"
	"syscall"
)

var errNotRegular = errors.New("not a regular file")

// FromFS adapts any fs.FS for reading: an embed.FS, a ZIP archive, os.DirFS. It cleans names first, so that "./a//b" is a/b. Names
// that lead outside the filesystem satisfy fs.ErrInvalid.
//
// It reads a file that implements io.ReaderAt directly, and a file that implements io.Seeker by seeking, one reader at a time. Of
// any other file it reads the whole contents at once.
func FromFS(fsys fs.FS) ReadFS { return fromFS{fsys} }

type fromFS struct{ fsys fs.FS }

func (f fromFS) Open(name string) (Reader, error) {
	clean, err := cleanName("open", name)
	if err != nil {
		return nil, err
	}
	// Opening a pipe would wait for its other end. Only filesystems that can tell without opening are asked.
	if stat, ok := f.fsys.(fs.StatFS); ok {
		if info, err := stat.Stat(clean); err == nil && !info.IsDir() && !info.Mode().IsRegular() {
			return nil, &fs.PathError{Op: "open", Path: name, Err: errNotRegular}
		}
	}
	file, err := f.fsys.Open(clean)
	if err != nil {
		return nil, err
	}
	r, err := newReader(name, file)
	if err != nil {
		file.Close()
		return nil, err
	}
	return r, nil
}

func newReader(name string, file fs.File) (Reader, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EISDIR}
	}
	if info.Size() < 0 {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("invalid size %d", info.Size())}
	}
	switch at := file.(type) {
	case io.ReaderAt:
		return &fsFile{at, file, info.Size()}, nil
	case io.ReadSeeker:
		return &fsFile{&seekingReaderAt{r: at}, file, info.Size()}, nil
	}
	// Memory grows with the bytes that arrive, not with the size that Stat promises.
	data, err := io.ReadAll(io.LimitReader(file, info.Size()))
	if err != nil {
		return nil, err
	}
	return &fsFile{bytes.NewReader(data), file, int64(len(data))}, nil
}

func (f fromFS) Stat(name string) (fs.FileInfo, error) {
	clean, err := cleanName("stat", name)
	if err != nil {
		return nil, err
	}
	return fs.Stat(f.fsys, clean)
}

func (f fromFS) ReadDir(name string) ([]fs.DirEntry, error) {
	clean, err := cleanName("readdir", name)
	if err != nil {
		return nil, err
	}
	return fs.ReadDir(f.fsys, clean)
}

func cleanName(op, name string) (string, error) {
	clean := path.Clean(filepath.ToSlash(name))
	if !fs.ValidPath(clean) {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return clean, nil
}

type fsFile struct {
	at   io.ReaderAt
	file fs.File
	size int64
}

// ReadAt returns io.EOF at and beyond the end. embed.FS returns another error there.
func (f *fsFile) ReadAt(p []byte, off int64) (int, error) {
	if off >= f.size {
		return 0, io.EOF
	}
	return f.at.ReadAt(p, off)
}

func (f *fsFile) Size() int64  { return f.size }
func (f *fsFile) Close() error { return f.file.Close() }

type seekingReaderAt struct {
	mu sync.Mutex
	r  io.ReadSeeker
}

func (s *seekingReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fs.ErrInvalid
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.r.Seek(off, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(s.r, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF // io.ReaderAt requires this if the file ends early
	}
	return n, err
}

// Stat describes the file at the time of opening.
func (f *fsFile) Stat() (fs.FileInfo, error) { return f.file.Stat() }
