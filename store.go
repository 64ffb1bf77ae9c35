package ckpt

import (
	"github.com/gockpt/ckpt/internal/storefs"
	"github.com/gockpt/ckpt/store"
)

// In makes a call read from and write to s, such as an S3 bucket, instead of the machine's files. Paths are then names within s:
// "run/ckpt" and "run/ckpt-1.index". Everything that takes a path takes In, and [New] takes it for all calls on the Checkpoint.
//
// What is written is what a directory would have, so that it can be downloaded and read by TensorFlow; only the numbers in the
// names of data files may differ. Values stream from the program's memory without a copy; restoring reads in large ranges, several at
// once. A save is committed by its index, and published in the `checkpoint` file by a conditional write: of saves that overlap the
// older one is never published over the newer. What an interrupted save left behind the next one under that name removes.
//
// A Store has no permissions, mappings or locks: [FileMode] is an error, [Mapped] reads, and of two [Manager]s that
// save at the same time the second one's save is refused when it is to be published.
func In(s store.Store) AnyOption {
	return option(func(o *options) {
		if s == nil {
			o.fsys = nil
			return
		}
		f := storefs.New(s)
		o.fsys, o.writer = f, f
	})
}
