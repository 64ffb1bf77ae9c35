package npz

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/crc"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// Options are what a [Writer] can be told.
type Options struct {
	// Progress is told how many bytes of values have been written, of how many, by one goroutine at a time.
	Progress func(done, total int64)
}

// A Writer collects tensors and writes them as one .npz file, to the byte as numpy.savez does: members are stored in the order in
// which they were added. It implements [format.Writer]. It belongs to one goroutine.
type Writer struct {
	fsys  fsx.FS
	path  string
	opts  Options
	items []raw.Item
	keys  map[string]bool
	err   error // the first error of Add and AddSlice, which Commit returns
	done  bool
}

var _ format.Writer = (*Writer)(nil)

// CreateFile returns a Writer of the archive at a path of the machine. Nothing is touched before Commit.
func CreateFile(path string, opts Options) *Writer { return Create(fsx.OS{}, path, opts) }

// Create is [CreateFile] for a path in fsys.
func Create(fsys fsx.FS, path string, opts Options) *Writer {
	return &Writer{fsys: fsys, path: path, opts: opts, keys: make(map[string]bool)}
}

// Add implements [format.Writer]. shard must be 0. NumPy has no bfloat16, no float8 and no 4-bit numbers: these are errors that satisfy
// errors.Is(err, errors.ErrUnsupported), as are strings.
func (w *Writer) Add(shard int, key string, src format.Source) error {
	return w.note(key, w.add(shard, key, src))
}

// AddSlice implements [format.Writer]. An archive has no parts of arrays: only a part that is all of one is accepted.
func (w *Writer) AddSlice(shard int, key string, full tensor.Shape, part tensor.Slice, src format.Source) error {
	_, shape, err := part.Resolve(full)
	if err == nil && !shape.Equal(full) {
		err = fmt.Errorf("an .npz file cannot hold part %v of an array: add it whole: %w", part, errors.ErrUnsupported)
	}
	if err != nil {
		return w.note(key, err)
	}
	return w.Add(shard, key, src)
}

// note keeps the first error and says which key it is about.
func (w *Writer) note(key string, err error) error {
	if err == nil {
		return nil
	}
	err = &raw.Error{File: w.path, Key: key, Offset: -1, Err: err}
	if w.err == nil {
		w.err = err
	}
	return err
}

func (w *Writer) add(shard int, key string, src format.Source) error {
	it := raw.Item{Key: key, Source: src, HasCRC: true}
	switch {
	case w.done:
		return errDone
	case shard != 0:
		return fmt.Errorf("shard %d, and an .npz file has one", shard)
	case !utf8.ValidString(key) || strings.ContainsRune(key, 0):
		return errors.New("the name is not text that a ZIP archive can have")
	case len(key) > math.MaxUint16-len(ending):
		return fmt.Errorf("a name of %d bytes, and a ZIP archive can have %d", len(key), math.MaxUint16-len(ending))
	case w.keys[key]:
		return errors.New("this key was added before")
	}
	if err := checkItem(&it); err != nil {
		return err
	}
	w.keys[key] = true
	w.items = append(w.items, it)
	return nil
}

var errDone = errors.New("the archive has been committed, or its commit has failed: begin another")

// checkItem returns an error where NumPy has no such array.
func checkItem(it *raw.Item) error {
	if _, ok := descrOf(it.Source.DType); !ok {
		return fmt.Errorf("NumPy has no %v: cast it: %w", it.Source.DType, errors.ErrUnsupported)
	}
	return it.Check()
}

// headerOf returns the .npy header of an item.
func headerOf(it *raw.Item) []byte {
	descr, _ := descrOf(it.Source.DType)
	return appendHeader(nil, descr, it.Source.Shape)
}

// Commit implements [format.Writer]. Tensors are loaded one at a time, in the order in which they were added, and are to stay as they are
// until Commit returns.
func (w *Writer) Commit(ctx context.Context) error {
	if w.done {
		return &raw.Error{File: w.path, Offset: -1, Err: errDone}
	}
	w.done = true
	if w.err != nil {
		return w.err
	}
	return commit(ctx, w.fsys, w.path, w.write)
}

// commit replaces the file at path with what write writes.
func commit(ctx context.Context, fsys fsx.FS, path string, write func(context.Context, fsx.File) error) error {
	c := fsx.Begin(fsys)
	defer c.Abort()
	f, err := c.Create(path)
	if err != nil {
		return err
	}
	if err := write(ctx, f); err != nil {
		return err
	}
	return c.Run(ctx)
}

// write writes the archive. Headers come after the values, of which they have the checksums.
func (w *Writer) write(ctx context.Context, f fsx.File) error {
	members, headers := make([]member, len(w.items)), make([][]byte, len(w.items))
	end, total := int64(0), int64(0)
	for i := range w.items {
		it, m := &w.items[i], &members[i]
		headers[i] = headerOf(it)
		*m = member{name: it.Key + ending, offset: end, size: int64(len(headers[i])) + it.Size()}
		it.Offset = end + m.localSize() + int64(len(headers[i]))
		end += m.localSize() + m.size
		total += it.Size()
	}
	if err := f.Allocate(end); err != nil {
		return raw.OpenError("allocate", w.path, err)
	}
	if err := raw.Write(ctx, f, w.path, w.items, w.progress(total)); err != nil {
		return err
	}
	var directory []byte
	for i := range members {
		m, header := &members[i], headers[i]
		m.sum = crc.Combine(crc32.IEEE, crc32.ChecksumIEEE(header), w.items[i].CRC, w.items[i].Size())
		if _, err := f.WriteAt(append(m.appendLocal(nil), header...), m.offset); err != nil {
			return raw.OpenError("write", w.path, err)
		}
		directory = m.appendEntry(directory)
	}
	directory = appendEnd(directory, len(members), int64(len(directory)), end)
	if _, err := f.WriteAt(directory, end); err != nil {
		return raw.OpenError("write", w.path, err)
	}
	return nil
}

// progress returns what [raw.Write] tells of bytes that were written.
func (w *Writer) progress(total int64) func(n int64) {
	if w.opts.Progress == nil {
		return nil
	}
	done := int64(0)
	return func(n int64) {
		done += n
		w.opts.Progress(done, total)
	}
}

// WriteArrayFile writes a tensor as the .npy file at a path of the machine, to the byte as numpy.save does. The errors are
// those of [Writer.Add] and [Writer.Commit].
func WriteArrayFile(ctx context.Context, path string, src format.Source) error {
	return WriteArray(ctx, fsx.OS{}, path, src)
}

// WriteArray is [WriteArrayFile] for a path in fsys.
func WriteArray(ctx context.Context, fsys fsx.FS, path string, src format.Source) error {
	it := raw.Item{Source: src}
	if err := checkItem(&it); err != nil {
		return &raw.Error{File: path, Offset: -1, Err: err}
	}
	header := headerOf(&it)
	it.Offset = int64(len(header))
	return commit(ctx, fsys, path, func(ctx context.Context, f fsx.File) error {
		if err := f.Allocate(it.Offset + it.Size()); err != nil {
			return raw.OpenError("allocate", path, err)
		}
		if _, err := f.WriteAt(header, 0); err != nil {
			return raw.OpenError("write", path, err)
		}
		return raw.Write(ctx, f, path, []raw.Item{it}, nil)
	})
}
