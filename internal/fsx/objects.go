package fsx

import (
	"context"
	"errors"
	"io"
)

// Objects is an FS of whole objects, such as an object store's. A file of [Objects.Upload] or Create takes its name when it is
// synced, whole and durable; one that is closed without leaves nothing. An object keeps its name: Rename and
// Link fail with errors.ErrUnsupported. Directories are what names have in common: there is nothing to make or to sync.
type Objects interface {
	FS
	// Swap gives data the name where the object that has it is as v says, and returns its version. Where it is not, the error
	// satisfies errors.Is(err, ErrConflict), and nothing has changed; but where the object holds data by now an answer was lost, and
	// Swap succeeds. After any other error it is open whether the object is in place, or will be.
	Swap(name string, v Version, data []byte) (Version, error)
	// Upload returns a file that Sync gives its name, where the object that has it is as v says. Errors are those of Swap.
	//
	// The file is written in order, by goroutines that may be many: WriteAt waits until all before it was written, and until its
	// bytes have been taken. Who does not write the bytes that others may wait for calls [Abandon]. Allocate says how many bytes there
	// will be.
	Upload(name string, v Version) (File, error)
	// Version returns the version of the object called name, NoVersion if there is none.
	Version(name string) (Version, error)
	// ReadFile is the function ReadFile, in one request where the object is small.
	ReadFile(name string, limit int64) ([]byte, error)
	// WithContext returns the filesystem with requests that end with ctx.
	WithContext(ctx context.Context) Objects
}

// A Version is what an [Objects] filesystem calls one state of an object.
type Version string

const (
	// AnyVersion stands for any version, or for a missing object.
	AnyVersion Version = ""
	// NoVersion stands for a missing object.
	NoVersion Version = "\x00none"
)

// ErrConflict is in the error of a file that was not uploaded because another had come before it.
var ErrConflict = errors.New("another program has changed the object")

// WithContext returns fsys with requests that end with ctx, where it makes any.
func WithContext(ctx context.Context, fsys FS) FS {
	if o, ok := fsys.(Objects); ok {
		return o.WithContext(ctx)
	}
	return fsys
}

// ReadContext is WithContext for a filesystem to read from.
func ReadContext(ctx context.Context, fsys ReadFS) ReadFS {
	if o, ok := fsys.(Objects); ok {
		return o.WithContext(ctx)
	}
	return fsys
}

// A WholeOpener is a ReadFS that can fetch a whole file ahead.
type WholeOpener interface {
	// OpenWhole is Open for such a file.
	OpenWhole(name string) (Reader, error)
}

// OpenWhole opens a file that will be read whole.
func OpenWhole(fsys ReadFS, name string) (Reader, error) {
	if o, ok := fsys.(WholeOpener); ok {
		return o.OpenWhole(name)
	}
	return fsys.Open(name)
}

// Abandon lets go of those who wait to write to f, a file of [Objects], after an error: it will not be complete. Of other files nobody waits.
func Abandon(f io.WriterAt, err error) {
	if a, ok := f.(interface{ Abandon(error) }); ok {
		a.Abandon(err)
	}
}

// A Range is N bytes of a file from Off on.
type Range struct{ Off, N int64 }

// An Expecter is a [Reader] that can fetch ahead.
type Expecter interface {
	// Expect says that these ranges will be read once each, most likely in this order. It returns at once.
	Expect(ranges []Range)
}

// A contextReader is a Reader with reads that may take long.
type contextReader interface {
	ReadAtContext(ctx context.Context, p []byte, off int64) (int, error)
}

// ReadAt is r.ReadAt, which the end of ctx ends where r can do that.
func ReadAt(ctx context.Context, r Reader, p []byte, off int64) (int, error) {
	if c, ok := r.(contextReader); ok {
		return c.ReadAtContext(ctx, p, off)
	}
	return r.ReadAt(p, off)
}
