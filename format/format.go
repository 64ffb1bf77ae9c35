// Package format defines what a checkpoint format provides: entries by key, tensors read straight into their destination,
// tensors written and committed at once. It does not deal with structs or object graphs.
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
	// ErrCorrupt is wrapped by every error about bytes that violate the format: wrong checksums, truncated
	// files, forged numbers.
	ErrCorrupt = errors.New("corrupt checkpoint")
	// ErrNotFound is wrapped by the error about a key that is not stored.
	ErrNotFound = errors.New("not found")
	// ErrFormat is wrapped by the error about a file that is not a checkpoint of any known format.
	ErrFormat = errors.New("not a checkpoint")
	// ErrStale is wrapped by the error about a checkpoint that was replaced or removed after it was opened,
	// and about a worker that comes too late to write its part of a checkpoint.
	ErrStale = errors.New("stale")
)

// An Entry describes the tensor that is stored under a key, without its values.
type Entry struct {
	Key    string
	DType  tensor.DType
	Shape  tensor.Shape   // of the whole tensor
	Bytes  int64          // size of the tensor in its data file; if it is partitioned, of all parts together
	Slices []tensor.Slice // the parts of a partitioned tensor in the order in which they were added; nil if it is stored whole
	// Stored is the file's name of the elements' type if DType does not describe it: for tensors in blocks,
	// such as "Q4_K", and for tensors that can only be listed because Go has no such type, such as "F4".
	// Otherwise it is "".
	Stored string
}

// Type returns the name of the elements' type: DType's or, if Go has no such type, the file's.
func (e Entry) Type() string {
	if e.Stored != "" && e.DType == tensor.InvalidDType {
		return e.Stored
	}
	return e.DType.String()
}

// A Reader reads one stored checkpoint. Several goroutines may use it at once.
type Reader interface {
	Finder
	// Lookup returns the entry of key. ok is false if there is none. An error means that the index is damaged there.
	Lookup(key string) (e Entry, ok bool, err error)
	// All yields every entry in the byte order of keys, but not the parts of partitioned tensors. It does not read data
	// files. It ends after the first error.
	All() iter.Seq2[Entry, error]
	// Check returns the errors that Read would return, as far as they can be found without reading values: missing or short
	// files, sizes that do not match shape and dtype, parts that do not cover the tensor.
	Check(key string) error
	// CheckSlice is Check for ReadSlice of a region. It looks only at the parts that overlap the region.
	CheckSlice(key string, region tensor.Slice) error
	// Read reads the tensor straight into dst and verifies its checksum in the same pass. dst must have the tensor's dtype
	// and shape. After an error dst may hold some of the values.
	Read(ctx context.Context, key string, dst tensor.Any) error
	// ReadSlice reads a region of the tensor into dst, which must have the region's shape. It reads only the bytes that the
	// region's rows need, so it cannot verify the checksum of a part that lies only partly in the region.
	ReadSlice(ctx context.Context, key string, region tensor.Slice, dst tensor.Any) error
	// WriteStored verifies the tensor and copies it to w in the form of a data file: whole and little-endian, strings with
	// their lengths and their checksum. It uses bounded memory.
	WriteStored(ctx context.Context, key string, w io.Writer) error
	io.Closer
}

// A Finder finds tensors by their keys.
type Finder interface {
	// Find looks up key once for several calls on its tensor. ok and err are those of [Reader.Lookup].
	Find(key string) (f Found, ok bool, err error)
}

// A Found is a tensor that was looked up. Its methods do for its key what the methods of [Reader] do.
type Found interface {
	Entry() (Entry, error)
	Check() error
	Read(ctx context.Context, dst tensor.Any) error
}

// An Expecter is a Reader that can fetch data ahead of reading if its files are far away.
type Expecter interface {
	// Expect announces tensors that will be read, once each and most likely in this order. It does not report errors:
	// reading does.
	Expect(wanted iter.Seq[Wanted])
}

// A Wanted is a tensor, or a region of one, that will be read.
type Wanted struct {
	Key    string
	Region tensor.Slice // nil: all of it
}

// A Source is a tensor to be written. A Writer calls Load when the tensor's turn comes.
type Source struct {
	DType tensor.DType
	Shape tensor.Shape
	// Load returns the values: the tensor itself, or a copy if the values are not stored as a tensor.
	Load func() (tensor.Any, error)
}

// SourceOf returns the Source of a tensor in memory.
func SourceOf(t tensor.Any) Source {
	return Source{DType: t.DType(), Shape: t.Shape(), Load: func() (tensor.Any, error) { return t, nil }}
}

// A NamedTensor is a tensor in memory and its name.
type NamedTensor struct {
	Name   string
	Tensor tensor.Any
}

// A Writer collects tensors and writes them at once, in the order in which they were added.
type Writer interface {
	// Add adds a tensor to a data shard (0 if there is only one). Adding a key twice is an error, which Commit returns too.
	Add(shard int, key string, src Source) error
	// AddSlice adds a part of the tensor called key. full is the shape of the whole tensor.
	AddSlice(shard int, key string, full tensor.Shape, part tensor.Slice, src Source) error
	// Commit writes the files next to their destination, syncs them, and renames them into place, data before
	// index. If it fails, or ctx ends, it removes its files, and the destination does not change.
	Commit(ctx context.Context) error
}
