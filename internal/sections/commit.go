package sections

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/prefix"
)

// commit decides for this attempt and moves everything into place, the index last. Parts of this may have been done before; every
// merger writes the same bytes.
func (a *attempt) commit(ctx context.Context, manifests []Manifest, graphData, index []byte, indexWith func(graphShard int) ([]byte, error)) error {
	decided, err := a.decision()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	committed, unknown := a.committed()
	if unknown != nil {
		return unknown
	}
	if committed && (err != nil || decided == a.name) {
		if there, err := fsx.ReadFile(a.fsys, bundle.IndexFile(a.prefix), int64(len(index))); err == nil && bytes.Equal(there, index) {
			return nil
		}
		return fmt.Errorf("another checkpoint already exists: %w", format.ErrStale)
	}
	if _, ok := a.objects(); ok {
		return a.commitObjects(ctx, graphData, indexWith)
	}
	if err := a.decide(); err != nil {
		return err
	}
	for i, m := range manifests {
		if err := a.link(bundle.DataFile(a.file(m.Nonce), i, a.shards()), bundle.DataFile(a.prefix, i, a.shards())); err != nil {
			return err
		}
	}
	if err := a.writeOnce(bundle.DataFile(a.prefix, a.of, a.shards()), graphData); err != nil {
		return err
	}
	return a.writeOnce(bundle.IndexFile(a.prefix), index)
}

// decide writes the decision for this attempt, unless another attempt was chosen.
func (a *attempt) decide() error {
	if err := fsx.WriteOnce(a.fsys, a.decisionFile(), []byte(a.name)); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	decided, err := a.decision()
	if err == nil && decided != a.name {
		err = fmt.Errorf("attempt %s was chosen, not %s: %w", decided, a.name, format.ErrStale)
	}
	return err
}

// link gives a data file its final name. A merger that died may already have done so.
func (a *attempt) link(from, final string) error {
	err := fsx.LinkOnce(a.fsys, from, final)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if same, err := sameContents(a.fsys, from, final); err != nil || !same {
		return errors.Join(fmt.Errorf("%s already exists with different contents; remove it", final), err)
	}
	return nil
}

// writeOnce creates a file, or accepts an existing file with the same contents.
func (a *attempt) writeOnce(name string, data []byte) error {
	err := fsx.WriteOnce(a.fsys, name, data)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if there, err := fsx.ReadFile(a.fsys, name, int64(len(data))); err != nil || !bytes.Equal(there, data) {
		return fmt.Errorf("%s already exists with different contents: %w", name, format.ErrStale)
	}
	return nil
}

// sameContents compares two files. Mostly they are the same file, which a merger that died had linked.
func sameContents(fsys fsx.ReadFS, a, b string) (bool, error) {
	infoA, err := fsys.Stat(a)
	if err != nil {
		return false, err
	}
	infoB, err := fsys.Stat(b)
	if err != nil || infoA.Size() != infoB.Size() || os.SameFile(infoA, infoB) {
		return err == nil && infoA.Size() == infoB.Size(), err
	}
	fileA, err := fsys.Open(a)
	if err != nil {
		return false, err
	}
	defer fileA.Close()
	fileB, err := fsys.Open(b)
	if err != nil {
		return false, err
	}
	defer fileB.Close()
	size := infoA.Size()
	bufA, bufB := make([]byte, min(size, 1<<20)), make([]byte, min(size, 1<<20))
	for at := int64(0); at < size; at += int64(len(bufA)) {
		n := min(size-at, int64(len(bufA)))
		if _, err := fileA.ReadAt(bufA[:n], at); err != nil && err != io.EOF {
			return false, err
		}
		if _, err := fileB.ReadAt(bufB[:n], at); err != nil && err != io.EOF {
			return false, err
		}
		if !bytes.Equal(bufA[:n], bufB[:n]) {
			return false, nil
		}
	}
	return true, nil
}

// sweep removes the temporary files of crashed mergers next to the checkpoint, which must be committed.
func (a *attempt) sweep() {
	dir, index := filepath.Dir(a.prefix), filepath.Base(bundle.IndexFile(a.prefix))
	data := filepath.Base(a.prefix) + ".data-"
	_, _ = fsx.Sweep(a.fsys, dir, func(final string) bool { return final == index || strings.HasPrefix(final, data) })
}

// cleanUp removes the sections' directory and the remains of merges that died. By now the data files have second names. The
// decision is removed last, and only after the rest is durably removed, because the other files need it. If a file cannot be
// removed, cleanUp stops; a later merge continues.
func (a *attempt) cleanUp() {
	a.sweep()
	if _, ok := a.objects(); ok {
		a.removeUnused()
	}
	dir := Dir(a.prefix)
	entries, err := a.fsys.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if name == a.decisionFile() {
			continue
		}
		if e.IsDir() {
			files, _ := a.fsys.ReadDir(name)
			var group errgroup.Group
			group.SetLimit(a.atOnce())
			for _, f := range files {
				group.Go(func() error { return a.fsys.Remove(filepath.Join(name, f.Name())) })
			}
			_ = group.Wait() // remaining files keep the directory
		}
		if err := a.fsys.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return
		}
	}
	if a.fsys.SyncDir(dir) != nil {
		return
	}
	if err := a.fsys.Remove(a.decisionFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return
	}
	if a.fsys.Remove(dir) == nil {
		_ = a.fsys.SyncDir(filepath.Dir(dir))
	}
}

// A memoryFile is a small file that has not been written yet.
type memoryFile struct{ b []byte }

func (f *memoryFile) Write(p []byte) (int, error) { f.b = append(f.b, p...); return len(p), nil }

func (f *memoryFile) WriteAt(p []byte, off int64) (int, error) {
	if end := int(off) + len(p); end > len(f.b) {
		f.b = append(f.b, make([]byte, end-len(f.b))...)
	}
	return copy(f.b[off:], p), nil
}

func (f *memoryFile) Allocate(size int64) error { return nil }
func (f *memoryFile) StartSync()                {}
func (f *memoryFile) Truncate(size int64) error { f.b = f.b[:size]; return nil }
func (f *memoryFile) Sync() error               { return nil }
func (f *memoryFile) Close() error              { return nil }

// sweepOlder removes the remains of sections of committed checkpoints with lower numbers: those of a merge that was killed after
// its commit and will not be repeated, and those of late workers. The merge of a checkpoint with a higher number may still be
// running.
func (a *attempt) sweepOlder() {
	dir, base := filepath.Split(a.prefix)
	name, number, ok := prefix.CutNumber(base)
	entries, err := a.fsys.ReadDir(filepath.Clean(dir))
	if err != nil || !ok {
		return
	}
	for _, e := range entries {
		other, found := strings.CutSuffix(e.Name(), Dir(""))
		if !found || !e.IsDir() {
			continue
		}
		if of, n, ok := prefix.CutNumber(other); !ok || of != name || n >= number {
			continue
		}
		older := &attempt{fsys: a.fsys, prefix: filepath.Join(dir, other)}
		if committed, err := older.committed(); committed && err == nil { // otherwise the next merge tries again
			older.cleanUp()
		}
	}
}
