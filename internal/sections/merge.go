package sections

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/prefix"
	"github.com/gockpt/ckpt/tensor"
)

// MergeOptions are the options of [Merge].
type MergeOptions struct {
	Attempt    string // the name of the attempt; "" if the workers agreed on one
	Unverified bool   // compare the sizes of data files, and not their checksums
	// Record names the merged checkpoint in the state file. One merge at a time calls it.
	Record func(ctx context.Context) error
}

// Merge makes one checkpoint of the sections under name. Any process may call it, again after a crash, or several at once. The
// error satisfies errors.Is(err, [ErrSection]) if a section is missing, damaged or of another attempt, and errors.Is(err,
// [format.ErrStale]) if another attempt has been merged. Then nothing is changed.
func Merge(ctx context.Context, fsys fsx.FS, name string, o MergeOptions) error {
	a, err := findSections(fsys, name, o.Attempt)
	if err == nil {
		err = a.merge(ctx, o)
	}
	if err != nil {
		if before, e := a.mergedBefore(); e != nil || !before {
			return errors.Join(err, e)
		}
		if left, e := prefix.IsDir(fsys, Dir(name)); e != nil {
			return e
		} else if !left {
			a.sweep()
			return nil // another process has merged and cleaned up
		}
		// A crashed merger has committed already: its cleanup is finished below.
	}
	unlock, err := a.lock(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		a.sweep()
		return nil // another process has completed it
	}
	if err != nil {
		return fmt.Errorf("ckpt: merge %s: %w", name, err)
	}
	if err = errors.Join(o.Record(ctx), unlock.Close()); err != nil {
		return err
	}
	a.cleanUp()
	a.sweepOlder()
	return nil
}

// lock waits for other merges that are recording the latest checkpoint, and blocks further ones. A crash releases the lock.
func (a *attempt) lock(ctx context.Context) (io.Closer, error) {
	for {
		l, err := fsx.Lock(a.fsys, Dir(a.prefix))
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

// findSections finds the attempt to merge, which is the chosen one if there is a decision, and the number of its sections, which
// must be the same in all of them.
func findSections(fsys fsx.FS, name, attemptName string) (*attempt, error) {
	a, err := find(fsys, name, attemptName)
	if err != nil {
		return a, err
	}
	switch decided, err := a.decision(); {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return a, fmt.Errorf("ckpt: merge %s: %w", name, err)
	case err == nil && decided != a.name:
		return a, fmt.Errorf("ckpt: merge %s: attempt %s was chosen, not %s: %w", name, decided, a.name, format.ErrStale)
	}
	entries, err := fsys.ReadDir(a.dir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return a, fmt.Errorf("ckpt: merge %s: %w", name, err)
	}
	if err != nil {
		return a, fmt.Errorf("ckpt: merge %s: attempt %s has no sections: %w: %w", name, a.name, err, ErrSection)
	}
	for _, e := range entries {
		m := manifestName.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		n, err := strconv.Atoi(m[2])
		if err != nil || a.of != 0 && n != a.of {
			return a, fmt.Errorf("ckpt: merge %s: %s has another number of workers than the other sections: %w", name, e.Name(), ErrSection)
		}
		a.of = n
	}
	if a.of == 0 {
		return a, fmt.Errorf("ckpt: merge %s: no section of attempt %s is complete: %w", name, a.name, ErrSection)
	}
	return a, nil
}

// mergedBefore reports whether this attempt is committed: the decision says so, or was removed with all files of the attempt.
func (a *attempt) mergedBefore() (bool, error) {
	if committed, err := a.committed(); err != nil || !committed {
		return false, err
	}
	decided, err := a.decision()
	switch {
	case err == nil:
		return decided == a.name || a.name == "", nil // the workers' agreement is cleaned up before the decision
	case !errors.Is(err, fs.ErrNotExist):
		return false, err
	case a.name == "":
		there, err := a.anyAttempt()
		return !there, err
	case a.agreed:
		// Sections of an attempt that workers agreed on can only be from a late worker that died: workers do not start if the
		// checkpoint is committed.
		return true, nil
	}
	there, err := prefix.IsDir(a.fsys, a.dir())
	return !there, err
}

// anyAttempt reports whether there are files of any attempt.
func (a *attempt) anyAttempt() (bool, error) {
	entries, err := a.fsys.ReadDir(Dir(a.prefix))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return slices.ContainsFunc(entries, fs.DirEntry.IsDir), nil
}

// atOnce is the number of sections that a merge reads at the same time, and the number of files that it removes at the same time.
// In an object store most of the time is waiting.
func (a *attempt) atOnce() int {
	if _, ok := a.objects(); ok {
		return 128
	}
	return 16
}

// merge checks all sections and commits them. Nothing outside of the sections' directory changes before all sections are checked.
func (a *attempt) merge(ctx context.Context, o MergeOptions) error {
	manifests := make([]Manifest, a.of)
	indexes := make([]bundle.Section, a.of)
	graphs := make([]*objectgraph.Graph, a.of)
	group, checking := errgroup.WithContext(ctx)
	group.SetLimit(a.atOnce())
	errs := make([]error, a.of)
	for i := range manifests {
		group.Go(func() error {
			if checking.Err() == nil { // errors of later sections do not matter
				manifests[i], indexes[i], graphs[i], errs[i] = a.section(checking, i, o.Unverified)
			}
			return errs[i]
		})
	}
	if err := group.Wait(); err != nil {
		first := slices.IndexFunc(errs, func(err error) bool { return err != nil && !errors.Is(err, context.Canceled) })
		if first >= 0 {
			err = errs[first]
		}
		return err
	}
	graph, err := mergeGraphs(graphs)
	if err != nil {
		return fmt.Errorf("ckpt: merge %s: %w", a.prefix, err)
	}
	var data []byte
	indexWith := func(graphShard int) ([]byte, error) {
		var graphIndex bundle.Section
		var err error
		if data, graphIndex, err = a.graphSection(ctx, graphShard, graph); err != nil {
			return nil, err
		}
		var b bytes.Buffer
		err = bundle.MergeIndexes(&b, append(indexes, graphIndex))
		return b.Bytes(), err
	}
	index, err := indexWith(a.of)
	if err == nil {
		err = allStored(graph, index)
	}
	if err == nil {
		err = a.commit(ctx, manifests, data, index, indexWith)
	}
	if err != nil {
		return fmt.Errorf("ckpt: merge %s: %w", a.prefix, err)
	}
	return nil
}

// section reads section i except its data, which it checks.
func (a *attempt) section(ctx context.Context, i int, unverified bool) (Manifest, bundle.Section, *objectgraph.Graph, error) {
	m, err := a.readManifest(i)
	if err != nil {
		return m, bundle.Section{}, nil, err
	}
	index, graph, err := a.check(ctx, m, unverified)
	if err != nil {
		err = fmt.Errorf("ckpt: %s: section %d of %d is damaged: %w: %w", a.prefix, i, a.of, err, ErrSection)
	}
	return m, index, graph, err
}

// check opens a section's files and compares them with its manifest.
func (a *attempt) check(ctx context.Context, m Manifest, unverified bool) (bundle.Section, *objectgraph.Graph, error) {
	none := bundle.Section{}
	index, err := a.readSummed(bundle.IndexFile(a.file(m.Nonce)), m.Index)
	if err != nil {
		return none, nil, err
	}
	blob, err := a.readSummed(a.graphFile(m), m.Graph)
	if err != nil {
		return none, nil, err
	}
	graph, err := objectgraph.Parse(blob)
	if err != nil {
		return none, nil, err
	}
	data := a.dataFile(m)
	info, err := a.fsys.Stat(data)
	if err == nil && info.Size() != m.Data {
		err = fmt.Errorf("%s has %d bytes, but %d were written: %w", data, info.Size(), m.Data, format.ErrCorrupt)
	}
	if err == nil && !unverified {
		err = a.verify(ctx, m)
	}
	if err != nil {
		return none, nil, err
	}
	table, err := sstable.Open(bytes.NewReader(index), int64(len(index)))
	return bundle.Section{Name: bundle.IndexFile(a.file(m.Nonce)), Table: table}, graph, err
}

func (a *attempt) readSummed(name string, want Sum) ([]byte, error) {
	b, err := fsx.ReadFile(a.fsys, name, want.Bytes)
	if err == nil && SumOf(b) != want {
		err = fmt.Errorf("%s: %d bytes with a wrong checksum; %d bytes were written: %w", name, len(b), want.Bytes, format.ErrCorrupt)
	}
	return b, err
}

// verify reads a section's data and compares every checksum.
func (a *attempt) verify(ctx context.Context, m Manifest) error {
	r, err := bundle.Open(a.opened(m), a.file(m.Nonce))
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

// graphSection writes the object graph as a section with one tensor. Its data file is the last, or in an object store one with a
// free number.
func (a *attempt) graphSection(ctx context.Context, shard int, g *objectgraph.Graph) (data []byte, index bundle.Section, err error) {
	w := bundle.Create(a.fsys, a.prefix, bundle.Options{Shards: a.shards()})
	if err := w.Add(shard, objectgraph.GraphKey, format.SourceOf(tensor.Scalar(g.Text()))); err != nil {
		return nil, index, err
	}
	var f memoryFile
	if err := w.WriteData(ctx, shard, &f); err != nil {
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

// allStored returns an error if a worker has a variable that no worker has written.
func allStored(g *objectgraph.Graph, index []byte) error {
	table, err := sstable.Open(bytes.NewReader(index), int64(len(index)))
	if err != nil {
		return err
	}
	for id := range g.Nodes {
		for _, at := range g.Nodes[id].Attributes {
			if _, ok, err := table.GetString(at.Key); err != nil {
				return err
			} else if !ok {
				return fmt.Errorf("no worker has written %s: %w", at.Key, ErrSection)
			}
		}
	}
	return nil
}
