package sections

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/stored"
	"github.com/gockpt/ckpt/tensor"
)

// WriteOptions are the options of [Write].
type WriteOptions struct {
	Attempt string                 // the name of the attempt; "" if the workers agree on one
	Own     func(path string) bool // the variables that the worker writes; nil: all
	// Parts returns the region of a variable that the program holds, or nil if the variable is whole. Parts may be nil.
	Parts    func(path string, shape tensor.Shape) (full tensor.Shape, region tensor.Slice)
	Progress func(done, total int64) // may be nil
}

// Write writes a worker's variables as section worker, of the given number of sections, of the checkpoint name. source returns the
// program's graph and tensors. If the section is already complete with the same bytes, Write does nothing. The error satisfies
// errors.Is(err, [format.ErrStale]) if the checkpoint is committed, or if the section was written with other bytes.
func Write(ctx context.Context, fsys fsx.FS, name string, worker, of int, source func(context.Context) (*objectgraph.Graph, []stored.Tensor, error), o WriteOptions) error {
	if worker < 0 || worker >= of {
		return fmt.Errorf("ckpt: WriteSection: worker %d of %d: want a number from 0 to the number of workers less 1", worker, of)
	}
	a := &attempt{fsys: fsys, prefix: name, of: of}
	if committed, err := a.committed(); err != nil {
		return err
	} else if committed {
		return fmt.Errorf("ckpt: section %d of %s: the checkpoint is already committed: %w", worker, name, format.ErrStale)
	}
	err := write(ctx, fsys, name, worker, of, source, o)
	if committed, unknown := a.committed(); unknown != nil || !committed {
		return err
	}
	if _, undecided := a.decision(); errors.Is(undecided, fs.ErrNotExist) {
		a.cleanUp() // the merge has cleaned up; files made since then are unused
	}
	if err != nil && !errors.Is(err, format.ErrStale) {
		err = fmt.Errorf("%w: the checkpoint has been committed meanwhile: %w", err, format.ErrStale)
	}
	return err
}

func write(ctx context.Context, fsys fsx.FS, name string, worker, of int, source func(context.Context) (*objectgraph.Graph, []stored.Tensor, error), o WriteOptions) error {
	graph, tensors, err := source(ctx)
	if err != nil {
		return err
	}
	a, err := join(fsys, name, o.Attempt, of)
	if err != nil {
		return err
	}
	if objects, ok := a.objects(); ok {
		if err := a.writeObjects(ctx, objects, worker, graph.Marshal(), tensors, o); err != nil {
			return fmt.Errorf("ckpt: section %d of %s: %w", worker, name, err)
		}
		return nil
	}
	if err := fsx.MkdirAll(fsys, a.dir()); err != nil {
		return fmt.Errorf("ckpt: section %d of %s: %w", worker, name, err)
	}
	m, err := a.writeFiles(ctx, worker, graph.Marshal(), tensors, o)
	if err != nil {
		return fmt.Errorf("ckpt: section %d of %s: %w", worker, name, err)
	}
	return a.complete(m)
}

// writeFiles writes the data, index and graph of a section under a name that no other process uses.
func (a *attempt) writeFiles(ctx context.Context, worker int, graph []byte, tensors []stored.Tensor, o WriteOptions) (m Manifest, err error) {
	m = Manifest{Format: 1, Attempt: a.name, Worker: worker, Of: a.of, Nonce: newNonce(), Graph: SumOf(graph)}
	defer func() {
		if err != nil {
			a.removeFiles(m)
		}
	}()
	w := bundle.Create(a.fsys, a.file(m.Nonce), bundle.Options{Shards: a.shards(), Progress: o.Progress})
	if err := addOwn(w, worker, tensors, o); err != nil {
		return m, err
	}
	data := bundle.DataFile(a.file(m.Nonce), worker, a.shards())
	if m.Data, err = createFile(a.fsys, data, func(f fsx.File) error { return w.WriteData(ctx, worker, f) }); err != nil {
		return m, err
	}
	var index bytes.Buffer
	if err := w.WriteIndex(&index); err != nil {
		return m, err
	}
	m.Index = SumOf(index.Bytes())
	for _, file := range []struct {
		name string
		data []byte
	}{{bundle.IndexFile(a.file(m.Nonce)), index.Bytes()}, {a.graphFile(m), graph}} {
		if _, err := createFile(a.fsys, file.name, func(f fsx.File) error { _, err := f.Write(file.data); return err }); err != nil {
			return m, err
		}
	}
	return m, a.fsys.SyncDir(a.dir())
}

func (a *attempt) graphFile(m Manifest) string { return a.file(m.Nonce) + ".graph" }

// addOwn adds the variables that the worker writes to a data file.
func addOwn(w *bundle.Writer, shard int, tensors []stored.Tensor, o WriteOptions) error {
	for _, t := range tensors {
		if o.Own != nil && !o.Own(t.Path()) {
			continue
		}
		if err := addTo(w, shard, t, o.Parts); err != nil {
			return err
		}
	}
	return nil
}

// addTo adds a variable to a section, or the region of it that parts says.
func addTo(w *bundle.Writer, worker int, t stored.Tensor, parts func(string, tensor.Shape) (tensor.Shape, tensor.Slice)) error {
	if parts == nil {
		return w.Add(worker, t.Key, t.Source)
	}
	full, region := parts(t.Path(), t.Source.Shape)
	if region == nil {
		return w.Add(worker, t.Key, t.Source)
	}
	_, shape, err := region.Resolve(full)
	if err != nil {
		return fmt.Errorf("%s: %w", t.Path(), err)
	}
	if shape.Len() == 0 && full.Len() > 0 { // other workers have all of it
		return nil
	}
	src := t.Source
	if !src.Shape.Equal(shape) {
		if !src.Shape.Equal(full) {
			return fmt.Errorf("%s: memory has shape %v, want the region's shape %v or the whole shape %v", t.Path(), src.Shape, shape, full)
		}
		src = stored.Region(src, region)
	}
	return w.AddSlice(worker, t.Key, full, region, src)
}

// createFile makes a new file and returns its size. The contents are durable when it returns; the name is not.
func createFile(fsys fsx.FS, name string, write func(fsx.File) error) (size int64, err error) {
	f, err := fsys.Create(name)
	if err != nil {
		return 0, err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return 0, err
	}
	info, err := fsys.Stat(name)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// complete creates the section's manifest. It accepts an existing manifest with the same contents.
func (a *attempt) complete(m Manifest) error {
	err := fsx.WriteOnce(a.fsys, a.manifestFile(m.Worker), m.Encode())
	if err == nil {
		return nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("ckpt: section %d of %s: %w", m.Worker, a.prefix, err) // the manifest may exist nevertheless: the files stay
	}
	there, err := a.readManifest(m.Worker)
	if err != nil {
		return err
	}
	if there.Nonce == m.Nonce {
		return nil // the file was written, but the answer was lost
	}
	a.removeFiles(m)
	if there.Index == m.Index && there.Graph == m.Graph && there.Data == m.Data {
		return nil
	}
	return fmt.Errorf("ckpt: section %d of %s: another process has written this section with other values in the same attempt: %w", m.Worker, a.prefix, format.ErrStale)
}

// removeFiles removes a section's files. If that fails, they stay under unused names.
func (a *attempt) removeFiles(m Manifest) {
	_ = a.fsys.Remove(a.dataFile(m))
	_ = a.fsys.Remove(bundle.IndexFile(a.file(m.Nonce)))
	_ = a.fsys.Remove(a.graphFile(m))
}
