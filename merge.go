package ckpt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// Merge makes one checkpoint of the sections that the workers wrote under prefix, without copying their data: any process
// may call it, again after a crash, or several at once, and names the result in the directory's `checkpoint` file unless that
// names a later one. The error satisfies errors.Is(err, [ErrSection]) where a section is missing, damaged or of another
// attempt: it names the section, and everything stays as it is. It satisfies errors.Is(err, [ErrStale]) where
// another attempt has been merged.
func Merge(ctx context.Context, prefix string, opts ...Option) (path string, err error) {
	o, err := defaultOptions().with(onMerge, opts)
	if err != nil {
		return "", err
	}
	s, of, err := findSections(o, prefix)
	if err == nil {
		s.of = of
		err = s.merge(ctx, o)
	}
	if err != nil {
		if !s.mergedBefore() {
			return "", err
		}
		if !isDir(s.fsys, sectionsDir(prefix)) {
			s.sweep()
			return prefix, nil // another process has merged and cleaned up
		}
		// One that died has merged: what it left to do is done below.
	}
	unlock, err := s.lock(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		s.sweep()
		return prefix, nil // another process has done the rest
	}
	if err != nil {
		return "", fmt.Errorf("ckpt: merge %s: %w", prefix, err)
	}
	err = errors.Join(o.saved().RecordNewer(ctx, o.writer, prefix), unlock.Close())
	if err != nil {
		return "", err
	}
	s.cleanUp()
	return prefix, nil
}

// lock awaits the other merges that have come to recording what is latest, and keeps further ones out. A crash unlocks.
func (s sections) lock(ctx context.Context) (io.Closer, error) {
	for {
		l, err := fsx.Lock(s.fsys, sectionsDir(s.prefix))
		if !errors.Is(err, fsx.ErrLocked) {
			return l, err
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

var manifestName = regexp.MustCompile(`^section-(\d{5,})-of-(\d{5,})$`)

// findSections finds the attempt that is to be merged, the one decided for if there is a decision, and the number of its
// sections, which must all agree on it.
func findSections(o options, prefix string) (s sections, of int, err error) {
	if s, err = openSections(o, prefix, 0, false); err != nil {
		return s, 0, err
	}
	if decided, err := s.decision(); err == nil && decided != s.attempt {
		return s, 0, fmt.Errorf("ckpt: merge %s: attempt %s has been decided for, not %s: %w", prefix, decided, s.attempt, ErrStale)
	}
	entries, err := s.fsys.ReadDir(s.dir())
	if err != nil {
		return s, 0, fmt.Errorf("ckpt: merge %s: attempt %s has no sections: %w: %w", prefix, s.attempt, err, ErrSection)
	}
	for _, e := range entries {
		m := manifestName.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		n, err := strconv.Atoi(m[2])
		if err != nil || of != 0 && n != of {
			return s, 0, fmt.Errorf("ckpt: merge %s: %s is of another number of workers than the others: %w", prefix, e.Name(), ErrSection)
		}
		of = n
	}
	if of == 0 {
		return s, 0, fmt.Errorf("ckpt: merge %s: no section of attempt %s is complete: %w", prefix, s.attempt, ErrSection)
	}
	return s, of, nil
}

func (s sections) decisionFile() string { return filepath.Join(sectionsDir(s.prefix), "decision") }

func (s sections) decision() (string, error) {
	b, err := fsx.ReadFile(s.fsys, s.decisionFile(), 128)
	return string(b), err
}

// mergedBefore reports whether this attempt is committed: the decision says so, or is gone with all that belonged to it.
func (s sections) mergedBefore() bool {
	if !s.committed() {
		return false
	}
	decided, err := s.decision()
	if errors.Is(err, fs.ErrNotExist) {
		// Sections of an attempt that workers agreed on can only be those of a late worker, who died: they refuse to begin
		// when the checkpoint is committed.
		return s.attempt == "" && !s.anyAttempt() || s.attempt != "" && (s.agreed || !isDir(s.fsys, s.dir()))
	}
	return err == nil && (decided == s.attempt || s.attempt == "") // what the workers agreed on is cleaned up before the decision
}

// anyAttempt reports whether there are files of any attempt.
func (s sections) anyAttempt() bool {
	entries, _ := s.fsys.ReadDir(sectionsDir(s.prefix))
	return slices.ContainsFunc(entries, fs.DirEntry.IsDir)
}

// merge checks all sections and commits them. Nothing outside of the sections' own directory changes before all are found good.
func (s sections) merge(ctx context.Context, o options) error {
	manifests := make([]manifest, s.of)
	parts := make([]bundle.Section, s.of)
	graphs := make([]*objectgraph.Graph, s.of)
	for i := range manifests {
		var err error
		if manifests[i], err = s.readManifest(i); err != nil {
			return err
		}
		if parts[i], graphs[i], err = s.check(ctx, manifests[i], o); err != nil {
			return fmt.Errorf("ckpt: %s: section %d of %d is damaged: %w: %w", s.prefix, i, s.of, err, ErrSection)
		}
	}
	graph, err := unite(graphs)
	if err != nil {
		return fmt.Errorf("ckpt: merge %s: %w", s.prefix, err)
	}
	data, graphIndex, err := s.graphSection(ctx, graph)
	if err != nil {
		return fmt.Errorf("ckpt: merge %s: %w", s.prefix, err)
	}
	var index bytes.Buffer
	if err := bundle.MergeIndexes(&index, append(parts, graphIndex)); err != nil {
		return fmt.Errorf("ckpt: merge %s: %w", s.prefix, err)
	}
	if err := allStored(graph, index.Bytes()); err != nil {
		return fmt.Errorf("ckpt: merge %s: %w", s.prefix, err)
	}
	return s.commit(manifests, data, index.Bytes())
}

// check opens a section's files and holds them to its manifest.
func (s sections) check(ctx context.Context, m manifest, o options) (bundle.Section, *objectgraph.Graph, error) {
	none := bundle.Section{}
	index, err := s.readSummed(bundle.IndexFile(s.file(m.Nonce)), m.Index)
	if err != nil {
		return none, nil, err
	}
	blob, err := s.readSummed(s.file(m.Nonce)+".graph", m.Graph)
	if err != nil {
		return none, nil, err
	}
	graph, err := objectgraph.Parse(blob)
	if err != nil {
		return none, nil, err
	}
	data := bundle.DataFile(s.file(m.Nonce), m.Worker, s.shards())
	info, err := s.fsys.Stat(data)
	if err == nil && info.Size() != m.Data {
		err = fmt.Errorf("%s has %d bytes, %d were written: %w", data, info.Size(), m.Data, ErrCorrupt)
	}
	if err == nil && !o.unverified {
		err = s.verify(ctx, m)
	}
	if err != nil {
		return none, nil, err
	}
	table, err := sstable.Open(bytes.NewReader(index), int64(len(index)))
	return bundle.Section{Name: bundle.IndexFile(s.file(m.Nonce)), Table: table}, graph, err
}

func (s sections) readSummed(name string, want summed) ([]byte, error) {
	b, err := fsx.ReadFile(s.fsys, name, want.Bytes)
	if err == nil && (int64(len(b)) != want.Bytes || crc32.Checksum(b, castagnoli) != want.Checksum) {
		err = fmt.Errorf("%s: %d bytes with another checksum than the %d that were written: %w", name, len(b), want.Bytes, ErrCorrupt)
	}
	return b, err
}

// verify reads a section's data and compares every checksum.
func (s sections) verify(ctx context.Context, m manifest) error {
	r, err := bundle.Open(s.fsys, s.file(m.Nonce))
	if err != nil {
		return err
	}
	defer r.Close()
	var found error
	err = r.Verify(ctx, func(p bundle.Problem) {
		if !p.Warning && found == nil && !errors.Is(p.Err, bundle.ErrIncomplete) {
			found = p.Err
		}
	})
	return errors.Join(err, found)
}

// graphSection writes the object graph as the last data file, as a section of its own.
func (s sections) graphSection(ctx context.Context, g *objectgraph.Graph) (data []byte, index bundle.Section, err error) {
	w := bundle.Create(s.fsys, s.prefix, bundle.Options{Shards: s.shards()})
	if err := w.Add(s.of, objectgraph.GraphKey, format.SourceOf(tensor.Scalar(g.Text()))); err != nil {
		return nil, index, err
	}
	var f memoryFile
	if err := w.WriteData(ctx, s.of, &f); err != nil {
		return nil, index, err
	}
	var b bytes.Buffer
	if err := w.WriteIndex(&b); err != nil {
		return nil, index, err
	}
	index = bundle.Section{Name: "the object graph"}
	index.Table, err = sstable.Open(bytes.NewReader(b.Bytes()), int64(b.Len()))
	return f.b, index, err
}

// allStored reports a variable that some worker has and none has written.
func allStored(g *objectgraph.Graph, index []byte) error {
	table, err := sstable.Open(bytes.NewReader(index), int64(len(index)))
	if err != nil {
		return err
	}
	for id := range g.Nodes {
		for _, a := range g.Nodes[id].Attributes {
			if _, ok, err := table.GetString(a.Key); err != nil {
				return err
			} else if !ok {
				return fmt.Errorf("no worker has written %s: %w", a.Key, ErrSection)
			}
		}
	}
	return nil
}

// commit decides for this attempt and moves everything into place, the index last. All of it may have been done in part
// before; whoever does it writes the same bytes.
func (s sections) commit(manifests []manifest, graphData, index []byte) error {
	fail := func(err error) error { return fmt.Errorf("ckpt: merge %s: %w", s.prefix, err) }
	decided, err := s.decision()
	if s.committed() && (err != nil || decided == s.attempt) {
		if there, err := fsx.ReadFile(s.fsys, bundle.IndexFile(s.prefix), int64(len(index))); err == nil && bytes.Equal(there, index) {
			return nil
		}
		return fail(fmt.Errorf("another checkpoint is there already: %w", ErrStale))
	}
	if err := fsx.WriteOnce(s.fsys, s.decisionFile(), []byte(s.attempt)); err != nil && !errors.Is(err, fs.ErrExist) {
		return fail(err)
	}
	if decided, err = s.decision(); err != nil {
		return fail(err)
	}
	if decided != s.attempt {
		return fail(fmt.Errorf("attempt %s has been decided for, not %s: %w", decided, s.attempt, ErrStale))
	}
	for i, m := range manifests {
		from, final := bundle.DataFile(s.file(m.Nonce), i, s.shards()), bundle.DataFile(s.prefix, i, s.shards())
		exists := fsx.LinkOnce(s.fsys, from, final)
		if exists != nil && !errors.Is(exists, fs.ErrExist) {
			return fail(exists)
		}
		if exists != nil {
			if same, err := sameContents(s.fsys, from, final); err != nil || !same {
				return fail(errors.Join(fmt.Errorf("%s is there already, and is another file: remove it", final), err))
			}
		}
	}
	last := bundle.DataFile(s.prefix, s.of, s.shards())
	for _, file := range []struct {
		name string
		data []byte
	}{{last, graphData}, {bundle.IndexFile(s.prefix), index}} {
		err := fsx.WriteOnce(s.fsys, file.name, file.data)
		if errors.Is(err, fs.ErrExist) {
			there, readErr := fsx.ReadFile(s.fsys, file.name, int64(len(file.data)))
			if err = nil; readErr != nil || !bytes.Equal(there, file.data) {
				err = fmt.Errorf("%s is there already, and is another file: %w", file.name, ErrStale)
			}
		}
		if err != nil {
			return fail(err)
		}
	}
	return nil
}

// sameContents compares two files, which mostly are one: then a merge that died had come this far.
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

// sweep removes what mergers that died left beside the checkpoint, which is committed: temporary files of its own.
func (s sections) sweep() {
	dir, index := filepath.Dir(s.prefix), filepath.Base(bundle.IndexFile(s.prefix))
	data := filepath.Base(s.prefix) + ".data-"
	_, _ = fsx.Sweep(s.fsys, dir, func(final string) bool { return final == index || strings.HasPrefix(final, data) })
}

// cleanUp removes the sections' directory, whose data has second names by now, and what merges that died have left. The
// decision goes last, and only after the rest is durably gone, as what there is besides means something only with it. At
// the first thing that cannot be removed it stops: a merge that is run again goes on.
func (s sections) cleanUp() {
	s.sweep()
	dir := sectionsDir(s.prefix)
	entries, err := s.fsys.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if name == s.decisionFile() {
			continue
		}
		if e.IsDir() {
			files, _ := s.fsys.ReadDir(name)
			for _, f := range files {
				_ = s.fsys.Remove(filepath.Join(name, f.Name())) // what stays keeps the directory
			}
		}
		if err := s.fsys.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return
		}
	}
	if s.fsys.SyncDir(dir) != nil {
		return
	}
	if err := s.fsys.Remove(s.decisionFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return
	}
	if s.fsys.Remove(dir) == nil {
		_ = s.fsys.SyncDir(filepath.Dir(dir))
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
