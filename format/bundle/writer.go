package bundle

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/slicekey"
	"github.com/gockpt/ckpt/tensor"
)

// Options are the options of a Writer. With the zero value it writes the same files as TensorFlow.
type Options struct {
	// Shards is the number of data files. 0 means the number of data files to which tensors were added, at
	// least one.
	Shards int
	// Alignment makes the offset of every tensor a multiple of it and fills the gaps with zeros. 0 and 1 mean no gaps.
	Alignment int
	// Workers is the number of goroutines that write data. 0 means one per processor.
	Workers int
	// Progress is called with the number of bytes of data written so far and in total, by one goroutine at a time.
	Progress func(done, total int64)
}

// A Writer collects tensors and writes them as one checkpoint. It implements [format.Writer]. It belongs to one
// goroutine.
type Writer struct {
	fsys   fsx.FS
	prefix string
	opts   Options

	items       []item
	keys        keySet
	partitioned map[string]*partitioned // by name
	planned     bool
	total       int64   // number of bytes of data, after planning
	ends        []int64 // length of each data file, after planning
	err         error   // the first error of Add and AddSlice, which Commit returns
	done        bool

	bigEndianMemory bool // numbers in memory are big-endian, in files they are little-endian
}

var _ format.Writer = (*Writer)(nil)

// An item is one tensor, or one part of one, to be written.
type item struct {
	key     string // encoded
	shape   tensor.Shape
	values  func() (tensor.Any, error)
	offset  int64
	size    int64
	large   *pieces // nil for numbers in one chunk
	dtype   tensor.DType
	shard   int32
	sum     uint32 // checksum of its only chunk, not masked
	written bool   // its data was passed on for writing
}

// A pieces is the data of an item with several chunks or with strings.
type pieces struct {
	sums   []uint32   // checksums of its chunks, not masked; nil for one chunk
	loaded tensor.Any // kept if planning had to load it
}

// name returns the item's name for messages.
func (it *item) name() string {
	if name, _, ok := slicekey.Parse([]byte(it.key)); ok {
		return name
	}
	return it.key
}

// A partitioned is a tensor that is added in parts.
type partitioned struct {
	record       // the entry at the tensor's key
	shards []int // data file of each slice
}

// CreateFile is Create for a checkpoint in the operating system's files.
func CreateFile(prefix string, opts Options) *Writer { return Create(fsx.OS{}, prefix, opts) }

// Create returns a Writer of the checkpoint called prefix in a filesystem of this module. It does not touch files before Commit.
func Create(fsys fsx.FS, prefix string, opts Options) *Writer {
	return &Writer{
		fsys: fsys, prefix: prefix, opts: opts,
		partitioned:     make(map[string]*partitioned),
		bigEndianMemory: !tensor.NativeLittleEndian,
	}
}

// Grow makes room for n more tensors.
func (w *Writer) Grow(n int) {
	w.items = slices.Grow(w.items, n)
	w.keys.grow(w.items, len(w.items)+n)
}

// Add implements [format.Writer].
func (w *Writer) Add(shard int, key string, src format.Source) error {
	return w.note(key, w.add(shard, key, src))
}

// AddSlice implements format.Writer. A part that covers the tensor is stored as if it were passed to Add, as TensorFlow
// does.
func (w *Writer) AddSlice(shard int, key string, full tensor.Shape, part tensor.Slice, src format.Source) error {
	return w.note(key, w.addSlice(shard, key, full, part, src))
}

// note keeps the first error and adds the key.
func (w *Writer) note(key string, err error) error {
	if err == nil {
		return nil
	}
	err = &Error{File: w.prefix, Key: key, Offset: -1, Err: err}
	if w.err == nil {
		w.err = err
	}
	return err
}

// add adds an item under an encoded key.
func (w *Writer) add(shard int, key string, src format.Source) error {
	switch {
	case w.done || w.planned:
		return errDone
	case key == "":
		return errors.New("the empty key is reserved for the header")
	case w.partitioned[key] != nil || w.keys.has(w.items, key):
		return errDuplicate
	case shard < 0 || shard > math.MaxInt32 || w.opts.Shards > 0 && shard >= w.opts.Shards:
		return fmt.Errorf("data file %d of %d", shard, w.opts.Shards)
	}
	if !src.DType.HasValues() {
		return fmt.Errorf("tensors of %v are not supported", src.DType)
	}
	if src.Shape == nil {
		return errors.New("the tensor is not built: it has no values")
	}
	rec := record{dtype: src.DType, shape: src.Shape}
	if err := rec.check(); err != nil {
		return err
	}
	w.items = append(w.items, item{key: key, dtype: src.DType, shape: src.Shape, values: src.Load, shard: int32(shard)})
	w.keys.add(w.items)
	return nil
}

var (
	errDone      = errors.New("the checkpoint has been committed, or its commit has failed: create another Writer")
	errDuplicate = errors.New("this key, or this part of it, was already added")
)

func (w *Writer) addSlice(shard int, key string, full tensor.Shape, part tensor.Slice, src format.Source) error {
	resolved, shape, err := part.Resolve(full)
	if err != nil {
		return err
	}
	if !shape.Equal(src.Shape) || src.Shape == nil {
		return fmt.Errorf("part %v has shape %v, but its tensor has shape %v", part, shape, src.Shape)
	}
	if shape.Equal(full) {
		return w.add(shard, key, src)
	}
	whole := w.partitioned[key]
	switch {
	case key == "":
		return errors.New("the empty key is reserved for the header")
	case whole == nil && w.keys.has(w.items, key):
		return errDuplicate
	case whole != nil && (whole.dtype != src.DType || !whole.shape.Equal(full)):
		return fmt.Errorf("part %v belongs to %v%v, but earlier parts belong to %v%v", part, src.DType, full, whole.dtype, whole.shape)
	case whole == nil:
		whole = &partitioned{record: record{dtype: src.DType, shape: full}}
		if err := whole.check(); err != nil {
			return err
		}
	}
	// A part's key has the extents as they were given, because there are two forms for a whole axis.
	for i := range resolved {
		if part[i] == tensor.Full {
			resolved[i] = tensor.Full
		}
	}
	if err := w.add(shard, string(slicekey.Of(key, resolved)), src); err != nil {
		return err
	}
	if len(whole.slices) == 0 {
		w.partitioned[key] = whole
	}
	whole.insert(shard, resolved)
	return nil
}

// insert lists a part after those of the same data file and of lower ones, and writes the lowest data file
// into the record. The result equals a merge of one bundle per file, which is how TensorFlow writes several
// files.
func (p *partitioned) insert(shard int, s tensor.Slice) {
	at := sort.SearchInts(p.shards, shard+1)
	p.shards = slices.Insert(p.shards, at, shard)
	p.slices = slices.Insert(p.slices, at, s)
	p.shard = int32(p.shards[0])
}

// Commit implements format.Writer. It loads tensors one at a time, in the order in which they were added.
// They must not change until Commit returns. Tensors of strings and variants are loaded before the first byte
// is written, because their size must be known. If there are more data files than [openFiles], it finishes
// some before it begins others.
//
// An earlier checkpoint at the prefix can be read until the new one is durable, even if the program or the machine stops;
// see replace.go. Commit removes the remains of earlier saves of the prefix that did not finish. Two saves of one prefix
// must not overlap.
func (w *Writer) Commit(ctx context.Context) error {
	if w.done {
		return &Error{File: w.prefix, Offset: -1, Err: errDone}
	}
	w.done = true
	if err := w.plan(ctx); err != nil {
		return err
	}
	if o, ok := w.fsys.(fsx.Objects); ok {
		return w.upload(ctx, o)
	}
	n := w.shards()
	at := placeOf(w.fsys, w.prefix)
	at.sweep()
	staged := at.freeCount(n)
	if err := w.commitAs(ctx, staged); err != nil {
		return err
	}
	if staged != n && w.rename(context.WithoutCancel(ctx), staged) == nil {
		staged = n
	}
	at.removeOthers(staged)
	return nil
}

// commitAs writes the checkpoint. The names of its data files have count as the number of data files.
func (w *Writer) commitAs(ctx context.Context, count int) error {
	commit := fsx.Begin(w.fsys)
	defer commit.Abort()
	n := w.shards()
	for first := 0; first < n; first += openFiles {
		files := make([]fsx.File, n)
		last := min(first+openFiles, n)
		for i := first; i < last; i++ {
			var err error
			if files[i], err = commit.Create(DataFile(w.prefix, i, count)); err != nil {
				return err
			}
		}
		if err := w.writeData(ctx, files); err != nil {
			return err
		}
		if last == n {
			break // Run closes them
		}
		for i := first; i < last; i++ {
			if err := files[i].Close(); err != nil {
				return w.fault(i, err)
			}
		}
	}
	index, err := commit.Create(IndexFile(w.prefix))
	if err != nil {
		return err
	}
	if err := w.writeIndex(index, count); err != nil {
		return err
	}
	return commit.Run(ctx)
}

// shards returns the number of data files.
func (w *Writer) shards() int {
	n := max(w.opts.Shards, 1)
	for i := range w.items {
		n = max(n, int(w.items[i].shard)+1)
	}
	return n
}
