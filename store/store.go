// Package store is what ckpt needs of an object store, as an interface of six calls: a checkpoint can then be written to and read
// from S3, GCS, a web server or anything else that keeps bytes under names. ckpt.In gives a Store to the verbs.
//
// # Objects
//
// An object is a name, its contents, and a version. It appears whole or not at all, and is replaced whole: a reader finds the
// old contents or the new. After a call has returned every later call, by any program, sees what it did, listings included.
//
// A name is a relative path with slashes, as [fs.ValidPath] has it, other than ".". There are no directories: a name with a slash
// may be given to an object at any time. A Store rejects other names with an error that satisfies errors.Is(err, [fs.ErrInvalid]).
//
// A version is an opaque string that is not empty: an ETag, a generation. Two objects that had one name at different times and
// differ in contents have different versions.
//
// # Errors
//
// [ErrNotExist], [ErrExist] and [ErrChanged] are answers: the store has looked, and has changed nothing. Any other error leaves
// open whether the call took effect, or still will: an answer can be lost, and a request can arrive late. ckpt
// reads back what it wrote where that matters, and never deletes what a lost request may yet speak of.
//
// Errors name the object and never hold credentials.
//
// # Implementations
//
// [Dir] keeps objects in files of a directory, [Memory] in memory. The packages below this one reach servers. Package storetest
// checks an implementation, and has a Store that fails on demand.
package store

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"time"
)

// A Store keeps objects under names. Any number of goroutines may call it at once, and so may programs.
//
// The end of ctx ends each call early, with an error that is the context's; like any other it leaves open what a write has done.
type Store interface {
	// Read fills p with the contents of the object called name from offset off on, as far as it reaches, and describes the object:
	// it has filled min(len(p), max(0, Size-off)) bytes. An empty p asks for the description alone. Where version is not "" and
	// the object has another by now, or is gone, the error satisfies errors.Is(err, ErrChanged), and if there is no object
	// and version is "" ErrNotExist.
	Read(ctx context.Context, name, version string, p []byte, off int64) (Object, error)

	// Put stores what body yields under name, in place of what is there. It is size bytes, or any number where size is -1: where
	// body yields fewer or more, or fails, nothing is stored. body is read once, from one goroutine, and not after Put has
	// returned. A Store buffers no more than it needs in order to try a part of it again.
	Put(ctx context.Context, name string, body io.Reader, size int64) (Object, error)

	// PutIfAbsent is Put if there is no object called name. Otherwise the error satisfies errors.Is(err, ErrExist). Of several
	// that try at once exactly one succeeds.
	PutIfAbsent(ctx context.Context, name string, body io.Reader, size int64) (Object, error)

	// Replace is Put where the object called name has the version. Otherwise, also if there is none, the error satisfies
	// errors.Is(err, ErrChanged). Of several that replace one version at once exactly one succeeds.
	Replace(ctx context.Context, name, version string, body io.Reader, size int64) (Object, error)

	// List yields, in the order of their names, the objects whose names begin with prefix and have no slash after it, and for all
	// those that have one an Object whose Name ends in that first slash and which has nothing else. A slash ends the name of
	// a directory: List(ctx, "run/") lists run. The Version of a listed object may be "". It ends after the first error.
	List(ctx context.Context, prefix string) iter.Seq2[Object, error]

	// Delete removes the object called name. It is no error if there is none.
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
	// ErrNotExist is fs.ErrNotExist, in the error of reading what is not there.
	ErrNotExist = fs.ErrNotExist
	// ErrExist is fs.ErrExist, in the error of [Store.PutIfAbsent] under a name that is in use.
	ErrExist = fs.ErrExist
	// ErrChanged is in the error of reading or replacing a version of an object that it does not have any more.
	ErrChanged = errors.New("the object has changed")
	// ErrNoConditions is in the error of [Probe] about a store that overwrites where it should refuse to.
	ErrNoConditions = errors.New("the store lacks conditional writes")
	// ErrReadOnly is errors.ErrUnsupported, in the error of writing to a store that can only be read.
	ErrReadOnly = errors.ErrUnsupported
)

// check returns the error of a name that cannot be an object's.
func check(op, name string) error {
	if !fs.ValidPath(name) || name == "." {
		return fail(op, name, fs.ErrInvalid)
	}
	return nil
}

// fail adds to err what was done, and to which object.
func fail(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}
