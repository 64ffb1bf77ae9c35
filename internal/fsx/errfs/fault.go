package errfs

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"syscall"

	"github.com/gockpt/ckpt/internal/thorough"
)

// A Kind is the name of an operation.
type Kind string

// The operations of [fsx.FS], [fsx.Reader] and [fsx.File].
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
	Close    Kind = "close" // closes a file opened for writing
)

// An Op is one operation about to take place.
type Op struct {
	N    int // 1 for the first operation
	Kind Kind
	Name string // the first name, for operations with two
	To   string // the second name
	Size int    // number of bytes of a write
}

// String returns o as "12: rename a.tmp a".
func (o Op) String() string {
	s := fmt.Sprintf("%d: %s %s", o.N, o.Kind, o.Name)
	if o.To != "" {
		s += " " + o.To
	}
	return s
}

// A Fault describes a failure of an operation. With the zero Fault, the operation succeeds.
type Fault struct {
	Err     error // the operation returns it; errors.Is finds it
	Partial bool  // a write stores half of its bytes first
	Done    bool  // the operation takes effect although it fails, as if the answer of a network filesystem was lost
	Crash   bool  // the power fails before the operation: it and all later ones fail with ErrCrashed
}

// Ready-made faults.
var (
	IO      = Fault{Err: syscall.EIO}
	NoSpace = Fault{Err: syscall.ENOSPC}                // the bytes are not stored
	Short   = Fault{Err: syscall.ENOSPC, Partial: true} // half of the bytes are stored
	Torn    = Fault{Err: syscall.EIO, Done: true}       // all bytes are stored, but the write fails
	Crash   = Fault{Crash: true}
)

// ErrCrashed is wrapped by the error of every operation after the power has failed.
var ErrCrashed = errors.New("errfs: the power is gone")

// An Injector returns the fault of an operation. It may block to delay the operation. It is called by the
// goroutine that performs the operation.
type Injector func(Op) Fault

// At returns an injector with the fault f only for operation n.
func At(n int, f Fault) Injector {
	return func(op Op) Fault {
		if op.N == n {
			return f
		}
		return Fault{}
	}
}

// From returns an injector with the fault f for operation n and all later ones, such as a disk that stays
// full.
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

// Operations yields the numbers of the operations that a test makes fail, given those of an undisturbed run: all of them in a thorough
// run, and otherwise the first of each kind on each kind of file (see [thorough.Numbers]).
func Operations(ops []Op) iter.Seq[int] {
	kinds := make([]string, len(ops))
	for i, op := range ops {
		kinds[i] = string(op.Kind) + " " + op.Name
	}
	return thorough.Numbers(kinds)
}
