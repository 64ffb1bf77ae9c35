package hdf5

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// A Writer collects tensors and writes them as the datasets of one file. A key is a path of group names and the dataset's name.
type Writer struct {
	fsys   fsx.FS
	path   string
	root   Group
	groups map[string]*Group
	added  map[string]added // by key
	failed error            // the first error of Add
}

// An added is a dataset and its elements.
type added struct {
	dataset *Dataset
	source  format.Source
}

var _ format.Writer = (*Writer)(nil)

// CreateFile returns a writer of the file at a path of the operating system. It does not touch files before [Writer.Commit].
func CreateFile(path string) *Writer { return NewWriter(fsx.OS{}, path) }

// NewWriter is [CreateFile] for a path in a filesystem of this module.
func NewWriter(fsys fsx.FS, path string) *Writer {
	w := &Writer{fsys: fsys, path: path, groups: make(map[string]*Group), added: make(map[string]added)}
	w.groups[""] = &w.root
	return w
}

// Group returns the group at a path, so that the caller can set its attributes. It makes the group if it does not exist.
func (w *Writer) Group(path string) (*Group, error) {
	if g, ok := w.groups[path]; ok {
		return g, nil
	}
	if strings.Count(path, "/") >= maxDepth || len(path) > maxPath {
		return nil, fmt.Errorf("hdf5: write %s: %q: expected at most %d groups and %d bytes", w.path, path, maxDepth, maxPath)
	}
	if lastName(path) == "" || strings.HasPrefix(path, "/") {
		return nil, fmt.Errorf("hdf5: write %s: %q has an empty name in it", w.path, path)
	}
	parent, err := w.Group(parentOf(path))
	if err != nil {
		return nil, err
	}
	g := &Group{Path: path}
	w.groups[path] = g
	parent.Groups = append(parent.Groups, g)
	return g, nil
}

func parentOf(path string) string { return path[:max(0, strings.LastIndexByte(path, '/'))] }

// Add implements [format.Writer]. shard is ignored, because HDF5 files have one shard. If a key is also a group, Commit
// returns an error.
func (w *Writer) Add(_ int, key string, src format.Source) error {
	err := w.add(key, src)
	if err != nil && w.failed == nil {
		w.failed = err
	}
	return err
}

func (w *Writer) add(key string, src format.Source) error {
	if _, twice := w.added[key]; twice {
		return fmt.Errorf("hdf5: write %s: %q was already added", w.path, key)
	}
	if key == "" {
		return fmt.Errorf("hdf5: write %s: the tensor has no name, but a dataset must have one: rename it: %w", w.path, errors.ErrUnsupported)
	}
	if lastName(key) == "" || strings.HasPrefix(key, "/") {
		return fmt.Errorf("hdf5: write %s: expected a path that begins and ends with a name, got %q", w.path, key)
	}
	if src.DType == tensor.DTString {
		return fmt.Errorf("hdf5: write %s: %q: cannot write a dataset of strings: %w", w.path, key, errors.ErrUnsupported)
	}
	g, err := w.Group(parentOf(key))
	if err != nil {
		return err
	}
	d := &Dataset{Path: key, DType: src.DType, Shape: src.Shape}
	w.added[key] = added{d, src}
	g.Datasets = append(g.Datasets, d)
	return nil
}

// Annotate adds an attribute to the dataset with the given key, which must have been added.
func (w *Writer) Annotate(key string, a Attribute) error {
	to, ok := w.added[key]
	if !ok {
		return fmt.Errorf("hdf5: write %s: %q was not added", w.path, key)
	}
	to.dataset.Attributes = append(to.dataset.Attributes, a)
	return nil
}

// AddSlice implements format.Writer. It always returns an error, because the Writer writes whole datasets.
func (w *Writer) AddSlice(_ int, key string, _ tensor.Shape, _ tensor.Slice, _ format.Source) error {
	err := fmt.Errorf("hdf5: write %s: %q: cannot write a part of a tensor, add the whole tensor: %w", w.path, key, errors.ErrUnsupported)
	if w.failed == nil {
		w.failed = err
	}
	return err
}

// Commit implements [format.Writer].
func (w *Writer) Commit(ctx context.Context) error {
	c := fsx.Begin(w.fsys)
	defer c.Abort()
	f, err := c.Create(w.path)
	if err != nil {
		return err
	}
	if err := w.Stream(ctx, f, f.Allocate); err != nil {
		return err
	}
	return c.Run(ctx)
}

// Stream writes the file to out from beginning to end. If allocate is not nil, Stream calls it with the file's size first.
func (w *Writer) Stream(ctx context.Context, out io.Writer, allocate func(size int64) error) error {
	if w.failed != nil {
		return w.failed
	}
	head, size, err := Encode(&w.root)
	if err != nil {
		return fmt.Errorf("%s: %w", w.path, err)
	}
	if allocate != nil {
		if err := allocate(size); err != nil {
			return fmt.Errorf("hdf5: write %s: %w", w.path, err)
		}
	}
	s := &stream{ctx: ctx, out: out}
	s.write(head)
	for g := range w.root.All() {
		for _, d := range g.Datasets {
			if err := s.dataset(d, w.added[d.Path].source); err != nil {
				return fmt.Errorf("hdf5: write %s: %q: %w", w.path, d.Path, err)
			}
		}
	}
	s.pad(size)
	if s.err != nil {
		return fmt.Errorf("hdf5: write %s: %w", w.path, s.err)
	}
	return nil
}

// A stream writes a file from its beginning to its end. It keeps the first error.
type stream struct {
	ctx context.Context
	out io.Writer
	at  int64
	err error
}

const chunkSize = 1 << 22 // bytes between two checks of the context

func (s *stream) write(b []byte) {
	for len(b) > 0 && s.err == nil {
		if s.err = s.ctx.Err(); s.err != nil {
			return
		}
		var n int
		n, s.err = s.out.Write(b[:min(len(b), chunkSize)])
		s.at += int64(n)
		b = b[n:]
	}
}

// pad writes zeros up to the next offset that is a multiple of eight.
func (s *stream) pad(to int64) { s.write(make([]byte, to-s.at)) }

func (s *stream) dataset(d *Dataset, src format.Source) error {
	if d.Size == 0 {
		return nil
	}
	s.pad(d.Offset)
	if s.err != nil {
		return s.err
	}
	t, err := src.Load()
	if err != nil {
		return err
	}
	if t.DType() != d.DType || !t.Shape().Equal(d.Shape) {
		return fmt.Errorf("the source announced %v of shape %v, but returned %v of shape %v", d.DType, d.Shape, t.DType(), t.Shape())
	}
	if !tensor.NativeLittleEndian {
		t = tensor.Clone(t)
		tensor.SwapBytes(t)
	}
	memory, _ := tensor.Bytes(t)
	s.write(memory)
	return s.err
}
