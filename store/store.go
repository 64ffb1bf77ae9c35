// Package store defines an object store as an interface of six calls. With it, ckpt can use S3, GCS, a web
// server or anything else that keeps bytes under names. ckpt.In passes a Store to the verbs.
//
// # Objects
//
// An object has a name, contents and a version. It is created and replaced whole: a reader finds the old contents or the
// new, never a mixture. After a call has returned, every later call by any program sees its effect. That includes listings.
//
// A name is a relative path with slashes that [fs.ValidPath] accepts, other than ".". A Store rejects other names with an error
// that satisfies errors.Is(err, [fs.ErrInvalid]). A store does not have directories: names may contain slashes, and nothing
// has to be created first.
//
// A version is an opaque string that is not empty: an ETag, a generation. If the contents under a name change, the version
// changes.
//
// # Errors
//
// ErrNotExist, ErrExist and ErrChanged mean that the store did not change anything. After any other error the call may
// have taken effect, or may still take effect, because an answer can be lost and a request can arrive late. If that
// matters, ckpt reads back what it wrote. It never deletes an object that a lost request may still refer to.
//
// Errors name the object and never hold credentials.
//
// # Implementations
//
// Dir keeps objects in files of a directory, Memory in memory. Packages web, s3 and gcs talk to servers. Package storetest
// checks an implementation, and has a Store that fails on demand.
//
// A client may repeat a request if its answer was lost. If the first request was a conditional write that succeeded, the server then refuses
// the second. A Store must not return ErrExist or ErrChanged for that: packages s3 and gcs put a random number into the object's metadata,
// and compare it after a refusal. A Store that cannot do this does not repeat conditional writes, and returns the connection's error.
//
// If the server may lack conditional writes, a Store tries them before its first write: see [Prober].
package store

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"time"
)

// A Store keeps objects under names. Any number of goroutines and programs may use it at once.
//
// If ctx ends, each call returns early with the context's error. As after other errors, a write may or may not have taken
// effect.
type Store interface {
	// Read fills p with the contents of the object called name, starting at offset off, and describes the object. It fills
	// min(len(p), max(0, Size-off)) bytes. If p is empty, only the description is read. If version is not "" and the object
	// has another version or does not exist, the error satisfies errors.Is(err, ErrChanged). If version is "" and there is
	// no object, it satisfies errors.Is(err, ErrNotExist).
	Read(ctx context.Context, name, version string, p []byte, off int64) (Object, error)

	// Put stores what body yields under name and replaces any object there. body must yield size bytes, or any number if
	// size is -1. If it yields fewer or more, or fails, nothing is stored. Put reads body once, from one goroutine, and not
	// after it has returned. A Store buffers only what it needs for sending a part again.
	Put(ctx context.Context, name string, body io.Reader, size int64) (Object, error)

	// PutIfAbsent does what Put does if there is no object called name. Otherwise the error satisfies errors.Is(err,
	// ErrExist). If several callers try at once exactly one succeeds.
	PutIfAbsent(ctx context.Context, name string, body io.Reader, size int64) (Object, error)

	// Replace does what Put does if the object called name has the given version. Otherwise, or if there is no such object,
	// the error satisfies errors.Is(err, ErrChanged). If several callers replace one version at once exactly one succeeds.
	Replace(ctx context.Context, name, version string, body io.Reader, size int64) (Object, error)

	// List yields the objects with names that begin with prefix, in the order of names. Names with a slash
	// after prefix are truncated after that slash and yielded once, as an Object with only a Name. They
	// represent directories. List(ctx, "run/") lists directory run. The Version of a listed object may be "".
	// The sequence ends after the first error.
	List(ctx context.Context, prefix string) iter.Seq2[Object, error]

	// Delete removes the object called name. Deleting an object that does not exist is not an error.
	Delete(ctx context.Context, name string) error
}

// An Object describes an object.
type Object struct {
	Name     string
	Size     int64
	Version  string
	Modified time.Time // by the store's clock
}

var (
	// ErrNotExist is fs.ErrNotExist. Reading an object that does not exist returns it.
	ErrNotExist = fs.ErrNotExist
	// ErrExist is fs.ErrExist. [Store.PutIfAbsent] returns it for a name that is in use.
	ErrExist = fs.ErrExist
	// ErrChanged is returned if an object no longer has the version that a call names.
	ErrChanged = errors.New("the object has changed")
	// ErrNoConditions is returned by [Probe] for a store that overwrites an object although a condition forbids it.
	ErrNoConditions = errors.New("the store lacks conditional writes")
	// ErrReadOnly is errors.ErrUnsupported. Writing to a read-only store returns it.
	ErrReadOnly = errors.ErrUnsupported
)

// check returns an error if name is not a valid name of an object.
func check(op, name string) error {
	if !fs.ValidPath(name) || name == "." {
		return fail(op, name, fs.ErrInvalid)
	}
	return nil
}

// fail adds the operation and the object's name to err.
func fail(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}
