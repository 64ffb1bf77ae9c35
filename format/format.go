// Package format says what a checkpoint format offers to the rest: entries by key, tensors read straight into
// their destination, tensors written and committed at once. It knows nothing of structs or object graphs.
package format

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/gockpt/ckpt/tensor"
)

// Sentinel errors of every format, for errors.Is.
var (
	// ErrCorrupt is in every error about bytes that are not what the format says: checksums, truncation, forged numbers.
	ErrCorrupt = errors.New("corrupt checkpoint")
	// ErrNotFound is in the error of a key that is not stored.
	ErrNotFound = errors.New("not found")
	// ErrFormat is in the error of a file that is not a checkpoint of any known format.
	ErrFormat = errors.New("not a checkpoint")
	// ErrStale is in the error of a read from a checkpoint that was replaced or removed after it was opened, and of a worker that
	// comes too late to write its part of one.
	ErrStale = errors.New("stale")
)

// An Entry says what is stored under a key, without its values.
type Entry struct {
	Key    string
	DType  tensor.DType
	Shape  tensor.Shape   // of the whole tensor
	Bytes  int64          // of the tensor in its data file; of all parts together where it is partitioned
	Slices []tensor.Slice // the parts of a partitioned tensor in the order they were added; nil where it is stored whole
}

// A Reader reads one stored checkpoint. Several goroutines may use it at once.
type Reader interface {
	Finder
	// Lookup returns the entry of key. ok is false if there is none; an error means that the index is damaged there.
	Lookup(key string) (e Entry, ok bool, err error)
	// All yields every entry in the byte order of keys, the parts of partitioned tensors left out. It reads no data file.
	// It ends after the first error.
	All() iter.Seq2[Entry, error]
	// Check returns the error that Read would give for e's stored bytes as far as it can be told without reading
	// them: files that are missing or too short, sizes that do not fit shape and dtype, parts that do not cover the whole.
	Check(key string) error
	// CheckSlice is Check for ReadSlice of a region: it asks for no more than the parts that have some of it.
	CheckSlice(key string, region tensor.Slice) error
	// Read reads the tensor straight into dst, which has its dtype and shape, and verifies its checksum in the same
	// pass. Where there is an error dst may hold some of the values.
	Read(ctx context.Context, key string, dst tensor.Any) error
	// ReadSlice reads a region of the tensor into dst, which has the region's shape. It reads no more than the region's
	// rows need, so where the region is less than a stored part it cannot verify that part's checksum.
	ReadSlice(ctx context.Context, key string, region tensor.Slice, dst tensor.Any) error
	// WriteStored copies the tensor to w as a data file would hold it, whole and little-endian (strings with their lengths and
	// their checksum), verified, in bounded memory.
	WriteStored(ctx context.Context, key string, w io.Writer) error
	io.Closer
}

// A Finder finds tensors by their keys.
type Finder interface {
	// Find looks key up, once for several calls on its tensor. ok and the error are those of [Reader.Lookup].
	Find(key string) (f Found, ok bool, err error)
}

// A Found is a tensor that was looked up. Its methods are those of [Reader] for its key.
type Found interface {
	Entry() (Entry, error)
	Check() error
	Read(ctx context.Context, dst tensor.Any) error
}

// An Expecter is a [Reader] that can fetch ahead what will be read, where its files are far away.
type Expecter interface {
	// Expect says that these will be read, once each and most likely in this order. It reports no errors: reading does.
	Expect(wanted iter.Seq[Wanted])
}

// A Wanted is a tensor, or a region of one, that will be read.
type Wanted struct {
	Key    string
	Region tensor.Slice // nil: all of it
}

// A Source is a tensor to be written, whose values are asked for when their turn comes.
type Source struct {
	DType tensor.DType
	Shape tensor.Shape
	// Load returns the values: the tensor itself, or a copy for values that are not laid out as a tensor.
	Load func() (tensor.Any, error)
}

// SourceOf returns the Source of a tensor in memory.
func SourceOf(t tensor.Any) Source {
	return Source{DType: t.DType(), Shape: t.Shape(), Load: func() (tensor.Any, error) { return t, nil }}
}

// A NamedTensor is a tensor in memory under a name.
type NamedTensor struct {
	Name   string
	Tensor tensor.Any
}

// A Writer collects tensors and writes them at once. Data is laid out in the order they were added.
type Writer interface {
	// Add adds a tensor to a data shard (0 where there is one). A key added twice is an error, then and at Commit.
	Add(shard int, key string, src Source) error
	// AddSlice adds part of the tensor called key, whose whole shape is full.
	AddSlice(shard int, key string, full tensor.Shape, part tensor.Slice, src Source) error
	// Commit writes the files beside their destination, syncs them, and renames them into place, data before index. Where it
	// fails, or ctx ends, no file is left and what was at the destination stays.
	Commit(ctx context.Context) error
}
