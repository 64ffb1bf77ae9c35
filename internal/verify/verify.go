// Package verify reads whole checkpoints to find what is wrong with them.
package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/prefix"
)

// A Checkpoint is an open checkpoint.
type Checkpoint struct {
	Reader format.Reader
	FS     fsx.ReadFS // from which it was opened
	Prefix string
	Format string // as package prefix calls it
}

// Verify reads all tensors, compares every checksum and compares the object graph with what is stored. It calls report with each problem,
// from one goroutine at a time. Its own error says that it could not go on. progress may be nil.
func (c Checkpoint) Verify(ctx context.Context, progress func(done, total int64), report func(bundle.Problem)) error {
	f := c.Reader
	if progress != nil {
		p := &byteCount{report: progress}
		for e, err := range f.All() {
			if err == nil {
				p.total += e.Bytes
			}
		}
		counted, err := prefix.Open(countedFS{fsx.ReadContext(ctx, c.FS), p}, c.Prefix)
		if err != nil {
			return err
		}
		defer counted.Reader.Close()
		defer p.end()
		f = counted.Reader
	}
	graphDamaged := false
	err := tensors(ctx, f, func(p bundle.Problem) {
		graphDamaged = graphDamaged || p.Key == objectgraph.GraphKey && !p.Warning
		report(p)
	})
	if err != nil {
		return fmt.Errorf("ckpt: %w", err)
	}
	if graphDamaged {
		return nil
	}
	return c.VerifyGraph(ctx, report)
}

// tensors reads all tensors of a checkpoint.
func tensors(ctx context.Context, f format.Reader, report func(bundle.Problem)) error {
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
			report(bundle.Problem{Key: e.Key, Warning: errors.Is(err, bundle.ErrIncomplete), Err: err})
		}
	}
	return nil
}

// VerifyGraph reads the object graph and the index, and calls report where they do not fit each other.
func (c Checkpoint) VerifyGraph(ctx context.Context, report func(bundle.Problem)) error {
	g, err := prefix.Graph(ctx, c.Reader, c.Prefix)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil && !errors.Is(err, prefix.ErrNoObjectGraph) {
		report(bundle.Problem{Key: objectgraph.GraphKey, Err: err})
		return nil
	}
	var missing map[string]string
	if g != nil {
		missing = c.missing(g)
	}
	keys := slices.Sorted(maps.Keys(missing))
	next, stored := 0, 0
	for e, err := range c.Reader.All() {
		if err != nil {
			return nil // what is wrong with an entry is not the graph's problem, and what follows it is not known
		}
		if stored++; g == nil && strings.Contains(e.Key, attributesMark) {
			report(bundle.Problem{Key: objectgraph.GraphKey, Err: fmt.Errorf("ckpt: %s: the object graph is missing: it is not under its key %q, although %q is that of an object's attribute: %w",
				c.Prefix, objectgraph.GraphKey, e.Key, format.ErrCorrupt)})
			return nil
		}
		// The keys that begin with a missing one, if there are any, follow where it would be.
		for ; next < len(keys) && keys[next] <= e.Key; next++ {
			if strings.HasPrefix(e.Key, keys[next]) && !exactAttribute(keys[next]) {
				delete(missing, keys[next])
			}
		}
	}
	if stored == 0 && c.Format == prefix.TensorFlow { // a model of layers without weights is saved elsewhere, too
		report(bundle.Problem{Err: fmt.Errorf("ckpt: %s: nothing is stored in it: %w", c.Prefix, format.ErrCorrupt)})
	}
	for _, key := range keys {
		if of, ok := missing[key]; ok {
			report(bundle.Problem{Key: key, Err: fmt.Errorf("ckpt: %s: the object graph has the key %q for %s, and the index has no such key: %w", c.Prefix, key, of, format.ErrCorrupt)})
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
func (c Checkpoint) missing(g *objectgraph.Graph) map[string]string {
	missing := make(map[string]string)
	for id := range g.Nodes {
		for _, a := range g.Nodes[id].Attributes {
			if _, ok, err := c.Reader.Lookup(a.Key); !ok && err == nil { // a damaged entry is there
				missing[a.Key] = fmt.Sprintf("the attribute %q of node %d", a.Name, id)
			}
		}
	}
	return missing
}
