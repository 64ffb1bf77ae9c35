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

// Options are the options of a Writer.
type Options struct {
	// Progress is called with the number of bytes of values written so far and in total, by one goroutine at a time.
	Progress func(done, total int64)
}

// A Writer collects tensors and writes them as one .npz file, byte for byte as numpy.savez does, in the order in which they
// were added. It implements format.Writer. NumPy does not have bfloat16, float8, 4-bit numbers or strings like TensorFlow's:
// adding such a tensor returns an error that satisfies errors.Is(err, errors.ErrUnsupported). Only one goroutine at a time may
// use a Writer.
type Writer struct {
	raw.List
	fsys fsx.FS
	path string
	opts Options
}

var _ format.Writer = (*Writer)(nil)

// CreateFile returns a Writer of the archive at a path of the operating system. It does not touch files before Commit.
func CreateFile(path string, opts Options) *Writer { return Create(fsx.OS{}, path, opts) }

// Create is [CreateFile] for a path in a filesystem of this module.
func Create(fsys fsx.FS, path string, opts Options) *Writer {
	return &Writer{List: raw.NewList(path, accept), fsys: fsys, path: path, opts: opts}
}

// accept returns an error if an archive cannot hold an array with the given name and dtype.
func accept(key string, d tensor.DType) error {
	switch {
	case !utf8.ValidString(key) || strings.ContainsRune(key, 0):
		return errors.New("the name is not valid as the name of a ZIP member")
	case len(key) > math.MaxUint16-len(ending):
		return fmt.Errorf("the name has %d bytes, a ZIP archive allows at most %d", len(key), math.MaxUint16-len(ending))
	}
	return checkDType(d)
}

// checkDType returns an error if NumPy does not have the dtype.
func checkDType(d tensor.DType) error {
	if _, ok := descrOf(d); !ok {
		return fmt.Errorf("NumPy has no %v: cast the tensor to another dtype: %w", d, errors.ErrUnsupported)
	}
	return nil
}

// headerOf returns the .npy header of an item.
func headerOf(it *raw.Item) []byte {
	descr, _ := descrOf(it.Source.DType)
	return appendHeader(nil, descr, it.Source.Shape)
}

// Commit implements format.Writer. It loads tensors one at a time, in the order in which they were added. They must not
// change until Commit returns.
func (w *Writer) Commit(ctx context.Context) error {
	items, err := w.Finish()
	if err != nil {
		return err
	}
	return commit(ctx, w.fsys, w.path, func(ctx context.Context, f fsx.File) error { return w.write(ctx, f, items) })
}

// commit replaces the file at path with the output of write.
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

// write writes the archive. Headers are written after the values, because they hold the values' checksums.
func (w *Writer) write(ctx context.Context, f fsx.File, items []raw.Item) error {
	members, headers := make([]member, len(items)), make([][]byte, len(items))
	end := int64(0)
	for i := range items {
		it, m := &items[i], &members[i]
		headers[i] = headerOf(it)
		*m = member{name: it.Key + ending, offset: end, size: int64(len(headers[i])) + it.Size()}
		it.HasCRC = true
		it.Offset = end + m.localSize() + int64(len(headers[i]))
		end += m.localSize() + m.size
	}
	if _, ordered := w.fsys.(fsx.Objects); ordered {
		return w.writeInOrder(ctx, f, items, members, headers, end)
	}
	if err := f.Allocate(end); err != nil {
		return raw.OpenError("allocate", w.path, err)
	}
	if err := raw.Write(ctx, f, w.path, items, w.progress(raw.TotalSize(items))); err != nil {
		return err
	}
	directory := directoryOf(items, members, headers, end)
	for i := range members {
		if _, err := f.WriteAt(append(members[i].appendLocal(nil), headers[i]...), members[i].offset); err != nil {
			return raw.OpenError("write", w.path, err)
		}
	}
	if _, err := f.WriteAt(directory, end); err != nil {
		return raw.OpenError("write", w.path, err)
	}
	return nil
}

// writeInOrder writes the archive from its beginning to its end. It loads the values twice: first for their checksums.
func (w *Writer) writeInOrder(ctx context.Context, f fsx.File, items []raw.Item, members []member, headers [][]byte, end int64) error {
	if err := raw.Write(ctx, nowhere{}, w.path, items, nil); err != nil {
		return err
	}
	directory := directoryOf(items, members, headers, end)
	if err := f.Allocate(end + int64(len(directory))); err != nil {
		return raw.OpenError("allocate", w.path, err)
	}
	progress := w.progress(raw.TotalSize(items))
	for i := range members {
		if _, err := f.WriteAt(append(members[i].appendLocal(nil), headers[i]...), members[i].offset); err != nil {
			return raw.OpenError("write", w.path, err)
		}
		if err := raw.Write(ctx, f, w.path, items[i:i+1], progress); err != nil {
			return err
		}
	}
	if _, err := f.WriteAt(directory, end); err != nil {
		return raw.OpenError("write", w.path, err)
	}
	return nil
}

// nowhere is a file that discards its contents. It serves to compute checksums.
type nowhere struct{}

func (nowhere) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }

// directoryOf returns the archive's directory, which begins at end, and sets the members' checksums.
func directoryOf(items []raw.Item, members []member, headers [][]byte, end int64) (directory []byte) {
	for i := range members {
		m := &members[i]
		m.sum = crc.Combine(crc32.IEEE, crc32.ChecksumIEEE(headers[i]), items[i].CRC, items[i].Size())
		directory = m.appendEntry(directory)
	}
	return appendEnd(directory, len(members), int64(len(directory)), end)
}

// progress returns the callback by which [raw.Write] reports the bytes that it has written.
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

// WriteArrayFile writes a tensor as the .npy file at a path of the operating system, byte for byte as numpy.save does. The
// errors are those of [Writer].Add and [Writer.Commit].
func WriteArrayFile(ctx context.Context, path string, src format.Source) error {
	return WriteArray(ctx, fsx.OS{}, path, src)
}

// WriteArray is [WriteArrayFile] for a path in a filesystem of this module.
func WriteArray(ctx context.Context, fsys fsx.FS, path string, src format.Source) error {
	it := raw.Item{Source: src}
	err := checkDType(src.DType)
	if err == nil {
		err = it.Check()
	}
	if err != nil {
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
