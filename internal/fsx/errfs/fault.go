package errfs

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
)

// A Kind is the name of an operation.
type Kind string

// The operations, as [fsx.FS], [fsx.Reader] and [fsx.File] have them.
const (
	Open     Kind = "open"
	Stat     Kind = "stat"
	ReadDir  Kind = "readdir"
	Read     Kind = "read" // ReadAt
	Create   Kind = "create"
	Rename   Kind = "rename"
	Link     Kind = "link"
	Remove   Kind = "remove"
	Mkdir    Kind = "mkdir" // MkdirAll
	SyncDir  Kind = "syncdir"
	Write    Kind = "write" // Write and WriteAt
	Allocate Kind = "allocate"
	Truncate Kind = "truncate"
	Sync     Kind = "sync"
	Close    Kind = "close" // of a file opened for writing
)

// An Op is one operation about to take place.
type Op struct {
	N    int // 1 for the first of all
	Kind Kind
	Name string // the first, for those that take two
	To   string // the second
	Size int    // the bytes of a write
}

// String returns o as "12: rename a.tmp a".
func (o Op) String() string {
	s := fmt.Sprintf("%d: %s %s", o.N, o.Kind, o.Name)
	if o.To != "" {
		s += " " + o.To
	}
	return s
}

// A Fault says what happens to an operation. The zero Fault means that it is not disturbed.
type Fault struct {
	Err     error // the operation fails with it; errors.Is finds it
	Partial bool  // a write stores half of its bytes first
	Done    bool  // the operation takes place although it fails, as when the answer to a network filesystem gets lost
	Crash   bool  // the power goes before the operation: it and all that follow fail with ErrCrashed
}

// Ready-made faults.
var (
	IO      = Fault{Err: syscall.EIO}
	NoSpace = Fault{Err: syscall.ENOSPC}                // the bytes are not stored
	Short   = Fault{Err: syscall.ENOSPC, Partial: true} // half of it is
	Torn    = Fault{Err: syscall.EIO, Done: true}       // all of it is, and nobody knows
	Crash   = Fault{Crash: true}
)

// ErrCrashed is in the error of every operation after the power has gone.
var ErrCrashed = errors.New("errfs: the power is gone")

// An Injector decides what befalls an operation. It may block, which delays the operation; it is called by
// whichever goroutine performs it.
type Injector func(Op) Fault

// At is the injector that lets f befall operation n alone.
func At(n int, f Fault) Injector {
	return func(op Op) Fault {
		if op.N == n {
			return f
		}
		return Fault{}
	}
}

// From is the injector that lets f befall operation n and all after it: a disk that stays full.
func From(n int, f Fault) Injector {
	return func(op Op) Fault {
		if op.N >= n {
			return f
		}
		return Fault{}
	}
}

// Only narrows an injector to operations of the given kinds.
func Only(in Injector, kinds ...Kind) Injector {
	return func(op Op) Fault {
		if slices.Contains(kinds, op.Kind) {
			return in(op)
		}
		return Fault{}
	}
}
