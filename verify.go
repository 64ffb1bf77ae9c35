package ckpt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/object"
)

// A Problem is something that is wrong with a checkpoint: Key is the tensor's ("" where it is not that of one tensor), Err
// names the file and the fault, and Warning says that no stored value is affected.
type Problem = bundle.Problem

// Verify reads the whole checkpoint, compares every checksum, holds the object graph against what is stored (see
// [Reader.VerifyGraph]), and calls report with each problem, from one goroutine at a time. It goes on after a problem;
// its own error says that it could not: the end of ctx, or an index that cannot be read any more. A function given to
// [Open] as [WithProgress] hears of the bytes read.
func (r *Reader) Verify(ctx context.Context, report func(Problem)) error {
	f := r.f
	if r.opts.progress != nil {
		p := &byteCount{report: r.opts.progress}
		for e, err := range r.f.All() {
			if err == nil {
				p.at.Total += e.Bytes
			}
		}
		counted, err := openPrefix(ctx, countedFS{fsx.ReadContext(ctx, r.opts.fsys), p}, r.prefix)
		if err != nil {
			return err
		}
		defer counted.Close()
		defer p.end()
		f = counted
	}
	graphDamaged := false
	err := verifyStored(ctx, f, func(p Problem) {
		graphDamaged = graphDamaged || p.Key == objectgraph.GraphKey && !p.Warning
		report(p)
	})
	if err != nil {
		return fmt.Errorf("ckpt: %w", err)
	}
	if graphDamaged {
		return nil
	}
	return r.VerifyGraph(ctx, report)
}

// verifyStored reads all tensors of a checkpoint of either format.
func verifyStored(ctx context.Context, f format.Reader, report func(Problem)) error {
	if b, ok := f.(*bundle.Reader); ok {
		return b.Verify(ctx, report)
	}
	for e, err := range f.All() {
		if err == nil {
			err = f.WriteStored(ctx, e.Key, io.Discard)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			report(Problem{Key: e.Key, Warning: errors.Is(err, ErrIncomplete), Err: err})
		}
	}
	return nil
}

// VerifyGraph reads the object graph and the index and no other tensors, and calls report with what does not fit: a graph that
// cannot be read, attributes whose keys are not stored, object-based keys without a graph, nothing stored at all. A
// name-based checkpoint has no graph, and no problem with that.
func (r *Reader) VerifyGraph(ctx context.Context, report func(Problem)) error {
	g, err := readGraph(ctx, r.f, r.prefix)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil && !errors.Is(err, ErrNoObjectGraph) {
		report(Problem{Key: objectgraph.GraphKey, Err: err})
		return nil
	}
	var missing map[string]string
	if g != nil {
		missing = r.missing(g)
	}
	keys := sortedKeys(missing)
	next, stored := 0, 0
	for e, err := range r.f.All() {
		if err != nil {
			return nil // what is wrong with an entry is not the graph's problem, and what follows it is not known
		}
		if stored++; g == nil && strings.Contains(e.Key, attributesMark) {
			report(Problem{Key: objectgraph.GraphKey, Err: fmt.Errorf("ckpt: %s: the object graph is missing: it is not under its key %q, although %q is that of an object's attribute: %w",
				r.prefix, objectgraph.GraphKey, e.Key, ErrCorrupt)})
			return nil
		}
		// The keys that begin with a missing one, if there are any, follow where it would be.
		for ; next < len(keys) && keys[next] <= e.Key; next++ {
			if strings.HasPrefix(e.Key, keys[next]) && !exactAttribute(keys[next]) {
				delete(missing, keys[next])
			}
		}
	}
	if stored == 0 && !foreign(r.f) { // a model of layers without weights is saved elsewhere, too
		report(Problem{Err: fmt.Errorf("ckpt: %s: nothing is stored in it: %w", r.prefix, ErrCorrupt)})
	}
	for _, key := range keys {
		if of, ok := missing[key]; ok {
			report(Problem{Key: key, Err: fmt.Errorf("ckpt: %s: the object graph has the key %q for %s, and the index has no such key: %w", r.prefix, key, of, ErrCorrupt)})
		}
	}
	return nil
}

// attributesMark is in every key of an object-based checkpoint but the graph's own.
const attributesMark = "/.ATTRIBUTES/"

// exactAttribute reports whether a key is that of one tensor. Those of other attributes may be only the beginning of several
// (tables, iterators: SaveableObjects with names of their own).
func exactAttribute(key string) bool {
	return strings.HasSuffix(key, attributesMark+object.VariableAttribute) || strings.HasSuffix(key, attributesMark+object.OpaqueAttribute)
}

// missing returns the keys that a graph names and that are not stored, each with the attribute it is of.
func (r *Reader) missing(g *StoredGraph) map[string]string {
	missing := make(map[string]string)
	for id := range g.Nodes {
		for _, a := range g.Nodes[id].Attributes {
			if _, ok, err := r.f.Lookup(a.Key); !ok && err == nil { // a damaged entry is there
				missing[a.Key] = fmt.Sprintf("the attribute %q of node %d", a.Name, id)
			}
		}
	}
	return missing
}

// A byteCount adds up what is read. Several goroutines may use it at once.
type byteCount struct {
	mu     sync.Mutex
	report func(Progress)
	at     Progress
}

func (c *byteCount) add(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Parts of what is partitioned are read twice, and never is more than all.
	if n = min(n, c.at.Total-c.at.Done); n > 0 {
		c.at.Done += n
		c.report(c.at)
	}
}

// end reports the rest, which could not be read or needed no reading.
func (c *byteCount) end() { c.add(c.at.Total) }

// A countedFS counts what is read of all files but indexes.
type countedFS struct {
	fsx.ReadFS
	count *byteCount
}

func (c countedFS) Open(name string) (fsx.Reader, error) {
	r, err := c.ReadFS.Open(name)
	if err != nil || strings.HasSuffix(name, ".index") {
		return r, err
	}
	return countedReader{r, c.count}, nil
}

// OpenWhole implements fsx.WholeOpener.
func (c countedFS) OpenWhole(name string) (fsx.Reader, error) { return fsx.OpenWhole(c.ReadFS, name) }

type countedReader struct {
	fsx.Reader
	count *byteCount
}

func (c countedReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.Reader.ReadAt(p, off)
	c.count.add(int64(n))
	return n, err
}

// Expect implements fsx.Expecter where the reader does.
func (c countedReader) Expect(ranges []fsx.Range) {
	if e, ok := c.Reader.(fsx.Expecter); ok {
		e.Expect(ranges)
	}
}
