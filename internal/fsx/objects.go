package fsx

import (
	"context"
	"errors"
	"io"
)

// Objects is an FS of whole objects, such as those of an object store. A file of [Objects.Upload] or Create gets its name when it
// is synced, whole and durable. A file that is closed before that leaves nothing. Objects cannot be renamed: Rename and Link fail
// with errors.ErrUnsupported. Directories are common prefixes of names: they are not made or synced.
type Objects interface {
	FS
	// Swap stores data under name if the current object has version v, and returns the new version. If it has another version, the
	// error satisfies errors.Is(err, ErrConflict), and nothing has changed. But if the object already holds data, an earlier answer
	// was lost, and Swap succeeds. After any other error the object may be in place, or may still appear.
	Swap(name string, v Version, data []byte) (Version, error)
	// Upload returns a file that gets its name on Sync, if the current object has version v. Errors are those of Swap.
	//
	// The file is written in order, by any number of goroutines: WriteAt waits until all earlier bytes were written, and until its
	// bytes have been taken. A goroutine that will not write its bytes must call [Abandon], because others may wait for them.
	// Allocate announces the number of bytes.
	Upload(name string, v Version) (File, error)
	// Version returns the version of the object called name, or NoVersion if there is none.
	Version(name string) (Version, error)
	// ReadFile is the function ReadFile, in a single request if the object is small.
	ReadFile(name string, limit int64) ([]byte, error)
	// WithContext returns the filesystem with requests that end when ctx ends.
	WithContext(ctx context.Context) Objects
}

// A Version identifies one state of an object in an [Objects] filesystem.
type Version string

const (
	// AnyVersion stands for any version, or for a missing object.
	AnyVersion Version = ""
	// NoVersion stands for a missing object.
	NoVersion Version = "\x00none"
)

// ErrConflict is wrapped by the error if a file was not uploaded because another upload came first.
var ErrConflict = errors.New("another program has changed the object")

// WithContext returns fsys with requests that end when ctx ends, if fsys makes requests.
func WithContext(ctx context.Context, fsys FS) FS {
	if o, ok := fsys.(Objects); ok {
		return o.WithContext(ctx)
	}
	return fsys
}

// ReadContext is WithContext for a filesystem that is only read.
func ReadContext(ctx context.Context, fsys ReadFS) ReadFS {
	if o, ok := fsys.(Objects); ok {
		return o.WithContext(ctx)
	}
	return fsys
}

// A WholeOpener is a ReadFS that can fetch a whole file when opening it.
type WholeOpener interface {
	// OpenWhole is Open for a file that will be read whole.
	OpenWhole(name string) (Reader, error)
}

// OpenWhole opens a file that will be read whole.
func OpenWhole(fsys ReadFS, name string) (Reader, error) {
	if o, ok := fsys.(WholeOpener); ok {
		return o.OpenWhole(name)
	}
	return fsys.Open(name)
}

// Abandon releases goroutines that wait to write to f, a file of [Objects], after an error. It does nothing for other files.
func Abandon(f io.WriterAt, err error) {
	if a, ok := f.(interface{ Abandon(error) }); ok {
		a.Abandon(err)
	}
}

// A Range is N bytes of a file, beginning at Off.
type Range struct{ Off, N int64 }

// An Expecter is a [Reader] that can fetch ahead.
type Expecter interface {
	// Expect announces that these ranges will be read once each, probably in this order. It returns at once.
	Expect(ranges []Range)
}

// A contextReader is a Reader with reads that may take long.
type contextReader interface {
	ReadAtContext(ctx context.Context, p []byte, off int64) (int, error)
}

// ReadAt is r.ReadAt. It ends when ctx ends, if r supports that.
func ReadAt(ctx context.Context, r Reader, p []byte, off int64) (int, error) {
	if c, ok := r.(contextReader); ok {
		return c.ReadAtContext(ctx, p, off)
	}
	return r.ReadAt(p, off)
}
