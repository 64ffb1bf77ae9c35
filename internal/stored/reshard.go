package stored

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/tensor"
)

// A Reader reads the tensors of a checkpoint that is rewritten.
type Reader interface {
	All() iter.Seq2[format.Entry, error]
	ReadTensor(ctx context.Context, key string) (tensor.Any, error)
	Slice(ctx context.Context, key string, region tensor.Slice) (tensor.Any, error)
	VerifyTensor(ctx context.Context, key string) error
}

// Reshard adds the tensors of r to w, in the data files and parts that shard chooses. w reads each part when it writes it. g is the
// object graph of r, or nil if r is name-based. If verify is set, a tensor that is cut is first read as a whole to verify its
// checksum.
func Reshard(ctx context.Context, w format.Writer, r Reader, g *objectgraph.Graph, shard format.ShardFunc, verify bool) error {
	tensors, err := describe(r, g)
	if err != nil {
		return err
	}
	parts, err := Shard(tensors, shard)
	if err != nil {
		return err
	}
	verifyOnce := make([]func() error, len(tensors))
	for i, t := range tensors {
		verifyOnce[i] = sync.OnceValue(func() error {
			if !verify {
				return nil
			}
			return r.VerifyTensor(ctx, t.Key)
		})
	}
	for _, p := range parts {
		if err := addPart(ctx, w, r, tensors[p.Tensor], p, verifyOnce[p.Tensor]); err != nil {
			return err
		}
	}
	return nil
}

// describe describes the tensors of r to a sharding function, in the same order as a save: the order of the object graph, which
// comes last.
func describe(r Reader, g *objectgraph.Graph) ([]format.ShardTensor, error) {
	paths, order := make(map[string]string), make(map[string]int)
	if g != nil {
		names := g.Paths()
		for id, n := range g.Nodes {
			for _, a := range n.Attributes {
				paths[a.Key], order[a.Key] = strings.ReplaceAll(names.Name(id), "(root).", ""), len(order)
			}
		}
		order[objectgraph.GraphKey] = len(order)
	}
	var tensors []format.ShardTensor
	for e, err := range r.All() {
		if err != nil {
			return nil, err
		}
		path, ok := paths[e.Key]
		if !ok && e.Key != objectgraph.GraphKey {
			path = e.Key
		}
		t := format.ShardTensor{Path: path, Key: e.Key, DType: e.DType, Shape: e.Shape, Bytes: e.Bytes, Element: int64(e.DType.Size())}
		if t.Element == 0 {
			t.Element = e.Bytes // the length of the longest string is unknown before the strings are read
		}
		tensors = append(tensors, t)
	}
	slices.SortStableFunc(tensors, func(a, b format.ShardTensor) int { return cmp.Compare(order[a.Key], order[b.Key]) })
	return tensors, nil
}

// addPart adds a part of the stored tensor t to w. It verifies a tensor that is cut first.
func addPart(ctx context.Context, w format.Writer, r Reader, t format.ShardTensor, p format.ShardPart, verify func() error) error {
	src := format.Source{DType: t.DType, Shape: t.Shape, Load: func() (tensor.Any, error) { return r.ReadTensor(ctx, t.Key) }}
	if p.Part == nil {
		return w.Add(p.Shard, t.Key, src)
	}
	_, shape, err := p.Part.Resolve(t.Shape)
	if err != nil {
		return err
	}
	src.Shape = shape
	src.Load = func() (tensor.Any, error) {
		if err := verify(); err != nil {
			return nil, err
		}
		return r.Slice(ctx, t.Key, p.Part)
	}
	return w.AddSlice(p.Shard, t.Key, t.Shape, p.Part, src)
}
