// Package verify reads whole checkpoints to find damage.
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
	FS     fsx.ReadFS // the filesystem of the checkpoint
	Prefix string
	Format string // its name in package prefix
}

// Verify reads all tensors, verifies every checksum and compares the object graph with the stored tensors. It calls report for each
// problem, from one goroutine at a time. It returns an error if it could not continue. progress may be nil.
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

// VerifyGraph compares the object graph with the index, and calls report for each mismatch.
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
			return nil // a damaged entry is not a problem of the graph, and the following entries are unknown
		}
		stored++
		if _, attribute := objectgraph.SaveablePrefix(e.Key); g == nil && attribute {
			report(bundle.Problem{Key: objectgraph.GraphKey, Err: fmt.Errorf("ckpt: %s: the object graph is missing: it is not under its key %q, although %q is that of an object's attribute: %w",
				c.Prefix, objectgraph.GraphKey, e.Key, format.ErrCorrupt)})
			return nil
		}
		// Keys that begin with a missing key would follow its position.
		for ; next < len(keys) && keys[next] <= e.Key; next++ {
			if strings.HasPrefix(e.Key, keys[next]) && !exactAttribute(keys[next]) {
				delete(missing, keys[next])
			}
		}
	}
	if stored == 0 && c.Format == prefix.TensorFlow { // for other formats, a model of layers without weights is valid
		report(bundle.Problem{Err: fmt.Errorf("ckpt: %s: nothing is stored in it: %w", c.Prefix, format.ErrCorrupt)})
	}
	for _, key := range keys {
		if of, ok := missing[key]; ok {
			report(bundle.Problem{Key: key, Err: fmt.Errorf("ckpt: %s: the object graph has the key %q for %s, and the index has no such key: %w", c.Prefix, key, of, format.ErrCorrupt)})
		}
	}
	return nil
}

// exactAttribute reports whether a key belongs to a single tensor. Other attributes may store several tensors with keys that begin
// with their key (tables, iterators, SaveableObjects with several names).
func exactAttribute(key string) bool {
	return strings.HasSuffix(key, objectgraph.KeyAt("", object.VariableAttribute)) || strings.HasSuffix(key, objectgraph.KeyAt("", object.OpaqueAttribute))
}

// missing returns the keys in a graph that are not stored, each with its attribute.
func (c Checkpoint) missing(g *objectgraph.Graph) map[string]string {
	missing := make(map[string]string)
	for id := range g.Nodes {
		for _, a := range g.Nodes[id].Attributes {
			if _, ok, err := c.Reader.Lookup(a.Key); !ok && err == nil { // a damaged entry counts as stored
				missing[a.Key] = fmt.Sprintf("the attribute %q of node %d", a.Name, id)
			}
		}
	}
	return missing
}
