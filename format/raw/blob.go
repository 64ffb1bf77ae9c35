package raw

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/gockpt/ckpt/internal/fsx"
)

// A Blob is a sequence of bytes that holds tensors. Blobs of one file share it, and are closed together.
type Blob struct {
	name string
	size int64
	file *file
	base int64                         // offset of the blob in file
	open func() (io.ReadCloser, error) // opens a stream; nil if the bytes lie in file
}

// A file is an open file, and its contents as memory after the first call of Map.
type file struct {
	Contents

	mu       sync.Mutex
	mapped   bool // the results of Map, in contents, unmap and mapErr, are valid
	contents []byte
	unmap    func() error
	mapErr   error
	closed   bool
}

// Contents are the contents of an open file. Several goroutines may read them at once.
type Contents interface {
	io.ReaderAt
	io.Closer
	Size() int64 // size at the time of opening
}

// OpenFile returns the blob of a whole file at a path of the operating system. Closing the Reader closes the file.
func OpenFile(path string) (*Blob, error) {
	r, err := fsx.OS{}.Open(path)
	if err != nil {
		return nil, OpenError("open", path, err)
	}
	return File(path, r), nil
}

// File returns the blob of a whole open file. name is for messages. Closing the Reader closes the file.
func File(name string, r Contents) *Blob {
	return &Blob{name: name, size: r.Size(), file: &file{Contents: r}}
}

// Memory returns b as a blob. name is for messages.
func Memory(name string, b []byte) *Blob { return File(name, memory{bytes.NewReader(b), b}) }

// Part returns the size bytes of b that begin at offset, such as an uncompressed member of an archive. It returns an error if b
// is shorter. b must not be a stream.
func (b *Blob) Part(name string, offset, size int64) (*Blob, error) {
	if b.open != nil {
		return nil, fmt.Errorf("%s: cannot take a part of a stream", b.name)
	}
	if offset < 0 || size < 0 || size > b.size || offset > b.size-size {
		return nil, Corrupt(b.name, "", "%s: %d bytes at offset %d exceed the file, which has %d", name, size, offset, b.size)
	}
	return &Blob{name: name, size: size, file: b.file, base: b.base + offset}, nil
}

// Stream returns a blob of size bytes that open unpacks from b's file. Each read of a tensor opens it once and reads it
// once, forwards. size is what the file claims; the caller must bound it. If open yields more or fewer bytes, reading fails.
func (b *Blob) Stream(name string, size int64, open func() (io.ReadCloser, error)) *Blob {
	return &Blob{name: name, size: size, file: b.file, open: open}
}

// Name returns b's name in messages.
func (b *Blob) Name() string { return b.name }

// Size returns the size of b in bytes.
func (b *Blob) Size() int64 { return b.size }

// ReadAt implements io.ReaderAt, except for streams.
func (b *Blob) ReadAt(p []byte, off int64) (int, error) {
	if b.open != nil {
		return 0, fmt.Errorf("%s: %w", b.name, errors.ErrUnsupported)
	}
	if off < 0 {
		return 0, fmt.Errorf("%s: invalid offset %d", b.name, off)
	}
	if off >= b.size {
		return 0, io.EOF
	}
	if left := b.size - off; int64(len(p)) > left {
		n, err := b.file.ReadAt(p[:left], b.base+off)
		if err == nil {
			err = io.EOF
		}
		return n, err
	}
	return b.file.ReadAt(p, b.base+off)
}

// Open returns a reader of all bytes of b, in order. The caller must close it.
func (b *Blob) Open() (io.ReadCloser, error) {
	if b.open != nil {
		return b.open()
	}
	return io.NopCloser(io.NewSectionReader(b, 0, b.size)), nil
}

// Close closes b's file, and with it all blobs that share the file. Closing it again does nothing.
func (b *Blob) Close() error { return b.file.close() }

func (f *file) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.closed, f.contents = true, nil
	if f.unmap == nil {
		return f.Contents.Close()
	}
	return errors.Join(f.unmap(), f.Contents.Close())
}

// memory returns the bytes of b as memory. The error satisfies errors.ErrUnsupported if b cannot be memory-mapped.
func (b *Blob) memory() ([]byte, error) {
	if b.open != nil {
		return nil, errors.ErrUnsupported
	}
	contents, err := b.file.memory()
	if err != nil {
		return nil, err
	}
	return contents[b.base : b.base+b.size : b.base+b.size], nil
}

func (f *file) memory() ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, fs.ErrClosed
	}
	if !f.mapped {
		f.mapped = true
		f.contents, f.unmap, f.mapErr = fsx.Map(f.Contents)
	}
	return f.contents, f.mapErr
}

// memory is bytes as an open file.
type memory struct {
	*bytes.Reader
	b []byte
}

// Map implements [fsx.Mapper].
func (m memory) Map() ([]byte, func() error, error) { return m.b, func() error { return nil }, nil }

// Close implements [Contents].
func (memory) Close() error { return nil }
