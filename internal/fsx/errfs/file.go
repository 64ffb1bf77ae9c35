package errfs

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"time"
)

// A reader is a file opened for reading. It still reads after its name was removed.
type reader struct {
	fs     *FS
	name   string
	node   *node
	size   int64
	closed bool
}

func (r *reader) Size() int64 { return r.size }

// Stat describes the file as it is now. It does not count as an operation.
func (r *reader) Stat() (fs.FileInfo, error) {
	r.fs.mu.Lock()
	defer r.fs.mu.Unlock()
	return r.node.info(path.Base(filepath.ToSlash(r.name))), nil
}

func (r *reader) ReadAt(p []byte, off int64) (n int, err error) {
	end := false
	err = r.fs.do(Op{Kind: Read, Name: r.name, Size: len(p)}, func(int) error {
		switch {
		case r.closed:
			return fs.ErrClosed
		case off < 0:
			return fs.ErrInvalid
		}
		n = copy(p, r.node.data[min(off, int64(len(r.node.data))):])
		end = n < len(p)
		return nil
	})
	if err == nil && end {
		err = io.EOF
	}
	return n, err
}

func (r *reader) Close() error { return r.fs.release(&r.closed, r.name) }

func (f *FS) release(closed *bool, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if *closed {
		return &fs.PathError{Op: "close", Path: name, Err: fs.ErrClosed}
	}
	*closed = true
	f.open--
	return nil
}

// A file is a file being written.
type file struct {
	fs     *FS
	name   string
	node   *node
	at     int64
	closed bool
}

// change performs an operation on the open file.
func (w *file) change(op Op, perform func(size int) error) error {
	op.Name = w.name
	return w.fs.do(op, func(size int) error {
		if w.closed {
			return fs.ErrClosed
		}
		return perform(size)
	})
}

func (w *file) Write(p []byte) (n int, err error) {
	err = w.change(Op{Kind: Write, Size: len(p)}, func(size int) error {
		n = w.store(p[:size], w.at)
		w.at += int64(n)
		return nil
	})
	return n, err
}

func (w *file) WriteAt(p []byte, off int64) (n int, err error) {
	err = w.change(Op{Kind: Write, Size: len(p)}, func(size int) error {
		if off < 0 {
			return fs.ErrInvalid
		}
		n = w.store(p[:size], off)
		return nil
	})
	return n, err
}

func (w *file) store(p []byte, off int64) int {
	if len(p) > 0 { // writing zero bytes beyond the end does not extend the file
		w.node.write(write{off, slices.Clone(p)}, w.fs.now())
	}
	return len(p)
}

func (w *file) Allocate(size int64) error {
	return w.change(Op{Kind: Allocate}, func(int) error {
		switch {
		case size < 0:
			return fs.ErrInvalid
		case size > int64(len(w.node.data)):
			w.node.write(write{off: size}, w.fs.now())
		}
		return nil
	})
}

// StartSync does nothing, because pending changes may become durable at any time.
func (w *file) StartSync() {}

func (w *file) Truncate(size int64) error {
	return w.change(Op{Kind: Truncate}, func(int) error {
		if size < 0 {
			return fs.ErrInvalid
		}
		w.node.write(write{off: size}, w.fs.now())
		return nil
	})
}

func (w *file) Sync() error {
	return w.change(Op{Kind: Sync}, func(int) error {
		w.node.sync()
		return nil
	})
}

// Close closes the file even if it fails, like close(2).
func (w *file) Close() error {
	err := w.change(Op{Kind: Close}, func(int) error { return nil })
	if errors.Is(err, fs.ErrClosed) {
		return err
	}
	return cmp.Or(err, w.fs.release(&w.closed, w.name))
}

// A fileInfo describes a node at the time of the call.
type fileInfo struct {
	name    string
	size    int64
	mode    fs.FileMode
	modTime time.Time
}

func (n *node) info(name string) fs.FileInfo {
	if n.dir {
		return fileInfo{name, 0, fs.ModeDir | 0o777, n.modTime}
	}
	return fileInfo{name, int64(len(n.data)), 0o666, n.modTime}
}

func (i fileInfo) Name() string       { return i.name }
func (i fileInfo) Size() int64        { return i.size }
func (i fileInfo) Mode() fs.FileMode  { return i.mode }
func (i fileInfo) ModTime() time.Time { return i.modTime }
func (i fileInfo) IsDir() bool        { return i.mode.IsDir() }
func (i fileInfo) Sys() any           { return nil }
