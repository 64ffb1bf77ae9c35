package ckpt

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/prefix"
	"github.com/gockpt/ckpt/internal/verify"
	"github.com/gockpt/ckpt/tensor"
)

// A Reader reads a checkpoint without a model: it lists the stored keys and reads any tensor. Several goroutines may use it
// at once. It keeps files open until Close.
type Reader struct {
	f      format.Reader
	prefix string
	format string
	opts   options
}

// VariableInfo describes a stored tensor.
type VariableInfo = format.Entry

// StoredGraph is the object graph that a checkpoint stores.
type StoredGraph = objectgraph.Graph

// Open opens a checkpoint for reading. path may name a TensorFlow checkpoint: its prefix, one of its files, a SavedModel's
// directory, or a directory with a `checkpoint` file that names the latest checkpoint. It may also name a file of safetensors,
// Keras, HDF5, NumPy, PyTorch or GGUF, or the index or the directory of several such files. Open recognizes the format by the
// contents; [Reader.Format] returns it. Only the index is read. The error satisfies errors.Is(err, [ErrNotFound]) if there is no
// file, [ErrFormat] if the file is not a checkpoint, and [ErrCorrupt] if its index is damaged.
//
// Options: [Mapped], [StateFile], [AbsolutePaths], [In], [WithFS], [WithLogger], [WithProgress].
func Open(path string, opts ...OpenOption) (*Reader, error) {
	o, err := with(defaultOptions(), opts)
	if err != nil {
		return nil, err
	}
	return openReader(context.Background(), path, o)
}

// Prefix returns the prefix of the checkpoint that Open chose.
func (r *Reader) Prefix() string { return r.prefix }

// Format returns the format of the checkpoint: "tensorflow", "safetensors", "keras" (Keras 3), "hdf5" (Keras's legacy files and
// others), "npz" (also .npy), "pytorch" or "gguf".
func (r *Reader) Format() string { return r.format }

// Config returns the model's description in the file: Keras's JSON, from an archive's config.json or a legacy file's model_config.
// It is nil if there is none.
func (r *Reader) Config() json.RawMessage {
	if c, ok := r.f.(interface{ Config() json.RawMessage }); ok {
		return c.Config()
	}
	return nil
}

// Metadata returns the metadata of safetensors and GGUF files, such as "format": "pt" or "general.architecture": "llama". The numbers,
// booleans and lists of GGUF files are in JSON. It is nil if there is none, and for all other formats.
func (r *Reader) Metadata() map[string]string {
	switch f := r.f.(type) {
	case interface{ Metadata() map[string]string }:
		return f.Metadata()
	case interface{ MetadataText() map[string]string }:
		return f.MetadataText()
	}
	return nil
}

// ReadableNames returns names for the keys of a Keras file, because Keras numbers layers and variables. A name consists of the
// names of the layers and of the variable, joined by dots, such as block1_conv.kernel for layers/conv2d/vars/0. It omits layers
// if the file does not have their names, and names that two keys would share. For other files it is empty.
func (r *Reader) ReadableNames() (map[string]string, error) {
	if n, ok := r.f.(interface {
		ReadableNames() (map[string]string, error)
	}); ok {
		return n.ReadableNames()
	}
	return nil, nil
}

// Variables returns every entry of the checkpoint in the order of keys, including the key of the object graph. A partitioned
// tensor is one entry with its whole shape. Damaged entries are left out: see Reader.All.
func (r *Reader) Variables() []VariableInfo {
	var all []VariableInfo
	for e, err := range r.f.All() {
		if err == nil {
			all = append(all, e)
		}
	}
	return all
}

// All yields every entry of the checkpoint in the order of keys, without keeping them in memory. A damaged entry comes with
// an error that describes the damage.
func (r *Reader) All() iter.Seq2[VariableInfo, error] { return r.f.All() }

// Has reports whether a tensor is stored under key.
func (r *Reader) Has(key string) bool {
	_, ok, err := r.f.Lookup(key)
	return ok && err == nil
}

// Lookup returns the entry of key. The error satisfies errors.Is(err, ErrNotFound) if nothing is stored under key.
func (r *Reader) Lookup(key string) (VariableInfo, error) {
	e, ok, err := r.f.Lookup(key)
	if err == nil && !ok {
		if trimmed, cut := strings.CutSuffix(key, ":0"); cut {
			return r.Lookup(trimmed) // like tf.train.load_variable with a tensor's name
		}
		err = fmt.Errorf("ckpt: %s: key %q: %w in checkpoint", r.prefix, key, ErrNotFound)
	}
	return e, err
}

// Tensor reads the tensor stored under key and verifies its checksum. Use tensor.As to convert it to a typed tensor. If key
// is not stored and ends in ":0", Tensor drops the ending, as TensorFlow does.
func (r *Reader) Tensor(key string) (tensor.Any, error) {
	return r.ReadTensor(context.Background(), key)
}

// ReadTensor is Tensor with a context.
func (r *Reader) ReadTensor(ctx context.Context, key string) (tensor.Any, error) {
	e, err := r.Lookup(key)
	if err != nil {
		return nil, err
	}
	if err := r.f.Check(e.Key); err != nil { // before memory is allocated for data that does not exist
		return nil, fmt.Errorf("ckpt: %w", err)
	}
	if m, ok := r.f.(*bundle.Reader); ok && r.opts.mapped {
		switch t, ok, err := m.Map(e.Key); {
		case err != nil:
			return nil, fmt.Errorf("ckpt: %w", err)
		case ok:
			return t, nil
		}
	}
	t, err := tensor.NewAny(e.DType, e.Shape...)
	if err != nil {
		return nil, fmt.Errorf("ckpt: %s: key %q: %w", r.prefix, key, err)
	}
	if err := r.f.Read(ctx, e.Key, t); err != nil {
		return nil, fmt.Errorf("ckpt: %w", err)
	}
	return t, nil
}

// ReadInto reads the tensor stored under key straight into dst, which has its dtype and shape.
func (r *Reader) ReadInto(ctx context.Context, key string, dst tensor.Any) error {
	e, err := r.Lookup(key)
	if err != nil {
		return err
	}
	if err := r.checkInto(key, e.DType, e.Shape, dst); err != nil {
		return err
	}
	return r.f.Read(ctx, e.Key, dst)
}

// checkInto returns an error unless dst has the given dtype and shape.
func (r *Reader) checkInto(key string, d tensor.DType, shape tensor.Shape, dst tensor.Any) error {
	if d == dst.DType() && shape.Equal(dst.Shape()) {
		return nil
	}
	return &ValueError{Checkpoint: r.prefix, Key: key, Path: key, GoPath: "dst", Problem: fmt.Sprintf("%v%v in the checkpoint, %v%v to read into", d, shape, dst.DType(), dst.Shape())}
}

// Slice reads a region of the tensor stored under key, and only the parts of the files that the region needs.
func (r *Reader) Slice(ctx context.Context, key string, region tensor.Slice) (tensor.Any, error) {
	e, shape, err := r.lookupRegion(key, region)
	if err != nil {
		return nil, err
	}
	if err := r.f.CheckSlice(e.Key, region); err != nil { // before memory is allocated
		return nil, fmt.Errorf("ckpt: %w", err)
	}
	t, err := tensor.NewAny(e.DType, shape...)
	if err != nil {
		return nil, fmt.Errorf("ckpt: %s: key %q: %w", r.prefix, key, err)
	}
	if err := r.f.ReadSlice(ctx, e.Key, region, t); err != nil {
		return nil, err
	}
	return t, nil
}

// ReadSliceInto reads a region of the tensor stored under key straight into dst, which has its dtype and the region's shape.
func (r *Reader) ReadSliceInto(ctx context.Context, key string, region tensor.Slice, dst tensor.Any) error {
	e, shape, err := r.lookupRegion(key, region)
	if err != nil {
		return err
	}
	if err := r.checkInto(key, e.DType, shape, dst); err != nil {
		return err
	}
	return r.f.ReadSlice(ctx, e.Key, region, dst)
}

// lookupRegion returns the entry of key and the shape of a region of its tensor.
func (r *Reader) lookupRegion(key string, region tensor.Slice) (e VariableInfo, shape tensor.Shape, err error) {
	if e, err = r.Lookup(key); err != nil {
		return e, nil, err
	}
	if _, shape, err = region.Resolve(e.Shape); err != nil {
		return e, nil, fmt.Errorf("ckpt: %s: key %q: %w", r.prefix, key, err)
	}
	return e, shape, nil
}

// WriteStored copies the whole tensor stored under key to w in the form of a data file: little-endian, and strings with their
// lengths and their checksum. It verifies the bytes and needs bounded memory.
func (r *Reader) WriteStored(ctx context.Context, key string, w io.Writer) error {
	if err := r.f.WriteStored(ctx, key, w); err != nil {
		return fmt.Errorf("ckpt: %w", err)
	}
	return nil
}

// VerifyTensor reads the tensor stored under key and compares its checksum, in bounded memory. With Mapped, checksums are not
// compared otherwise.
func (r *Reader) VerifyTensor(ctx context.Context, key string) error {
	e, err := r.Lookup(key)
	if err != nil {
		return err
	}
	if err := r.f.WriteStored(ctx, e.Key, io.Discard); err != nil {
		return fmt.Errorf("ckpt: %w", err)
	}
	return nil
}

// A Problem is a fault in a checkpoint. Key is the tensor's key, or "" if the fault does not concern a single tensor. Err
// names the file and the fault. Warning says that stored values are not affected.
type Problem = bundle.Problem

// Verify reads the whole checkpoint, compares every checksum, compares the object graph with the stored tensors (see
// [Reader.VerifyGraph]), and calls report with each problem, from one goroutine at a time. It continues after a problem. It
// returns an error if it cannot continue, because ctx ended or the index can no longer be read. If WithProgress was given to Open,
// its function is called with the bytes read.
func (r *Reader) Verify(ctx context.Context, report func(Problem)) error {
	return r.checked().Verify(ctx, progressOf(r.opts.progress), report)
}

// VerifyGraph reads only the object graph and the index. It calls report for each inconsistency: a graph that
// cannot be read, attributes with keys that are not stored, object-based keys without a graph, an empty
// checkpoint. A name-based checkpoint does not have a graph, and that is not a problem.
func (r *Reader) VerifyGraph(ctx context.Context, report func(Problem)) error {
	return r.checked().VerifyGraph(ctx, report)
}

func (r *Reader) checked() verify.Checkpoint {
	return verify.Checkpoint{Reader: r.f, FS: r.opts.fsys, Prefix: r.prefix, Format: r.format}
}

// Graph returns the object graph that the checkpoint stores. The error satisfies errors.Is(err, [ErrNoObjectGraph]) if the
// checkpoint is name-based.
func (r *Reader) Graph() (*StoredGraph, error) {
	return readGraph(context.Background(), r.f, r.prefix)
}

// Close closes the checkpoint's files.
func (r *Reader) Close() error { return r.f.Close() }

// place returns the place from which checkpoints and state files are read.
func (o *options) place(ctx context.Context) prefix.Place {
	return prefix.Place{FS: fsx.ReadContext(ctx, o.fsys), StateFile: o.stateFile, Elsewhere: o.elsewhere, Log: o.logger, IgnoreDamaged: o.ignoreDamaged}
}

// saved returns the place to which checkpoints and state files are written.
func (o *options) saved(ctx context.Context) prefix.Place {
	p := o.place(ctx)
	p.FS = fsx.WithContext(ctx, o.writer)
	return p
}

// openPath opens the checkpoint at path, in any of its forms, and returns its prefix.
func openPath(ctx context.Context, path string, o options) (r format.Reader, name string, err error) {
	c, err := o.place(ctx).Open(path)
	if err != nil {
		return nil, "", err
	}
	return c.Reader, c.Prefix, nil
}

// openReader is openPath for a [Reader].
func openReader(ctx context.Context, path string, o options) (*Reader, error) {
	c, err := o.place(ctx).Open(path)
	if err != nil {
		return nil, err
	}
	return &Reader{f: c.Reader, prefix: c.Prefix, format: c.Format, opts: o}, nil
}

// openPrefix opens a checkpoint by its prefix.
func openPrefix(ctx context.Context, fsys fsx.ReadFS, path string) (format.Reader, error) {
	c, err := prefix.Open(fsx.ReadContext(ctx, fsys), path)
	if err != nil {
		return nil, err
	}
	return c.Reader, nil
}

// prefixOnly is openPath for callers with a path that is exactly a prefix.
func prefixOnly(ctx context.Context, path string, o options) (r format.Reader, name string, err error) {
	r, err = openPrefix(ctx, o.fsys, path)
	return r, path, err
}

// readGraph returns the objects of a checkpoint.
func readGraph(ctx context.Context, r format.Reader, path string) (*objectgraph.Graph, error) {
	return prefix.Graph(ctx, r, path)
}

// checkSavePath returns an error if it is not possible to save to path.
func checkSavePath(path string, o options) error {
	return o.place(context.Background()).CheckSave(path)
}
