package sections

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/stored"
)

// An object has one name, so in an object store a worker writes its data directly under the final name. Other attempts, and late
// processes of the same attempt, must use other names. So there are far more possible numbers than workers: section i of n takes
// the first free number of i, i+n+1, i+2(n+1), …, and its manifest records it. The index refers to the data files of the merged
// attempt; the others are then removed.

// roomyShards is the number of data files in the names of a merged checkpoint in an object store: the largest with five digits.
const roomyShards = 99999

// objects returns the object store in which the attempt is, if it is in one.
func (a *attempt) objects() (fsx.Objects, bool) {
	o, ok := a.fsys.(fsx.Objects)
	return o, ok
}

// shard returns the number of the data file of section i that took the given slot.
func (a *attempt) shard(i, slot int) int { return i + slot*(a.of+1) }

// dataFile returns the data file of a section.
func (a *attempt) dataFile(m Manifest) string {
	if _, ok := a.objects(); ok {
		return bundle.DataFile(a.prefix, a.shard(m.Worker, m.Slot), a.shards())
	}
	return bundle.DataFile(a.file(m.Nonce), m.Worker, a.shards())
}

// opened is the filesystem in which the checkpoint a.file(nonce), of one section, has its data.
func (a *attempt) opened(m Manifest) fsx.ReadFS {
	o, ok := a.objects()
	if !ok {
		return a.fsys
	}
	return elsewhere{o, a.file(m.Nonce) + ".data-", a.prefix + ".data-"}
}

// elsewhere opens files under other names.
type elsewhere struct {
	fsx.Objects
	from, to string // the beginnings of names
}

func (e elsewhere) Open(name string) (fsx.Reader, error) {
	if rest, ok := strings.CutPrefix(name, e.from); ok {
		name = e.to + rest
	}
	return e.Objects.Open(name)
}

// upload writes a section's data to the first free slot and fills in the manifest's slot. writer returns a Writer with the
// section's tensors in data file shard.
func (a *attempt) upload(ctx context.Context, o fsx.Objects, m *Manifest, writer func(shard int) (*bundle.Writer, error)) (*bundle.Writer, error) {
	for m.Slot = 0; a.shard(m.Worker, m.Slot) < a.shards(); m.Slot++ {
		name := a.dataFile(*m)
		if v, err := o.Version(name); err != nil {
			return nil, err
		} else if v != fsx.NoVersion {
			continue
		}
		shard := a.shard(m.Worker, m.Slot)
		w, err := writer(shard)
		if err != nil {
			return nil, err
		}
		f, err := o.Upload(name, fsx.NoVersion)
		if err != nil {
			return nil, err
		}
		counted := &countedFile{File: f}
		err = w.WriteData(ctx, shard, counted)
		if err == nil {
			err = f.Sync()
		}
		_ = f.Close() // Close discards a file that was not synced
		if errors.Is(err, fsx.ErrConflict) {
			continue // another process has just taken it
		}
		m.Data = counted.size
		return w, err
	}
	return nil, fmt.Errorf("%d data files %s.data-… already exist: remove those of failed attempts", a.shards(), a.prefix)
}

// A countedFile counts the bytes that are written.
type countedFile struct {
	fsx.File
	size int64
}

func (f *countedFile) Allocate(size int64) error {
	f.size = size
	return f.File.Allocate(size)
}

// Abandon returns the result of fsx.Abandon.
func (f *countedFile) Abandon(err error) { fsx.Abandon(f.File, err) }

// sameValues reports whether the manifest there, of a complete section, describes this process's values and graph. It compares the
// index that this process would have written to the same slot.
func (a *attempt) sameValues(ctx context.Context, there Manifest, graph []byte, writer func(shard int) (*bundle.Writer, error)) (bool, error) {
	shard := a.shard(there.Worker, there.Slot)
	w, err := writer(shard)
	if err != nil {
		return false, err
	}
	if err := w.WriteData(ctx, shard, nowhere{}); err != nil {
		return false, err
	}
	var index bytes.Buffer
	if err := w.WriteIndex(&index); err != nil {
		return false, err
	}
	return SumOf(index.Bytes()) == there.Index && SumOf(graph) == there.Graph, nil
}

// nowhere is a file that discards its contents; only their checksums are computed.
type nowhere struct{}

func (nowhere) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (nowhere) Truncate(int64) error                   { return nil }
func (nowhere) Sync() error                            { return nil }
func (nowhere) Close() error                           { return nil }
func (nowhere) Allocate(int64) error                   { return nil }
func (nowhere) StartSync()                             {}
func (nowhere) Write(p []byte) (int, error)            { return len(p), nil }

// writeObjects is writeFiles and complete in an object store.
func (a *attempt) writeObjects(ctx context.Context, o fsx.Objects, worker int, graph []byte, tensors []stored.Tensor, opts WriteOptions) error {
	writer := func(shard int) (*bundle.Writer, error) {
		w := bundle.Create(a.fsys, a.prefix, bundle.Options{Shards: a.shards(), Workers: 8, Progress: opts.Progress})
		return w, addOwn(w, shard, tensors, opts)
	}
	compare := func(there Manifest) error {
		same, err := a.sameValues(ctx, there, graph, writer)
		if err == nil && !same {
			err = fmt.Errorf("another process has written this section with other values in the same attempt: %w", format.ErrStale)
		}
		return err
	}
	if there, err := a.readManifest(worker); err == nil {
		return compare(there)
	}
	m := Manifest{Format: 1, Attempt: a.name, Worker: worker, Of: a.of, Nonce: newNonce(), Graph: SumOf(graph)}
	w, err := a.upload(ctx, o, &m, writer)
	if err != nil {
		return err // a stored object is unused, and is removed when the checkpoint is committed
	}
	var index bytes.Buffer
	if err := w.WriteIndex(&index); err != nil {
		return err
	}
	m.Index = SumOf(index.Bytes())
	err = fsx.WriteOnce(o, bundle.IndexFile(a.file(m.Nonce)), index.Bytes())
	if err == nil {
		err = fsx.WriteOnce(o, a.graphFile(m), graph)
	}
	if err != nil {
		a.removeFiles(m)
		return err
	}
	if _, err = o.Swap(a.manifestFile(worker), fsx.NoVersion, m.Encode()); !errors.Is(err, fsx.ErrConflict) {
		return err // after another error the manifest may exist: keep the files
	}
	a.removeFiles(m)
	there, err := a.readManifest(worker)
	if err != nil {
		return err
	}
	return compare(there)
}

// commitObjects is commit in an object store.
func (a *attempt) commitObjects(ctx context.Context, graphData []byte, index func(graphShard int) ([]byte, error)) error {
	if err := a.decide(); err != nil {
		return err
	}
	// All mergers find the same slot: it is free, or has the same graph.
	slot := 0
	for ; a.shard(a.of, slot) < a.shards(); slot++ {
		err := a.writeOnce(bundle.DataFile(a.prefix, a.shard(a.of, slot), a.shards()), graphData)
		if errors.Is(err, format.ErrStale) {
			continue
		}
		if err != nil {
			return err
		}
		break
	}
	b, err := index(a.shard(a.of, slot))
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return a.writeOnce(bundle.IndexFile(a.prefix), b)
}

// dataFiles returns the base names of the data files to which the committed index refers.
func (a *attempt) dataFiles() ([]string, error) {
	index, err := fsx.OpenWhole(a.fsys, bundle.IndexFile(a.prefix))
	if err != nil {
		return nil, err
	}
	defer index.Close()
	table, err := sstable.Open(index, index.Size())
	if err != nil {
		return nil, err
	}
	return bundle.DataFiles(a.prefix, table)
}

// removeUnused removes data files of a committed checkpoint to which its index does not refer.
func (a *attempt) removeUnused() {
	dir, base := filepath.Split(a.prefix)
	entries, err := a.fsys.ReadDir(filepath.Clean(dir))
	if committed, unknown := a.committed(); err != nil || unknown != nil || !committed {
		return
	}
	used, err := a.dataFiles()
	if err != nil {
		return
	}
	for _, e := range entries {
		of, _, n, ok := bundle.ParseDataFile(e.Name())
		if ok && of == base && n == roomyShards && !slices.Contains(used, e.Name()) {
			_ = a.fsys.Remove(filepath.Join(dir, e.Name())) // if it fails, the file stays
		}
	}
}
